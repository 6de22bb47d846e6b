import { checkKey } from './checkText.ts'
import { broken, type Cursor, skipBlank, take } from './jsonCursor.ts'
import { readScalar, readText } from './jsonScalar.ts'
import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import type { ReadLimits } from './readLimits.ts'
import { listNode, mapNode, type SourceEntry, type SourceNode } from './sourceNode.ts'

/** The one value of a JSON text (RFC 8259, as strict as `JSON.parse`), with places; `undefined` when the text cannot
 *  be read on, which is reported, or is blank, which is not. Reading stops at the first break of syntax or depth;
 *  other problems are all reported. */
export const readJson = (text: string, limits: ReadLimits, report: Report): SourceNode | undefined => {
  const cursor: Cursor = { text, depth: limits.depth, report, path: [], at: 0 }
  skipBlank(cursor)
  if (cursor.at === text.length) return undefined
  const node = readValue(cursor)
  if (node === undefined) return undefined
  skipBlank(cursor)
  return cursor.at === text.length ? node : broken(cursor, 'the end')
}

const readValue = (cursor: Cursor): SourceNode | undefined => {
  switch (cursor.text[cursor.at]) {
    case '{':
      return deepEnough(cursor) ? readMap(cursor) : undefined
    case '[':
      return deepEnough(cursor) ? readList(cursor) : undefined
    default:
      return readScalar(cursor)
  }
}

const deepEnough = (cursor: Cursor): boolean => {
  if (cursor.path.length < cursor.depth) return true
  cursor.report(
    problemCodes.tooDeep,
    cursor.at,
    `Maps and lists are at most ${cursor.depth} levels deep.`,
    cursor.path,
  )
  return false
}

const readMap = (cursor: Cursor): SourceNode | undefined => {
  const { path, report } = cursor
  const start = cursor.at
  const value: Record<string, unknown> = {}
  const entries: SourceEntry[] = []
  cursor.at += 1
  skipBlank(cursor)
  if (take(cursor, '}')) return mapNode(value, entries, start, cursor.at)
  for (;;) {
    const keyStart = cursor.at
    if (cursor.text[keyStart] !== '"') return broken(cursor, 'a key in double quotes')
    const key = readText(cursor)
    if (key === undefined) return undefined
    path.push(key)
    checkKey(key, value, keyStart, path, report)
    skipBlank(cursor)
    if (!take(cursor, ':')) return broken(cursor, '":"')
    skipBlank(cursor)
    const node = readValue(cursor)
    if (node === undefined) return undefined
    path.pop()
    if (key !== '__proto__') value[key] = node.value
    entries.push({ key, keyStart, node })
    skipBlank(cursor)
    if (take(cursor, '}')) return mapNode(value, entries, start, cursor.at)
    if (!take(cursor, ',')) return broken(cursor, '"," or "}"')
    skipBlank(cursor)
  }
}

const readList = (cursor: Cursor): SourceNode | undefined => {
  const { path } = cursor
  const start = cursor.at
  const items: SourceNode[] = []
  cursor.at += 1
  skipBlank(cursor)
  if (take(cursor, ']')) return listNode(items, start, cursor.at)
  for (;;) {
    path.push(items.length)
    const node = readValue(cursor)
    if (node === undefined) return undefined
    path.pop()
    items.push(node)
    skipBlank(cursor)
    if (take(cursor, ']')) return listNode(items, start, cursor.at)
    if (!take(cursor, ',')) return broken(cursor, '"," or "]"')
    skipBlank(cursor)
  }
}
