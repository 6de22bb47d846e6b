/** A JSON value and where its text stands: offsets in UTF-16 units, `end` excluded. */
export type SourceNode = {
  /** Maps in it have no prototype. */
  readonly value: unknown
  readonly start: number
  readonly end: number
  /** Present on a map. */
  readonly entries?: ReadonlyMap<string, SourceEntry>
  /** Present on a list. */
  readonly items?: readonly SourceNode[]
  /** Levels of maps and lists, itself included; 0 of a scalar. */
  readonly height: number
  /** Aliases in it, counted as often as they are expanded. */
  readonly aliases: number
  /** Length of its text with every alias written out. */
  readonly expanded: number
}

export type SourceEntry = { readonly keyStart: number; readonly node: SourceNode }

/** Keys and indexes from a root down to a value. */
export type Path = readonly (string | number)[]

/** The node of a text, a number, a truth value or null. */
export const scalarNode = (value: unknown, start: number, end: number): SourceNode => ({
  value,
  start,
  end,
  height: 0,
  aliases: 0,
  expanded: end - start,
})

/** The node of a map with these entries. */
export const mapNode = (
  entries: ReadonlyMap<string, SourceEntry>,
  start: number,
  end: number,
): SourceNode => {
  const value: Record<string, unknown> = Object.create(null)
  const inside: SourceNode[] = []
  for (const [key, entry] of entries) {
    value[key] = entry.node.value
    inside.push(entry.node)
  }
  return { ...measured(inside, start, end), value, entries }
}

/** The node of a list of these items. */
export const listNode = (items: readonly SourceNode[], start: number, end: number): SourceNode => ({
  ...measured(items, start, end),
  value: items.map((item) => item.value),
  items,
})

const measured = (inside: readonly SourceNode[], start: number, end: number) => {
  let height = 0
  let aliases = 0
  let expanded = end - start
  for (const node of inside) {
    height = Math.max(height, node.height)
    aliases += node.aliases
    // An alias points to text outside of this node, which its own length does not count yet.
    if (node.start < start || node.end > end || node.aliases > 0) expanded += node.expanded
  }
  return { start, end, height: height + 1, aliases, expanded }
}

/** Where the value at `path` below `root` begins, or its key; of something missing, the innermost map or list
 *  that is there. */
export const offsetOf = (root: SourceNode, path: Path, at: 'key' | 'value'): number => {
  let offset = root.start
  let node = root
  for (const [depth, step] of path.entries()) {
    const entry = node.entries?.get(String(step))
    const next = node.items?.[Number(step)] ?? entry?.node
    if (next === undefined) return offset
    node = next
    offset = at === 'key' && depth === path.length - 1 ? (entry?.keyStart ?? next.start) : next.start
  }
  return offset
}

/** `path` as a JSON pointer (RFC 6901); empty for the root. */
export const pointerOf = (path: Path): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
