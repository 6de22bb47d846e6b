import type { ValidationError } from 'io-ts'
import type { Problem } from '../model/diagnostic.ts'
import type { Document } from './document.ts'
import { keyMark } from './shapes/codec.ts'
import { offsetOf, type Path, pointerOf } from './sourceNode.ts'

/** The problem that `error`, found while decoding `document`, tells, with its place. */
export const located = (document: Document, { context, message = '' }: ValidationError): Problem => {
  const gap = message.indexOf(' ')
  const code = message.slice(0, gap)
  // The first step of io-ts's context is the root and has no key.
  const path = context.slice(1).map(({ key }) => key)
  return code.endsWith(keyMark)
    ? placed(document, code.slice(0, -keyMark.length), message.slice(gap + 1), path, 'key')
    : placed(document, code, message.slice(gap + 1), path)
}

/** The problem `code` of `document` at `path`: at the value there, or at its key. */
export const placed = (
  { file, lines, root }: Document,
  code: string,
  message: string,
  path: Path,
  at: 'key' | 'value' = 'value',
): Problem => {
  const where = { ...lines(offsetOf(root, path, at)), path: pointerOf(path) }
  return file === undefined ? { code, message, ...where } : { code, message, file, ...where }
}
