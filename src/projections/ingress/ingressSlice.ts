import { isRight } from 'fp-ts/lib/Either.js'
import { defaultIngressPort, defaultTlsPort, ingressPort } from '../../model/ingressHost.ts'
import { clustersOf } from '../clusters/clustersOf.ts'
import { withHashes } from '../istio/trafficFor.ts'
import { type Provenance, provenanceOf, ruleText } from '../provenance.ts'
import type { Registry } from '../registry/registry.ts'
import { encodedRoute } from '../routes/encodedRoute.ts'
import type { HttpMatch, HttpRoute } from '../routes/httpRoute.ts'
import { upToCatchAll } from '../routes/upToCatchAll.ts'
import type { Slice, SliceVariant } from '../views/slice.ts'
import { edgeVirtualHost } from './edgeVirtualHost.ts'
import type { HostPlace } from './hostPlace.ts'
import type { IngressEntry } from './ingressEntry.ts'
import { byIngressOrder } from './ingressOrder.ts'
import { ingressMatch, ingressRoutes } from './ingressRoutes.ts'
import { ingressSecret } from './ingressSecret.ts'
import { isRoutable } from './isRoutable.ts'

/** What the rules of one host add to the configuration of ingress proxies of this variant: a virtual host for each of
 *  their ports but those where somebody else has the host, and the clusters that it names. Requests in plain text for
 *  what is there over TLS alone are sent to it. `undefined` when nothing leads anywhere. */
export const buildIngressSlice = (
  host: string,
  variant: SliceVariant,
  registry: Registry,
  isTaken: (place: HostPlace) => boolean = () => false,
): Slice | undefined => {
  const allRoutes: HttpRoute[] = []
  const virtualHosts: Slice['virtualHosts'][number][] = []
  const httpPorts: number[] = []
  const portSecrets = new Map<number, string>()
  const portRules = byPort(registry.ingressRulesAt(host))
  for (const [port, rules] of portRules)
    if (isTaken({ host, port, tls: portSecret(rules) !== undefined })) portRules.delete(port)
  const toTls = redirectsOf(host, portRules, variant)
  const plain = { host, port: defaultIngressPort, tls: false }
  if (toTls.length > 0 && !portRules.has(plain.port) && !isTaken(plain)) portRules.set(plain.port, [])
  for (const [port, rules] of portRules) {
    const secret = portSecret(rules)
    const more = port === defaultIngressPort && secret === undefined ? toTls : []
    const routes = routesOf(rules, more, variant, registry)
    if (routes.length === 0) continue
    allRoutes.push(...routes)
    const part = edgeVirtualHost({ host, port }, routes, rules.map(provenanceOf), variant)
    virtualHosts.push({ table: String(port), part })
    httpPorts.push(port)
    if (secret !== undefined) portSecrets.set(port, secret)
  }
  if (virtualHosts.length === 0) return undefined
  return {
    owner: host,
    variantKey: '',
    clusters: clustersOf(allRoutes, variant, registry),
    virtualHosts,
    tcpPorts: [],
    httpPorts,
    portSecrets,
    secrets: [...new Set(portSecrets.values())],
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
  host: string,
  portRules: ReadonlyMap<number, readonly IngressEntry[]>,
  { place }: SliceVariant,
): readonly HttpRoute[] =>
  [...portRules].flatMap(([port, rules]) =>
    portSecret(rules) === undefined
      ? []
      : rules
          .filter(({ resource: { spec } }) => isRoutable(spec))
          .map((rule) =>
            redirectToTls(provenanceOf(rule), ingressMatch(rule), tlsPlace(host, port, place?.port)),
          ),
  )

type TlsPlace = { readonly authority?: string; readonly port?: number }

/** What a redirect says of where `host` is over TLS: of port 443 nothing, where the request tells enough or the host is
 *  one. `plainAt`: where it came in. */
const tlsPlace = (host: string, port: number, plainAt: number = defaultIngressPort): TlsPlace => {
  if (port !== defaultTlsPort) return { port }
  // Envoy takes port 80 out of the authority by itself, and no other.
  if (plainAt === defaultIngressPort) return {}
  return host.startsWith('*') ? { port } : { authority: host }
}

const redirectToTls = (rule: Provenance, match: HttpMatch, place: TlsPlace): HttpRoute => ({
  name: ruleText(rule),
  rule,
  precedence: 0,
  match,
  action: { kind: 'redirect', scheme: 'https', ...place, status: 301 },
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
): readonly HttpRoute[] =>
  upToCatchAll(
    [
      ...rules
        .flatMap((rule) => ingressRoutes(rule, variant, registry))
        .map((route) => withHashes(route, variant, registry)),
      ...more,
    ].filter((route) => isRight(encodedRoute(route))),
  )
