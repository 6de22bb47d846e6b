import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { type Decoded, decodeResource } from '../../codecs/decodeResource.ts'
import type { Document } from '../../codecs/document.ts'
import { readDocuments } from '../../codecs/readDocuments.ts'
import type { Problem } from '../../model/diagnostic.ts'
import { type HttpProblem, problem } from './problem.ts'
import { inWords } from './rejectionProblem.ts'

/** One text of a request: what it is written in, and the file it comes from where the sender says so. */
export type Text = {
  readonly text: string | Uint8Array
  readonly format: 'json' | 'yaml'
  readonly file?: string
}

/** A resource, and the document that it was read from. */
export type Read = Decoded & { readonly document: Document }

/** The resources of all `texts`, in order; or one problem with every finding in every text, its status that of the
 *  gravest: 413 before 400 before 422. */
export const resourcesOf = (texts: readonly Text[]): Either<HttpProblem, readonly Read[]> => {
  const found: Read[] = []
  const problems: Problem[] = []
  const grave = new Set<'TooLarge' | 'Syntax' | 'Refused'>()
  for (const { text, ...options } of texts) {
    const documents = readDocuments(text, options)
    if (isLeft(documents)) {
      grave.add(documents.left._tag)
      problems.push(...documents.left.problems)
      continue
    }
    for (const document of documents.right) {
      const decoded = decodeResource(document)
      if (isLeft(decoded)) problems.push(...decoded.left)
      else found.push({ ...decoded.right, document })
    }
  }
  if (problems.length === 0) return right(found)
  const code = grave.has('TooLarge') ? 'too-large' : grave.has('Syntax') ? 'malformed' : 'invalid'
  return left(problem(code, inWords(problems.map(({ message }) => message)), { problems }))
}
