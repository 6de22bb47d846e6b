import { durationMs } from '../../model/duration.ts'
import type { HttpMatchRequest, IstioDestination, IstioHttpRoute } from '../../model/istio/virtualService.ts'
import type { Stored } from '../../model/mesh.ts'
import { bothMatches } from '../ingress/bothMatches.ts'
import { type Provenance, provenanceOf, ruleText } from '../provenance.ts'
import type { Registry } from '../registry/registry.ts'
import type {
  Destination,
  HttpAction,
  HttpMirror,
  HttpRewrite,
  HttpRoute,
  WeightedDestination,
} from '../routes/httpRoute.ts'
import { takesEveryRequest } from '../routes/httpRoute.ts'
import { compileHttpMatch } from './compileHttpMatch.ts'
import { delegateOf } from './delegateOf.ts'
import { headerChanges, setAuthority } from './headerChanges.ts'
import { corsOf, faultOf, redirectOf, retriesOf } from './httpRouteParts.ts'
import { istioDestination } from './istioDestination.ts'
import { isMet, type RoutePlace } from './routePlace.ts'

/** Above the precedence of every rule of 2017; each route of a VirtualService takes one less than the one before. */
const highest = 2 ** 40

/** The routes that `stored` gives to requests at `place`, in their order. They end with one that takes everything, if
 *  need be with 404: a host that has a VirtualService has no other routes. None where it says nothing there. */
export const compileVirtualService = (
  stored: Stored<'VirtualService'>,
  place: RoutePlace,
  registry: Registry,
): readonly HttpRoute[] => {
  const routes = requestRoutes(stored, place, registry)
  if (routes.length === 0) return []
  const last = routes.findIndex(({ match }) => takesEveryRequest(match))
  const all = last === -1 ? [...routes, nothingElse(provenanceOf(stored))] : routes
  return all.map((route, i) => ({ ...route, precedence: highest - i }))
}

/** The routes themselves, without what becomes of requests that none of them takes. */
export const requestRoutes = (
  stored: Stored<'VirtualService'>,
  place: RoutePlace,
  registry: Registry,
): readonly HttpRoute[] =>
  (stored.resource.spec.http ?? []).flatMap((route) => compileRoute(route, stored, place, registry))

const compileRoute = (
  route: IstioHttpRoute,
  stored: Stored<'VirtualService'>,
  place: RoutePlace,
  registry: Registry,
): readonly HttpRoute[] => {
  const matches = alternatives(route, stored, place)
  if (route.delegate === undefined)
    return matches.map((match) => oneRoute(route, match, stored, place, registry))
  const delegate = delegateOf(stored.resource, route.delegate, registry)
  if (delegate === undefined) return []
  const { match: _, delegate: __, name: ___, ...inherited } = route
  return matches.flatMap((match) =>
    (delegate.resource.spec.http ?? [])
      .filter((below) => below.delegate === undefined)
      .flatMap((below) => {
        const name = joined(route.name, match.name, below.name)
        const whole = { ...inherited, ...below, ...(name !== '' && { name }) }
        return compileRoute(whole, delegate, place, registry).flatMap((compiled) => {
          const both = bothMatches(compileHttpMatch(match), compiled.match)
          const statPrefix = compiled.statPrefix ?? match.statPrefix
          return both === undefined ? [] : [{ ...compiled, match: both, ...(statPrefix && { statPrefix }) }]
        })
      }),
  )
}

const joined = (...names: readonly (string | undefined)[]): string =>
  names.filter((name) => name !== undefined).join('/')

/** The alternatives of `route` that are for requests at `place`. */
const alternatives = (
  { match = [] }: IstioHttpRoute,
  { resource }: Stored<'VirtualService'>,
  place: RoutePlace,
): readonly HttpMatchRequest[] =>
  match.length === 0 ? [{}] : match.filter((one) => isMet(one, resource.metadata.namespace, place))

