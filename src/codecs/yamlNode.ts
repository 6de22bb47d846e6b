import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { checkKey, clip } from './checkText.ts'
import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import type { ReadLimits } from './readLimits.ts'
import { listNode, mapNode, type SourceEntry, type SourceNode, scalarNode } from './sourceNode.ts'
import { yamlKey } from './yamlKey.ts'
import { yamlScalar } from './yamlScalar.ts'

/** What an anchor names, once it is read whole. */
type Anchored = {
  readonly node: SourceNode
  /** Maps and lists inside one another below it, itself included. */
  readonly height: number
  /** Aliases expanded within it. */
  readonly aliases: number
  /** Length of its text with every alias written out. */
  readonly expanded: number
}

type Walk = {
  readonly limits: ReadLimits
  readonly report: Report
  /** `undefined` while what the anchor names is still being read: an alias to it would have no end. */
  readonly anchors: Map<string, Anchored | undefined>
  readonly path: (string | number)[]
  /** Aliases expanded so far, those within what they name included. */
  aliases: number
  /** Length of the text that aliases stand for so far. */
  grown: number
  /** The deepest level so far since the innermost anchor that is open. */
  deepest: number
  tooDeep: boolean
}

/** The JSON that a YAML document's contents stand for, with places. What JSON cannot say, aliases that lead nowhere or
 *  multiply beyond the limits, and keys that are no plain text are reported; a placeholder then stands in their place. */
export const yamlNode = (contents: Node, limits: ReadLimits, report: Report): SourceNode => {
  const fresh = { aliases: 0, grown: 0, deepest: 0, tooDeep: false }
  const walk: Walk = { limits, report, anchors: new Map(), path: [], ...fresh }
  const node = convert(walk, contents)
  const expanded = node.end - node.start + walk.grown
  if (walk.aliases > limits.aliases || (walk.aliases > 0 && expanded > limits.documentBytes)) {
    const message = `Aliases are expanded at most ${limits.aliases} times and to ${limits.documentBytes} bytes in a document.`
    report(problemCodes.tooManyAliases, node.start, message)
  }
  return node
}

const convert = (walk: Walk, node: Node | null): SourceNode => {
  const [start, end] = node?.range ?? [0, 0]
  if (node === null) return scalarNode(null, start, end)
  if (isAlias(node)) return aliased(walk, node.source, start, end)
  return node.anchor === undefined ? plain(walk, node, start, end) : anchored(walk, node, node.anchor)
}

const plain = (walk: Walk, node: Node, start: number, end: number): SourceNode =>
  isScalar(node) ? yamlScalar(node, walk.path, walk.report) : collection(walk, node, start, end)

const anchored = (walk: Walk, node: Node, anchor: string): SourceNode => {
  const [start, end] = node.range ?? [0, 0]
  const { aliases, grown, deepest } = walk
  const depth = walk.path.length
  walk.anchors.set(anchor, undefined)
  walk.deepest = depth
  const read = plain(walk, node, start, end)
  walk.anchors.set(anchor, {
    node: read,
    height: walk.deepest - depth,
    aliases: walk.aliases - aliases,
    expanded: end - start + walk.grown - grown,
  })
  walk.deepest = Math.max(walk.deepest, deepest)
  return read
}

const aliased = (walk: Walk, name: string, start: number, end: number): SourceNode => {
  const target = walk.anchors.get(name)
  if (target === undefined) {
    const why = walk.anchors.has(name) ? 'lies inside of what it stands for' : 'names no anchor before it'
    walk.report(problemCodes.unknownAlias, start, `The alias "*${clip(name)}" ${why}.`, walk.path)
    return scalarNode(null, start, end)
  }
  walk.aliases += target.aliases + 1
  walk.grown += target.expanded
  deepEnough(walk, walk.path.length + target.height, start)
  return target.node
}

const collection = (walk: Walk, node: Node, start: number, end: number): SourceNode => {
  if (!deepEnough(walk, walk.path.length + 1, start)) return scalarNode(null, start, end)
  if (isSeq(node)) return sequence(walk, node.items as (Node | null)[], start, end)
  if (isMap(node)) return map(walk, node.items as Pair<Node | null, Node | null>[], start, end)
  throw new Error('the YAML library knows a node that is no scalar, alias, map or sequence')
}

const sequence = (walk: Walk, nodes: readonly (Node | null)[], start: number, end: number): SourceNode => {
  const items = nodes.map((item, i) => {
    walk.path.push(i)
    const read = convert(walk, item)
    walk.path.pop()
    return read
  })
  return listNode(items, start, end)
}

const map = (
  walk: Walk,
  pairs: readonly Pair<Node | null, Node | null>[],
  start: number,
  end: number,
): SourceNode => {
  const value: Record<string, unknown> = {}
  const entries: SourceEntry[] = []
  for (const pair of pairs) {
    const keyStart = pair.key?.range?.[0] ?? start
    const key = yamlKey(pair.key, keyStart, walk.path, walk.report)
    // Aliases and anchors of a key count as everywhere.
    if (pair.key !== null && (key === undefined || pair.key.anchor !== undefined)) convert(walk, pair.key)
    walk.path.push(key ?? '')
    if (key !== undefined) checkKey(key, value, keyStart, walk.path, walk.report)
    const read = convert(walk, pair.value)
    walk.path.pop()
    if (key === undefined || key === '__proto__') continue
    value[key] = read.value
    // A value that is left out has no place of its own.
    const node = pair.value?.range == null ? { ...read, start: keyStart, end: keyStart } : read
    entries.push({ key, keyStart, node })
  }
  return mapNode(value, entries, start, end)
}

/** One report for a document that is too deep, however many places are. */
const deepEnough = (walk: Walk, depth: number, offset: number): boolean => {
  walk.deepest = Math.max(walk.deepest, depth)
  if (depth <= walk.limits.depth) return true
  if (!walk.tooDeep) {
    const message = `Maps and lists are at most ${walk.limits.depth} levels deep.`
    walk.report(problemCodes.tooDeep, offset, message, walk.path)
  }
  walk.tooDeep = true
  return false
}
