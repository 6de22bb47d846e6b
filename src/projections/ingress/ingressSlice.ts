import { isRight } from 'fp-ts/lib/Either.js'
import type { Stored } from '../../model/mesh.ts'
import { byCodeUnit } from '../../model/resourceName.ts'
import type { VirtualHostPart } from '../../model/xds.ts'
import { clusterPart } from '../clusterPart.ts'
import { causeOf, encoded } from '../encoded.ts'
import { encodedRoute } from '../encodedRoute.ts'
import { destinationsOf, type HttpRoute, takesEveryRequest } from '../httpRoute.ts'
import { withHashes } from '../istio/trafficFor.ts'
import { provenanceOf } from '../provenance.ts'
import type { Registry } from '../registry.ts'
import { routeJson } from '../routesJson.ts'
import type { ClusterPart, Slice, SliceVariant } from '../slice.ts'
import { defaultIngressPort, ingressDomains } from './ingressHost.ts'
import { byIngressOrder } from './ingressOrder.ts'
import { ingressRoutes } from './ingressRoutes.ts'

const virtualHostUrl = 'type.googleapis.com/envoy.config.route.v3.VirtualHost'

/** What the rules of one host add to the configuration of ingress proxies of this variant: a virtual host for each of
 *  their ports, and the clusters that it names. `undefined` when nothing leads anywhere. */
export const buildIngressSlice = (
  host: string,
  variant: SliceVariant,
  registry: Registry,
): Slice | undefined => {
  const clusters = new Map<string, ClusterPart>()
  const virtualHosts: Slice['virtualHosts'][number][] = []
  const httpPorts: number[] = []
  for (const [port, rules] of byPort(registry.ingressRulesAt(host))) {
    const routes = routesOf(rules, variant, registry)
    if (routes.length === 0) continue
    for (const route of routes)
      for (const destination of destinationsOf(route))
        if (!clusters.has(destination.cluster))
          clusters.set(destination.cluster, clusterPart(destination, route.rule, variant, registry))
    virtualHosts.push({ table: String(port), part: virtualHostPart(host, port, routes, rules, variant) })
    httpPorts.push(port)
  }
  if (virtualHosts.length === 0) return undefined
  return {
    owner: host,
    variantKey: '',
    clusters: [...clusters.values()],
    virtualHosts,
    tcpListeners: [],
    httpPorts,
  }
}

const byPort = (rules: readonly Stored<'IngressRule'>[]): Map<number, Stored<'IngressRule'>[]> => {
  const found = new Map<number, Stored<'IngressRule'>[]>()
  for (const rule of [...rules].sort(byIngressOrder)) {
    const { port = defaultIngressPort } = rule.resource.spec
    const its = found.get(port)
    if (its === undefined) found.set(port, [rule])
    else its.push(rule)
  }
  return found
}

/** Up to the first that takes everything; what Envoy's limits refuse is left out alone. */
const routesOf = (
  rules: readonly Stored<'IngressRule'>[],
  variant: SliceVariant,
  registry: Registry,
): readonly HttpRoute[] => {
  const routes = rules
    .flatMap((rule) => ingressRoutes(rule, variant, registry))
    .map((route) => withHashes(route, variant, registry))
    .filter((route) => isRight(encodedRoute(route)))
  const last = routes.findIndex(({ match }) => takesEveryRequest(match))
  return last === -1 ? routes : routes.slice(0, last + 1)
}

const virtualHostPart = (
  host: string,
  port: number,
  routes: readonly HttpRoute[],
  rules: readonly Stored<'IngressRule'>[],
  { place }: SliceVariant,
): VirtualHostPart => {
  const name = `${host}:${port}`
  const ports = port === defaultIngressPort && place !== undefined ? [port, place.port] : [port]
  const json = { name, domains: ingressDomains(host, ports), routes: routes.map(routeJson) }
  return {
    name,
    ...encoded(virtualHostUrl, json),
    clusters: [...new Set(routes.flatMap(destinationsOf).map(({ cluster }) => cluster))].sort(byCodeUnit),
    causes: [...new Set([...routes.map(({ rule }) => rule), ...rules.map(provenanceOf)])].map(causeOf),
  }
}
