import { checkKey, checkText } from './checkText.ts'
import { exactNumber } from './exactNumber.ts'
import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import type { ReadLimits } from './readLimits.ts'
import { listNode, mapNode, type SourceEntry, type SourceNode, scalarNode } from './sourceNode.ts'

type Cursor = {
  readonly text: string
  readonly depth: number
  readonly report: Report
  /** Keys and indexes down to what is being read. */
  readonly path: (string | number)[]
  at: number
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y
const word = /[^\s,:{}[\]"]{1,20}/y

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
  const start = cursor.at
  const { text } = cursor
  switch (text[start]) {
    case '{':
      return deepEnough(cursor) ? readMap(cursor) : undefined
    case '[':
      return deepEnough(cursor) ? readList(cursor) : undefined
    case '"': {
      const value = readText(cursor)
      if (value === undefined) return undefined
      checkText(value, start, cursor.path, cursor.report)
      return scalarNode(value, start, cursor.at)
    }
    default:
      return readWord(cursor)
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

const readText = (cursor: Cursor): string | undefined => {
  const { text } = cursor
  const start = cursor.at
  let at = start + 1
  for (;;) {
    const unit = text.charCodeAt(at)
    if (unit === 0x22) break
    // NaN, the answer beyond the end, compares false with everything.
    if (!(unit >= 0x20)) {
      cursor.at = Math.min(at, text.length)
      return broken(cursor, 'a closing quote')
    }
    at += unit === 0x5c ? 2 : 1
  }
  cursor.at = at + 1
  const quoted = text.slice(start, at + 1)
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return JSON.parse(quoted) as string
  } catch {
    cursor.at = start
    return broken(cursor, 'a text with valid escapes')
  }
}

const words = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])

const readWord = (cursor: Cursor): SourceNode | undefined => {
  const start = cursor.at
  number.lastIndex = start
  const digits = number.exec(cursor.text)?.[0]
  if (digits !== undefined) {
    cursor.at += digits.length
    const value = exactNumber(digits)
    if (value === undefined) cursor.report(problemCodes.inexactNumber, start, inexact(digits), cursor.path)
    return scalarNode(value ?? 0, start, cursor.at)
  }
  word.lastIndex = start
  const found = word.exec(cursor.text)?.[0] ?? ''
  if (!words.has(found)) return broken(cursor, 'a value')
  cursor.at += found.length
  return scalarNode(words.get(found), start, cursor.at)
}

/** Says of a number that a double cannot keep it. */
export const inexact = (digits: string): string =>
  `The number ${digits.length > 40 ? `${digits.slice(0, 39)}…` : digits} cannot be kept exactly; put it in quotes if it is a text.`

const skipBlank = (cursor: Cursor): void => {
  for (;;) {
    const unit = cursor.text.charCodeAt(cursor.at)
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return
    cursor.at += 1
  }
}

const take = (cursor: Cursor, sign: string): boolean => {
  if (cursor.text[cursor.at] !== sign) return false
  cursor.at += 1
  return true
}

const broken = (cursor: Cursor, expected: string): undefined => {
  const unit = cursor.text[cursor.at]
  const found = unit === undefined ? 'the end' : JSON.stringify(unit)
  cursor.report(
    problemCodes.jsonSyntax,
    cursor.at,
    `JSON syntax: expected ${expected}, found ${found}.`,
    cursor.path,
  )
  return undefined
}
