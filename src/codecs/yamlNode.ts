import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml'
import { checkKey, checkText, clip } from './checkText.ts'
import { exactNumber } from './exactNumber.ts'
import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import { inexact } from './readJson.ts'
import type { ReadLimits } from './readLimits.ts'
import { listNode, mapNode, type Path, type SourceEntry, type SourceNode, scalarNode } from './sourceNode.ts'

type Walk = {
  readonly limits: ReadLimits
  readonly report: Report
  /** Finished nodes by anchor; `undefined` while the node is still open, which an alias must not name. */
  readonly anchors: Map<string, SourceNode | undefined>
  tooDeep: boolean
}

/** The JSON that a YAML document's contents stand for, with places. What JSON cannot say, aliases that lead nowhere or
 *  multiply beyond the limits, and keys that are no plain text are reported; a placeholder then stands in their place. */
export const yamlNode = (contents: Node, limits: ReadLimits, report: Report): SourceNode => {
  const walk: Walk = { limits, report, anchors: new Map(), tooDeep: false }
  const node = convert(walk, contents, [])
  if (node.aliases > limits.aliases || (node.aliases > 0 && node.expanded > limits.documentBytes)) {
    const message = `Aliases are expanded at most ${limits.aliases} times and to ${limits.documentBytes} bytes in a document.`
    report(problemCodes.tooManyAliases, node.start, message)
  }
  return node
}

const convert = (walk: Walk, node: Node | null, path: Path): SourceNode => {
  const [start, end] = node?.range ?? [0, 0]
  if (node === null) return scalarNode(null, start, end)
  if (isAlias(node)) return aliased(walk, node.source, start, end, path)
  const anchor = node.anchor
  if (anchor !== undefined) walk.anchors.set(anchor, undefined)
  const converted = isScalar(node) ? scalar(walk, node, path) : collection(walk, node, start, end, path)
  if (anchor !== undefined) walk.anchors.set(anchor, converted)
  return converted
}

const aliased = (walk: Walk, name: string, start: number, end: number, path: Path): SourceNode => {
  const target = walk.anchors.get(name)
  if (target === undefined) {
    const why = walk.anchors.has(name) ? 'lies inside of what it stands for' : 'names no anchor before it'
    walk.report(problemCodes.unknownAlias, start, `The alias "*${clip(name)}" ${why}.`, path)
    return scalarNode(null, start, end)
  }
  reportDepth(walk, path.length + target.height, start, path)
  return { ...target, aliases: target.aliases + 1 }
}

const collection = (walk: Walk, node: Node, start: number, end: number, path: Path): SourceNode => {
  if (!reportDepth(walk, path.length + 1, start, path)) return scalarNode(null, start, end)
  if (isSeq(node)) {
    const items = node.items.map((item, i) => convert(walk, item as Node | null, [...path, i]))
    return listNode(items, start, end)
  }
  if (!isMap(node)) throw new Error('the YAML library knows a node that is no scalar, alias, map or sequence')
  const entries = new Map<string, SourceEntry>()
  for (const pair of node.items as Pair<Node | null, Node | null>[]) {
    const keyStart = pair.key?.range?.[0] ?? start
    const key = keyOf(walk, pair.key, keyStart, path)
    const inside = [...path, key ?? '']
    if (key !== undefined) checkKey(key, entries, keyStart, inside, walk.report)
    const value = convert(walk, pair.value, inside)
    const placed = pair.value?.range == null ? { ...value, start: keyStart, end: keyStart } : value
    if (key !== undefined) entries.set(key, { keyStart, node: placed })
  }
  return mapNode(entries, start, end)
}

/** One report for a document that is too deep, however many places are. */
const reportDepth = (walk: Walk, depth: number, offset: number, path: Path): boolean => {
  if (depth <= walk.limits.depth) return true
  if (!walk.tooDeep) {
    const message = `Maps and lists are at most ${walk.limits.depth} levels deep.`
    walk.report(problemCodes.tooDeep, offset, message, path)
  }
  walk.tooDeep = true
  return false
}

// Words that YAML 1.1, and with it Envoy and older tools, reads as truth values or nothing.
const ambiguous = /^(?:y|n|yes|no|on|off|true|false|null|~|)$/i

const keyOf = (walk: Walk, key: Node | null, offset: number, path: Path): string | undefined => {
  if (key === null || !isScalar(key) || typeof key.value !== 'string') {
    const shown = isScalar(key) ? ` "${clip(String(key.source ?? key.value))}"` : ''
    walk.report(problemCodes.keyNotText, offset, `The key${shown} is no text; put it in quotes.`, path)
    if (key !== null) convert(walk, key, path)
    return undefined
  }
  if (key.anchor !== undefined) convert(walk, key, path)
  if (key.type === 'PLAIN' && key.value === '<<') {
    const message = 'Merge keys ("<<") are not read; write the keys out.'
    walk.report(problemCodes.mergeKey, offset, message, path)
    return undefined
  }
  if (key.type === 'PLAIN' && ambiguous.test(key.value)) {
    const message = `The key "${key.value}" is a truth value to some readers of YAML; put it in quotes.`
    walk.report(problemCodes.keyNotText, offset, message, path)
    return undefined
  }
  return key.value
}

const scalar = (walk: Walk, node: Scalar, path: Path): SourceNode => {
  const [start, end] = node.range ?? [0, 0]
  const { value } = node
  if (typeof value === 'string') checkText(value, start, path, walk.report)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) {
    return scalarNode(value, start, end)
  }
  const source = clip(node.source ?? String(value))
  if (typeof value !== 'number' || Number.isNaN(value) || /inf/i.test(source)) {
    walk.report(problemCodes.notJson, start, `The value ${source} has no form in JSON.`, path)
    return scalarNode(null, start, end)
  }
  const exact = exactNumber(node.source ?? '')
  if (exact === undefined) walk.report(problemCodes.inexactNumber, start, inexact(source), path)
  return scalarNode(exact ?? 0, start, end)
}
