import { byCodeUnit } from '../../model/resourceName.ts'
import { passthroughClusterName } from '../clusters/clusters.ts'
import type { JsonObject } from '../json.ts'
import { ruleText } from '../provenance.ts'
import { destinationsOf, type HttpRoute, takesEveryRequest } from './httpRoute.ts'
import { routeJson } from './routesJson.ts'

/** A virtual host, and what whoever delivers or explains it must know. */
export type BuiltVirtualHost = {
  readonly json: JsonObject
  /** Clusters that its routes name, mirrors included, sorted, each once. */
  readonly clusters: readonly string[]
  /** Routes that are in it, in order. */
  readonly routes: readonly HttpRoute[]
  /** Routes that a catch-all before them keeps from ever being reached. */
  readonly shadowed: readonly HttpRoute[]
}

/** Envoy's VirtualHost of `routes` in their published order: precedence falling, then the rule's key rising, then
 *  as given. It ends with the first route that takes everything; without one `defaultRoute` comes last. */
export const virtualHostJson = (host: {
  readonly name: string
  readonly domains: readonly string[]
  readonly routes: readonly HttpRoute[]
  readonly defaultRoute: HttpRoute
}): BuiltVirtualHost => {
  const { routes, shadowed } = orderedRoutes(host.routes, host.defaultRoute)
  return {
    json: { name: host.name, domains: host.domains, routes: routes.map(routeJson) },
    clusters: clustersOf(routes),
    routes,
    shadowed,
  }
}

/** Sorted, each once. */
const clustersOf = (routes: readonly HttpRoute[]): readonly string[] => {
  const all = routes.flatMap(destinationsOf).map(({ cluster }) => cluster)
  return all.length < 2 ? all : [...new Set(all)].sort(byCodeUnit)
}

/** `routes` as they are tried, up to the first that takes everything, else up to `defaultRoute`; and those after it. */
export const orderedRoutes = (
  routes: readonly HttpRoute[],
  defaultRoute: HttpRoute,
): Pick<BuiltVirtualHost, 'routes' | 'shadowed'> => {
  // Most services have no rules, and this is asked of every one.
  if (routes.length === 0) return { routes: [defaultRoute], shadowed: routes }
  const sorted = [...routes].sort(byPrecedence)
  const last = sorted.findIndex(({ match }) => takesEveryRequest(match))
  return last === -1
    ? { routes: [...sorted, defaultRoute], shadowed: [] }
    : { routes: sorted.slice(0, last + 1), shadowed: sorted.slice(last + 1) }
}

/** Orders routes as Envoy tries them. */
export const byPrecedence = (a: HttpRoute, b: HttpRoute): number =>
  b.precedence - a.precedence || byCodeUnit(ruleText(a.rule), ruleText(b.rule))

/** The virtual host of a captured port for authorities that no service has: on to where the request was going.
 *  Without it (`undeclaredOutbound: refuse`) Envoy answers 404. */
export const undeclaredVirtualHostJson = (): JsonObject => ({
  name: 'undeclared',
  domains: ['*'],
  routes: [
    { name: 'undeclared', match: { prefix: '/' }, route: { cluster: passthroughClusterName, timeout: '0s' } },
  ],
})
