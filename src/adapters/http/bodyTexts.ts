import type { FastifyRequest } from 'fastify'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { decodeUtf8 } from '../../codecs/decodeUtf8.ts'
import { defaultReadLimits } from '../../codecs/readLimits.ts'
import type { Source } from '../../codecs/readResources.ts'
import { mediaTypeOf } from './mediaType.ts'
import { type HttpProblem, problem } from './problem.ts'

/** What documents may come as, one or several to a body. */
export const documentTypes = ['application/json', 'application/yaml', 'text/yaml'] as const

/** Several files in one body: a JSON array of `{ "file", "text" }`, so that findings name file and line. */
export const filesType = 'application/vnd.rutter.files+json'

/** A body of files may be twice the bound of a batch: JSON escapes quotes and line ends of the texts in it. */
export const filesLimitBytes = 2 * defaultReadLimits.batchBytes + 65_536

const mostFiles = 10_000

/** The texts in the body of a request; refused where it is empty, too large for its type, or no list of files. */
export const bodyTexts = (request: FastifyRequest): Either<HttpProblem, readonly Source[]> => {
  const body = request.body
  if (!(body instanceof Uint8Array) || body.length === 0)
    return left(problem('empty-body', 'the body is empty; send a document'))
  const type = mediaTypeOf(request.headers['content-type'])
  if (type === filesType) return filesOf(body)
  if (body.length > defaultReadLimits.batchBytes) return left(tooLarge(body.length))
  return right([{ input: body, format: type === 'application/json' ? 'json' : 'yaml' }])
}

const filesOf = (body: Uint8Array): Either<HttpProblem, readonly Source[]> => {
  const { text, valid } = decodeUtf8(body)
  const files = valid ? parsed(text) : undefined
  if (!Array.isArray(files) || !files.every(isFile))
    return left(problem('malformed', 'the body is not a JSON array of { "file", "text" }'))
  if (files.length > mostFiles) return left(problem('too-large', `a batch holds at most ${mostFiles} files`))
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0)
  if (bytes > defaultReadLimits.batchBytes) return left(tooLarge(bytes))
  return right(files.map(({ file, text }) => ({ file, input: text, format: isJson(file) ? 'json' : 'yaml' })))
}

const tooLarge = (bytes: number): HttpProblem =>
  problem('too-large', `the batch has ${bytes} bytes; it may have ${defaultReadLimits.batchBytes}`)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isFile = (value: unknown): value is { readonly file: string; readonly text: string } => {
  if (typeof value !== 'object' || value === null) return false
  const { file, text, ...others } = value as Readonly<Record<string, unknown>>
  return typeof text === 'string' && isFileName(file) && Object.keys(others).length === 0
}

// The name becomes part of the log and of messages on terminals.
const isFileName = (file: unknown): boolean =>
  typeof file === 'string' && file.length > 0 && file.length <= 4096 && !/\p{Cc}|\p{Surrogate}/u.test(file)

const isJson = (file: string): boolean => file.toLowerCase().endsWith('.json')
