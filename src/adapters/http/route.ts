import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Access } from './accessGuard.ts'
import type { HttpProblem } from './problem.ts'

/** What a route says when it does not refuse; `body` is sent as JSON unless it is text, bytes or a stream. */
export type Answer = {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Media type of a text, bytes or stream; JSON without it. */
  readonly type?: string
  readonly body?: string | Buffer | Readable | object
}

/** A schema in OpenAPI's words, for the documentation: nothing is validated or cut by it. */
export type Described = {
  readonly summary: string
  readonly tag: string
  readonly description?: string
  readonly params?: object
  readonly querystring?: object
  readonly body?: object
  readonly response?: object
}

type Common = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Fastify's pattern, `/api/v1/config/:kind`. */
  readonly url: string
  /** Query parameters that it knows; any other is refused, so that a misspelt `dryRun` never writes. */
  readonly query?: readonly string[]
  /** Media types of bodies that it reads; others are refused with 415 before the body is read. */
  readonly reads?: readonly string[]
  readonly bodyLimitBytes?: number
  /** True: answers also while the log is still being folded. */
  readonly beforeReady?: boolean
  /** Who may ask, where tokens are asked for; absent: `read` for GET and dry runs, else `write`. */
  readonly access?: Access
  /** Absent: left out of the documentation. */
  readonly described?: Described
}

/** One path and method. `answer` says what to send; `take` writes to the socket itself (streams of events). */
export type Route = Common &
  (
    | { readonly answer: (request: FastifyRequest) => MaybeLater<Either<HttpProblem, Answer>> }
    | { readonly take: (request: FastifyRequest, reply: FastifyReply) => Promise<void> }
  )

type MaybeLater<T> = T | Promise<T>
