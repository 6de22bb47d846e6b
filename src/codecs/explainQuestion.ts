import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { AskedRequest } from '../model/askedRequest.ts'
import { located } from './located.ts'
import { problemCodes } from './problemCode.ts'
import { readDocuments } from './readDocuments.ts'
import { type Codec, codec, problem, shown } from './shapes/codec.ts'
import { listOf } from './shapes/listOf.ts'
import { mapOf } from './shapes/mapOf.ts'
import { optional, struct } from './shapes/struct.ts'
import { text } from './shapes/text.ts'
import { type Unreadable, unreadable } from './unreadable.ts'

/** What `POST /api/v1/explain` asks (contract §8). */
export type ExplainQuestion = {
  /** A node id. */
  readonly proxy: string
  /** A position or a time. */
  readonly at?: string | number
  readonly requests: readonly AskedRequest[]
}

/** The most requests in one question: each may try thousands of routes. */
const mostRequests = 1000

/** Reads a question. A request's method is GET where none is given. Left: every problem, with its place. */
export const readExplainQuestion = (body: string | Uint8Array): Either<Unreadable, ExplainQuestion> => {
  const documents = readDocuments(body, { format: 'json' })
  if (isLeft(documents)) return documents
  const [document, ...more] = documents.right
  if (document === undefined || more.length > 0)
    return left(
      unreadable([{ code: problemCodes.wrongType, message: oneQuestion, line: 1, column: 1, path: '' }]),
    )
  const read = question.decode(document.root.value)
  if (isLeft(read)) return left(unreadable(read.left.map((error) => located(document, error))))
  const { requests, ...rest } = read.right
  return right({
    ...rest,
    requests: requests.map(({ method = 'GET', headers = {}, ...request }) => ({
      ...request,
      method,
      headers,
    })),
  })
}

const oneQuestion = 'Expected one question: a map with proxy and requests.'

const plain = (name: string, most: number) =>
  text(
    name,
    problemCodes.badText,
    `a ${name}: at most ${most} characters without control characters`,
    (value) => value.length <= most && !/\p{Cc}/u.test(value),
  )

const headerLine = plain('header value', 65_536)
const headerLines = listOf('header values', headerLine)

const oneOrMore = codec<string | readonly string[]>('header value', (input, context) =>
  Array.isArray(input) ? headerLines.validate(input, context) : headerLine.validate(input, context),
)

const positionOrTime: Codec<string | number> = codec('at', (input, context) =>
  typeof input === 'string' || Number.isSafeInteger(input)
    ? t.success(input as string | number)
    : t.failures([
        problem(
          input,
          context,
          problemCodes.wrongType,
          `Expected a position or a time, found ${shown(input)}.`,
        ),
      ]),
)

type Asked = Pick<AskedRequest, 'url'> & Partial<AskedRequest>

const asked = struct<Asked>('a request', {
  method: optional(plain('method', 256)),
  url: plain('url', 65_536),
  socket: optional(plain('socket', 107)),
  headers: optional(mapOf('headers', plain('header name', 256), oneOrMore)),
})

const question = struct<Omit<ExplainQuestion, 'requests'> & { readonly requests: readonly Asked[] }>(
  'a question',
  {
    proxy: plain('node id', 4096),
    at: optional(positionOrTime),
    requests: bounded(listOf('requests', asked, 1)),
  },
)

function bounded<A>(list: Codec<readonly A[]>): Codec<readonly A[]> {
  return codec(list.name, (input, context) =>
    Array.isArray(input) && input.length > mostRequests
      ? t.failures([
          problem(
            input,
            context,
            problemCodes.outOfRange,
            `A question has at most ${mostRequests} requests.`,
          ),
        ])
      : list.validate(input, context),
  )
}
