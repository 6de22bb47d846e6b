import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { codecRefusal, type Refusal } from './codecRefusal.ts'
import { flagAt, type Json } from './json.ts'
import { mergedSlashes, normalizedPath } from './normalizedPath.ts'
import { type SeenHeaders, seenHeaders } from './seenHeaders.ts'
import type { SentRequest } from './sentRequest.ts'

/** A request as Envoy's routing sees it. */
export type SeenRequest = {
  readonly method: string
  /** Of the request, not of its connection. */
  readonly scheme: string
  readonly authority: string
  /** Normalized as the connection manager says, with the query. */
  readonly path: string
  /** Of the path what routes are compared with. */
  readonly pathToMatch: string
  readonly headers: SeenHeaders
}

/** `request` as the HttpConnectionManager `manager` hands it to the RouteConfiguration `routes`. Left is why
 *  Envoy refuses it. */
export const seenRequest = (
  request: SentRequest,
  manager: Json,
  routes: Json,
): Either<Refusal, SeenRequest> => {
  const refusal = codecRefusal(request)
  if (refusal !== undefined) return left(refusal)
  const { method } = request
  const path = pathOf(request.path, manager)
  if (path === undefined) return left({ status: 400, why: `the path ${request.path} cannot be normalized` })
  const authority = authorityOf(request, manager)
  const scheme = schemeOf(request, manager)
  const pseudo = { ':method': method, ':authority': authority, ':scheme': scheme, ':path': path }
  const headers: SeenHeaders = new Map([
    ...seenHeaders(request, manager),
    ...Object.entries(pseudo).map(([name, value]) => [name, [value]] as const),
  ])
  const pathToMatch = withoutQuery(path, flagAt(routes, 'ignore_path_parameters_in_path_matching'))
  return right({ method, scheme, authority, path, pathToMatch, headers })
}

const pathOf = (path: string, manager: Json): string | undefined => {
  const normalized = flagAt(manager, 'normalize_path') ? normalizedPath(path) : path
  if (normalized === undefined) return undefined
  return flagAt(manager, 'merge_slashes') ? mergedSlashes(normalized) : normalized
}

const authorityOf = (request: SentRequest, manager: Json): string => {
  const { authority, port } = request
  const own = portOf(authority)
  const strips =
    own !== undefined &&
    (flagAt(manager, 'strip_any_host_port') || (flagAt(manager, 'strip_matching_host_port') && own === port))
  const host = strips ? authority.slice(0, authority.lastIndexOf(':')) : authority
  if (!flagAt(manager, 'strip_trailing_host_dot')) return host
  return host.replace(/\.(?=(?::\d+)?$)/, '')
}

/** The port that an authority names, or `undefined`. */
const portOf = (authority: string): number | undefined => {
  const [, digits] = /^(?:\[[^\]]*\]|[^:]*):(\d+)$/.exec(authority) ?? []
  return digits === undefined ? undefined : Number(digits)
}

// Callers inside of the mesh are believed what they say of the scheme.
const schemeOf = ({ headers, tls }: SentRequest, manager: Json): string => {
  const said = headers.get('x-forwarded-proto')?.join(',').toLowerCase()
  const believed = !flagAt(manager, 'use_remote_address') && (said === 'http' || said === 'https')
  return believed ? said : tls ? 'https' : 'http'
}

// Parameters stand at the end of any part of a path: `/a;v=1/b`.
const withoutQuery = (path: string, withoutParameters: boolean): string => {
  const bare = path.replace(/[?#].*$/s, '')
  return withoutParameters ? bare.replace(/;[^/]*/g, '') : bare
}