const oneRoute = (
  route: IstioHttpRoute,
  match: HttpMatchRequest,
  stored: Stored<'VirtualService'>,
  place: RoutePlace,
  registry: Registry,
): HttpRoute => {
  const rule = provenanceOf(stored)
  const { namespace } = stored.resource.metadata
  const to = (destination: IstioDestination): Destination =>
    istioDestination(destination, namespace, place.port, registry)
  const retries = retriesOf(route.retries)
  const rewrite = rewriteOf(route)
  const requestHeaders = headerChanges(route.headers?.request)
  const responseHeaders = headerChanges(route.headers?.response)
  return {
    name: joined(ruleText(rule), route.name, match.name),
    rule,
    precedence: 0,
    match: compileHttpMatch(match),
    action: actionOf(route, place.port, to),
    ...(rewrite && { rewrite }),
    timeoutMs: durationMs(route.timeout ?? '') ?? 0,
    ...(retries && { retries }),
    ...(route.fault && { fault: faultOf(route.fault) }),
    mirrors: mirrorsOf(route, to),
    ...(route.corsPolicy && { cors: corsOf(route.corsPolicy) }),
    ...(requestHeaders && { requestHeaders }),
    ...(responseHeaders && { responseHeaders }),
    ...(match.statPrefix && { statPrefix: match.statPrefix }),
    websocket: true,
  }
}

const actionOf = (
  route: IstioHttpRoute,
  port: number,
  to: (destination: IstioDestination) => Destination,
): HttpAction => {
  if (route.redirect !== undefined) return redirectOf(route.redirect, port)
  if (route.directResponse !== undefined) {
    const { status, body } = route.directResponse
    if (!mayHaveBody(status)) return { kind: 'direct', status }
    if (body?.bytes !== undefined) return { kind: 'direct', status, body: { base64: body.bytes } }
    return { kind: 'direct', status, ...(body?.string !== undefined && { body: { text: body.string } }) }
  }
  const entries = route.route ?? []
  return {
    kind: 'forward',
    destinations: entries.map((entry): WeightedDestination => {
      const requestHeaders = headerChanges(entry.headers?.request)
      const responseHeaders = headerChanges(entry.headers?.response)
      return {
        ...to(entry.destination),
        weight: entries.length === 1 ? 100 : (entry.weight ?? 0),
        ...(requestHeaders && { requestHeaders }),
        ...(responseHeaders && { responseHeaders }),
      }
    }),
  }
}

/** False for statuses whose answers end with their headers (RFC 9110 §6.4.1). Envoy would send the body all the same,
 *  and HTTP/1.1 clients take it for the next answer. */
export const mayHaveBody = (status: number): boolean => status !== 204 && status !== 304

const rewriteOf = ({ rewrite, headers }: IstioHttpRoute): HttpRewrite | undefined => {
  const authority = rewrite?.authority ?? setAuthority(headers?.request)
  const parts = rewrite?.uriRegexRewrite
  if (rewrite?.uri === undefined && parts === undefined && authority === undefined) return undefined
  return {
    ...(rewrite?.uri !== undefined && { path: rewrite.uri }),
    ...(parts && { pathParts: { regex: parts.match, substitution: parts.rewrite } }),
    ...(authority !== undefined && { authority }),
  }
}

const mirrorsOf = (
  route: IstioHttpRoute,
  to: (destination: IstioDestination) => Destination,
): readonly HttpMirror[] => {
  const whole =
    route.mirrorPercentage === undefined ? (route.mirrorPercent ?? 100) : (route.mirrorPercentage.value ?? 0)
  return [
    ...(route.mirror === undefined ? [] : [{ ...to(route.mirror), percent: whole }]),
    ...(route.mirrors ?? []).map(({ destination, percentage }) => ({
      ...to(destination),
      percent: percentage === undefined ? 100 : (percentage.value ?? 0),
    })),
  ]
}

const nothingElse = (rule: Provenance): HttpRoute => ({
  name: `${ruleText(rule)}/none`,
  rule,
  precedence: 0,
  match: { headers: [], query: [] },
  action: { kind: 'direct', status: 404 },
  timeoutMs: 0,
  mirrors: [],
  websocket: false,
})
