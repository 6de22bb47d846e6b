import type { IncomingMessage } from 'node:http'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Problem } from '../model/diagnostic.ts'

/** A controller, and what it is shown. */
export type Server = {
  /** A base URL. */
  readonly url: string
  /** Who asks. */
  readonly token?: string
  /** The authority that is trusted over TLS, in PEM; without, those that Node trusts. */
  readonly ca?: string
}

export type ServerRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query, from `/`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** How long the server may stay silent; default 60 s. */
  readonly silenceMs?: number
  readonly signal?: AbortSignal
}

/** Why a server gave no answer: it cannot be reached, or it refused with a problem (contract §5). */
export type Unanswered =
  | { readonly _tag: 'Unreachable'; readonly message: string }
  | {
      readonly _tag: 'Refused'
      readonly status: number
      readonly code: string
      readonly detail: string
      readonly problems: readonly Problem[]
      /** The whole problem as it was sent. */
      readonly body: object
    }

/** The JSON that `server` answers. Never rejects, but for an abort of `signal`. */
export const askServer = async (
  server: Server,
  request: ServerRequest,
): Promise<Either<Unanswered, unknown>> => {
  try {
    const response = await openResponse(server, request)
    const body = await text(response)
    return answerOf(server, response.statusCode ?? 0, body)
  } catch (error) {
    if (request.signal?.aborted) throw error
    return left(unreachable(server, (error as Error).message))
  }
}

/** The response of `server` once its head is there. Rejects when there is none. */
export const openResponse = (server: Server, request: ServerRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const base = baseUrl(server.url)
    if (base === undefined) {
      reject(new Error('it is no URL such as http://127.0.0.1:8080'))
      return
    }
    const { method = 'GET', headers = {}, body, silenceMs = 60_000, signal } = request
    const url = new URL(base.pathname.replace(/\/$/, '') + request.path, base)
    const sent = (url.protocol === 'https:' ? requestHttps : requestHttp)(
      url,
      {
        method,
        ...(server.ca === undefined ? {} : { ca: server.ca }),
        headers: {
          accept: 'application/json',
          ...(server.token === undefined ? {} : { authorization: `Bearer ${server.token}` }),
          ...headers,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        timeout: silenceMs,
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    )
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${Math.round(silenceMs / 1000)} s`)))
    sent.on('error', (error) => reject(new Error(messageOf(error))))
    sent.end(body)
  })

const baseUrl = (server: string): URL | undefined => {
  const url = URL.canParse(server) ? new URL(server) : undefined
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined
}

/** Node gathers what went wrong with each address of a name in `errors`, and leaves the message empty. */
const messageOf = (error: Error & { code?: string; errors?: readonly Error[] }): string =>
  error.message || error.errors?.map(({ message }) => message).join(', ') || (error.code ?? 'no reason given')

const unreachable = (server: Server, why: string): Unanswered => ({
  _tag: 'Unreachable',
  message: `cannot reach the controller at ${server.url}: ${why}`,
})

const answerOf = (server: Server, status: number, body: string): Either<Unanswered, unknown> => {
  const parsed = parse(body)
  if (parsed === undefined)
    return left(unreachable(server, `status ${status} without JSON: is it a controller?`))
  if (status >= 200 && status < 300) return right(parsed)
  const { code = '', detail, title, problems } = parsed as Partial<Record<string, unknown>>
  return left({
    _tag: 'Refused',
    status,
    code: String(code),
    detail: String(detail ?? title ?? `status ${status}`),
    problems: Array.isArray(problems) ? (problems as Problem[]) : [],
    body: parsed as object,
  })
}

const parse = (body: string): unknown => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
