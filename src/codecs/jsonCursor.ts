import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'

/** Where reading a JSON text stands. */
export type Cursor = {
  readonly text: string
  readonly depth: number
  readonly report: Report
  /** Keys and indexes down to what is being read. */
  readonly path: (string | number)[]
  at: number
}

/** Moves past white space. */
export const skipBlank = (cursor: Cursor): void => {
  for (;;) {
    const unit = cursor.text.charCodeAt(cursor.at)
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return
    cursor.at += 1
  }
}

/** Moves past `sign` if it comes next, and tells whether it did. */
export const take = (cursor: Cursor, sign: string): boolean => {
  if (cursor.text[cursor.at] !== sign) return false
  cursor.at += 1
  return true
}

/** Reports that something else was expected here. */
export const broken = (cursor: Cursor, expected: string): undefined => {
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
