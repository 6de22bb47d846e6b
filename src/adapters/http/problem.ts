import type { Problem } from '../../model/diagnostic.ts'

/** Status and title of every refusal, by its stable code. */
const refusals = {
  'bad-request': [400, 'The request cannot be read'],
  'bad-parameter': [400, 'A parameter cannot be read'],
  'unknown-parameter': [400, 'There is no such parameter'],
  'empty-body': [400, 'There is nothing in the body'],
  malformed: [400, 'The document cannot be read'],
  'bad-node-id': [400, 'The node id cannot be read'],
  unauthenticated: [401, 'The request shows no token that is known here'],
  forbidden: [403, 'The token may not do this'],
  'foreign-origin': [403, 'Pages of other origins may not write'],
  'not-found': [404, 'There is no such resource'],
  'unknown-kind': [404, 'There is no such kind'],
  'unknown-path': [404, 'There is no such path'],
  'beyond-end': [404, 'The log does not reach so far'],
  'method-not-allowed': [405, 'The path knows other methods'],
  'timed-out': [408, 'The request took too long to arrive'],
  conflict: [409, 'Two resources claim the same thing'],
  'before-horizon': [410, 'The log no longer reaches so far back'],
  'precondition-failed': [412, 'The resource is not what it was'],
  'too-large': [413, 'The request is too large'],
  'path-too-long': [414, 'The path is too long'],
  'unsupported-media-type': [415, 'The body is of a type that is not read here'],
  'foreign-host': [421, 'The request is meant for another host'],
  invalid: [422, 'The document is refused'],
  'headers-too-large': [431, 'The headers are too large'],
  internal: [500, 'Something is broken inside'],
  'not-ready': [503, 'The log is still being read'],
  unavailable: [503, 'The log cannot be reached'],
  'too-many-readers': [503, 'Too many are waiting here already'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof refusals

/** An answer that says no: what RFC 9457 sends, and headers that go with it. */
export type HttpProblem = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly type: string
    readonly title: string
    readonly status: number
    readonly code: ProblemCode
    readonly detail: string
    readonly problems?: readonly Problem[]
  }
}

/** The problem of a code, with `detail` for people and, for documents, the places. */
export const problem = (
  code: ProblemCode,
  detail: string,
  extra: { readonly problems?: readonly Problem[]; readonly headers?: Readonly<Record<string, string>> } = {},
): HttpProblem => {
  const [status, title] = refusals[code]
  const body = { type: `urn:rutter:problem:${code}`, title, status, code, detail }
  const { problems, headers = {} } = extra
  return { status, headers, body: problems === undefined ? body : { ...body, problems } }
}

/** The media type of a problem (RFC 9457 §6). */
export const problemType = 'application/problem+json'
