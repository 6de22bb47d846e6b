import { checkText } from './checkText.ts'
import { exactNumber, inexact } from './exactNumber.ts'
import { broken, type Cursor } from './jsonCursor.ts'
import { problemCodes } from './problemCode.ts'
import { type SourceNode, scalarNode } from './sourceNode.ts'

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y
const word = /[^\s,:{}[\]"]{1,20}/y

/** The text, number, truth value or null that comes next; `undefined` when none does, which is reported. */
export const readScalar = (cursor: Cursor): SourceNode | undefined => {
  const start = cursor.at
  if (cursor.text[start] !== '"') return readWord(cursor)
  const value = readText(cursor)
  if (value === undefined) return undefined
  checkText(value, start, cursor.path, cursor.report)
  return scalarNode(value, start, cursor.at)
}

/** The text in double quotes that comes next; `undefined` when it is broken, which is reported. */
export const readText = (cursor: Cursor): string | undefined => {
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
