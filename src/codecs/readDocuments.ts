import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Document } from './document.ts'
import { type ReadOptions, scanText } from './scanText.ts'
import { type Unreadable, unreadable } from './unreadable.ts'

/** The documents of a YAML stream or a JSON text, lists taken apart, empty documents left out. Left: every problem of
 *  every document, with its place. Never throws; work and depth are bounded by the limits. */
export const readDocuments = (
  input: string | Uint8Array,
  options: ReadOptions,
): Either<Unreadable, readonly Document[]> => {
  const { documents, problems } = scanText(input, options)
  return problems.length > 0 ? left(unreadable(problems)) : right(documents)
}
