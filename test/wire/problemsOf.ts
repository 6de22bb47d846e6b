import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import type { EncodeProblem } from '../../src/wire/problems.ts'

/** The problems of a refused message; none of an accepted one. */
export const problemsOf = (
  encoded: Either<readonly EncodeProblem[], Uint8Array>,
): readonly EncodeProblem[] => (isLeft(encoded) ? encoded.left : [])
