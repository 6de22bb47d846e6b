import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Problem } from '../model/diagnostic.ts'
import { atOnce } from './atOnce.ts'
import { type Decoded, decodeResource } from './decodeResource.ts'
import { problemCodes } from './problemCode.ts'
import { defaultReadLimits } from './readLimits.ts'
import { type ReadOptions, scanning } from './scanText.ts'
import { type Unreadable, unreadable } from './unreadable.ts'

/** One text to read: a file, or the body of a request. */
export type Source = Omit<ReadOptions, 'limits'> & { readonly input: string | Uint8Array }

/** The resources of all `sources` in their order. Left: every problem of every document of every source, those of
 *  documents that can be read included. All sources together are bounded as one batch; never throws. */
export const readResources = (
  sources: readonly Source[],
  limits = defaultReadLimits,
): Either<Unreadable, readonly Decoded[]> => atOnce(readingResources(sources, limits))

/** The same, resting after each document, so that a large batch need not keep others waiting. */
export function* readingResources(
  sources: readonly Source[],
  limits = defaultReadLimits,
): Generator<undefined, Either<Unreadable, readonly Decoded[]>> {
  const resources: Decoded[] = []
  const problems: Problem[] = []
  const bytes = sources.reduce((sum, { input }) => sum + lengthOf(input), 0)
  if (bytes > limits.batchBytes) return left(unreadable([tooLarge(bytes, limits.batchBytes)]))
  for (const { input, ...options } of sources) {
    const scanned = yield* scanning(input, { ...options, limits })
    const found = [...scanned.problems]
    for (const document of scanned.documents) {
      yield
      const decoded = decodeResource(document)
      if (isLeft(decoded)) found.push(...decoded.left)
      else resources.push(decoded.right)
      if (found.length > limits.problems) break
    }
    problems.push(...found.toSorted((a, b) => a.line - b.line || a.column - b.column))
    if (problems.length > limits.problems) break
  }
  return problems.length > 0 ? left(unreadable(problems)) : right(resources)
}

const lengthOf = (input: string | Uint8Array): number =>
  typeof input === 'string' ? Buffer.byteLength(input) : input.length

const tooLarge = (bytes: number, most: number): Problem => ({
  code: problemCodes.batchTooLarge,
  message: `The documents have ${bytes} bytes together; at most ${most} are read.`,
  line: 1,
  column: 1,
  path: '',
})
