import { fraction, percentText } from './fraction.ts'
import { headerRefusal } from './headerRefusal.ts'
import { type Json, mapAt, mapsAt, othersIn, setOf, textAt } from './json.ts'
import { queryRefusal } from './queryRefusal.ts'
import { headerText } from './seenHeaders.ts'
import type { SeenRequest } from './seenRequest.ts'
import { regexRefusal } from './textRefusal.ts'

const paths = ['prefix', 'path', 'safe_regex', 'path_separated_prefix', 'connect_matcher'] as const
const known: ReadonlySet<string> = new Set([
  ...paths,
  'case_sensitive',
  'runtime_fraction',
  'headers',
  'query_parameters',
  'grpc',
])

/** Why a route with this RouteMatch (envoy/config/route/v3/route_components.proto) does not take the request, or
 *  `undefined` where it does. A condition that is not evaluated counts as not met, and says so. */
export const routeRefusal = (match: Json, request: SeenRequest): string | undefined => {
  const [other] = othersIn(match, known)
  if (other !== undefined) return `not evaluated: ${other}`
  const path = pathRefusal(match, request)
  if (path !== undefined) return path
  if (mapAt(match, 'grpc') !== undefined && !isGrpc(request)) return 'the request is no gRPC'
  for (const header of mapsAt(match, 'headers')) {
    const refusal = headerRefusal(header, request.headers)
    if (refusal !== undefined) return refusal
  }
  for (const parameter of mapsAt(match, 'query_parameters')) {
    const refusal = queryRefusal(parameter, request.path)
    if (refusal !== undefined) return refusal
  }
  return shareRefusal(mapAt(match, 'runtime_fraction'))
}

const pathRefusal = (match: Json, request: SeenRequest): string | undefined => {
  const kind = setOf(match, paths)
  const connects = request.method === 'CONNECT'
  if (kind === 'connect_matcher') return connects ? undefined : `it takes CONNECT, not ${request.method}`
  if (connects) return 'it does not take CONNECT'
  const path = request.pathToMatch
  if (kind === 'safe_regex') return onPath(regexRefusal(mapAt(match, kind), path))
  const wanted = (kind && textAt(match, kind)) ?? ''
  const [a, b] =
    match['case_sensitive'] === false ? [path.toLowerCase(), wanted.toLowerCase()] : [path, wanted]
  if (kind === 'path') return a === b ? undefined : `path ${path} is not ${wanted}`
  if (!a.startsWith(b)) return `path ${path} does not begin with ${wanted}`
  if (kind === 'prefix' || a.length === b.length || a[b.length] === '/') return undefined
  return `path ${path} goes on after ${wanted} without a slash`
}

const onPath = (refusal: string | undefined): string | undefined => refusal && `path: ${refusal}`

const isGrpc = ({ headers }: SeenRequest): boolean =>
  /^application\/grpc(?:$|\+)/.test(headerText(headers, 'content-type'))

const shareRefusal = (runtimeFraction: Json | undefined): string | undefined => {
  if (runtimeFraction === undefined) return undefined
  const share = fraction(mapAt(runtimeFraction, 'default_value'))
  if (share === 1) return undefined
  return `it takes ${percentText(share)} of these requests, by chance; this is where the others go`
}
