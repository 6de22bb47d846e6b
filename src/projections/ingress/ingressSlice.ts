import { isRight } from 'fp-ts/lib/Either.js'
import { byCodeUnit } from '../../model/resourceName.ts'
import type { VirtualHostPart } from '../../model/xds.ts'
import { clusterPart } from '../clusterPart.ts'
import { causeOf, encoded } from '../encoded.ts'
import { encodedRoute } from '../encodedRoute.ts'
import { destinationsOf, type HttpMatch, type HttpRoute, takesEveryRequest } from '../httpRoute.ts'
import { withHashes } from '../istio/trafficFor.ts'
import { secretsOfClusters } from '../mutualTls/secretsOfClusters.ts'
import { type Provenance, provenanceOf, ruleText } from '../provenance.ts'
import type { Registry } from '../registry.ts'
import { routeJson } from '../routesJson.ts'
import type { ClusterPart, Slice, SliceVariant } from '../slice.ts'
import type { IngressEntry } from './ingressEntry.ts'
import { defaultIngressPort, defaultTlsPort, ingressDomains, ingressPort } from './ingressHost.ts'
import { byIngressOrder } from './ingressOrder.ts'
import { ingressMatch, ingressRoutes } from './ingressRoutes.ts'
import { ingressSecret } from './ingressSecret.ts'
import { isRoutable } from './isRoutable.ts'

const virtualHostUrl = 'type.googleapis.com/envoy.config.route.v3.VirtualHost'

/** What the rules of one host add to the configuration of ingress proxies of this variant: a virtual host for each of
 *  their ports, and the clusters that it names. Requests in plain text for what is there over TLS alone are sent to
 *  it. `undefined` when nothing leads anywhere. */
export const buildIngressSlice = (
  host: string,
  variant: SliceVariant,
  registry: Registry,
): Slice | undefined => {
  const clusters = new Map<string, ClusterPart>()
  const virtualHosts: Slice['virtualHosts'][number][] = []
  const httpPorts: number[] = []
  const portSecrets = new Map<number, string>()
  const portRules = byPort(registry.ingressRulesAt(host))
  const toTls = redirectsOf(portRules, variant)
  if (toTls.length > 0 && !portRules.has(defaultIngressPort)) portRules.set(defaultIngressPort, [])
  for (const [port, rules] of portRules) {
    const secret = portSecret(rules)
    const more = port === defaultIngressPort && secret === undefined ? toTls : []
    const routes = routesOf(rules, more, variant, registry)
    if (routes.length === 0) continue
    for (const route of routes)
      for (const destination of destinationsOf(route))
        if (!clusters.has(destination.cluster))
          clusters.set(destination.cluster, clusterPart(destination, route.rule, variant, registry))
    virtualHosts.push({ table: String(port), part: virtualHostPart(host, port, routes, rules, variant) })
    httpPorts.push(port)
    if (secret !== undefined) portSecrets.set(port, secret)
  }
  if (virtualHosts.length === 0) return undefined
  return {
    owner: host,
    variantKey: '',
    clusters: [...clusters.values()],
    virtualHosts,
    tcpPorts: [],
    httpPorts,
    portSecrets,
    secrets: [...new Set(portSecrets.values()), ...secretsOfClusters(clusters.values())],
  }
}

const byPort = (rules: readonly IngressEntry[]): Map<number, IngressEntry[]> => {
  const found = new Map<number, IngressEntry[]>()
  for (const rule of [...rules].sort(byIngressOrder)) {
    const port = ingressPort(rule.resource.spec)
    const its = found.get(port)
    if (its === undefined) found.set(port, [rule])
    else its.push(rule)
  }
  return found
}

/** The certificate of a host on a port: that of the first of its rules there that names one. */
export const portSecret = (rules: readonly IngressEntry[]): string | undefined =>
  rules.map(({ resource: { spec } }) => ingressSecret(spec)).find((secret) => secret !== undefined)

const redirectsOf = (
  portRules: ReadonlyMap<number, readonly IngressEntry[]>,
  { place }: SliceVariant,
): readonly HttpRoute[] =>
  [...portRules].flatMap(([port, rules]) =>
    portSecret(rules) === undefined
      ? []
      : rules
          .filter(({ resource: { spec } }) => isRoutable(spec))
          .map((rule) => {
            // Envoy takes port 80 out of the authority by itself, and no other.
            const plainAt = place?.port ?? defaultIngressPort
            const named = port !== defaultTlsPort || plainAt !== defaultIngressPort
            return redirectToTls(provenanceOf(rule), ingressMatch(rule), named ? port : undefined)
          }),
  )

const redirectToTls = (rule: Provenance, match: HttpMatch, port: number | undefined): HttpRoute => ({
  name: ruleText(rule),
  rule,
  precedence: 0,
  match,
  action: { kind: 'redirect', scheme: 'https', ...(port === undefined ? {} : { port }), status: 301 },
  timeoutMs: 0,
  mirrors: [],
  websocket: false,
})

/** Up to the first that takes everything; what Envoy's limits refuse is left out alone. */
const routesOf = (
  rules: readonly IngressEntry[],
  more: readonly HttpRoute[],
  variant: SliceVariant,
  registry: Registry,
): readonly HttpRoute[] => {
  const routes = [
    ...rules
      .flatMap((rule) => ingressRoutes(rule, variant, registry))
      .map((route) => withHashes(route, variant, registry)),
    ...more,
  ].filter((route) => isRight(encodedRoute(route)))
  const last = routes.findIndex(({ match }) => takesEveryRequest(match))
  return last === -1 ? routes : routes.slice(0, last + 1)
}

const virtualHostPart = (
  host: string,
  port: number,
  routes: readonly HttpRoute[],
  rules: readonly IngressEntry[],
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
