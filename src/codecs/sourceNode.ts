import { pointerStep } from '../model/pointerStep.ts'
/** A JSON value and where its text stands: offsets in UTF-16 units, `end` excluded. */
export type SourceNode = {
  readonly value: unknown
  readonly start: number
  readonly end: number
  /** Of a map, in the order of the text. */
  readonly entries: readonly SourceEntry[] | undefined
  /** Of a list. */
  readonly items: readonly SourceNode[] | undefined
}

export type SourceEntry = { readonly key: string; readonly keyStart: number; readonly node: SourceNode }

/** Keys and indexes from a root down to a value. */
export type Path = readonly (string | number)[]

/** The node of a text, a number, a truth value or null. */
export const scalarNode = (value: unknown, start: number, end: number): SourceNode => ({
  value,
  start,
  end,
  entries: undefined,
  items: undefined,
})

/** The node of a map with this value and these entries. The readers refuse the key `__proto__`, so that the value can
 *  be an object like any other: without a prototype V8 keeps it as a table, at several times the cost. */
export const mapNode = (
  value: Readonly<Record<string, unknown>>,
  entries: readonly SourceEntry[],
  start: number,
  end: number,
): SourceNode => ({ value, start, end, entries, items: undefined })

/** The node of a list of these items. */
export const listNode = (items: readonly SourceNode[], start: number, end: number): SourceNode => ({
  value: items.map((item) => item.value),
  start,
  end,
  entries: undefined,
  items,
})

/** The entry of a map, if `node` is one and has it. */
export const entryOf = (node: SourceNode, key: string): SourceEntry | undefined =>
  node.entries?.find((entry) => entry.key === key)

/** Where the value at `path` below `root` begins, or its key; of something missing, the innermost map or list
 *  that is there. */
export const offsetOf = (root: SourceNode, path: Path, at: 'key' | 'value'): number => {
  let offset = root.start
  let node = root
  for (const [depth, step] of path.entries()) {
    const entry = entryOf(node, String(step))
    const next = node.items?.[Number(step)] ?? entry?.node
    if (next === undefined) return offset
    node = next
    offset = at === 'key' && depth === path.length - 1 ? (entry?.keyStart ?? next.start) : next.start
  }
  return offset
}

/** `path` as a JSON pointer (RFC 6901); empty for the root. */
export const pointerOf = (path: Path): string => path.map(pointerStep).join('')
