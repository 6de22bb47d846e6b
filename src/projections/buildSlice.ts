import { isRight } from 'fp-ts/lib/Either.js'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import type { VirtualHostPart } from '../model/xds.ts'
import { outboundCluster } from './clusterName.ts'
import { clusterPart } from './clusterPart.ts'
import type { CompiledPort, CompiledService } from './compiledService.ts'
import { allConnectionRules, connectionRules } from './connections/connectionRules.ts'
import { outboundTcpPorts, type TcpPort } from './connections/outboundTcpPorts.ts'
import { defaultRoute } from './defaultRoute.ts'
import { causeOf, encoded, tryEncoded } from './encoded.ts'
import { encodedRoute } from './encodedRoute.ts'
import { domainsOf, shortForms } from './hostnames.ts'
import { httpProxyName } from './httpProxyListener.ts'
import { type Destination, destinationsOf, type HttpRoute } from './httpRoute.ts'
import { destinationHostsOf } from './istio/destinationHostsOf.ts'
import { destinationRuleFor } from './istio/destinationRuleFor.ts'
import { istioVariantKey } from './istio/istioVariantKey.ts'
import { meshConnectionRoutes } from './istio/meshConnectionRoutes.ts'
import { withHashes } from './istio/trafficFor.ts'
import { meshVirtualServicesOf } from './istio/virtualServiceFor.ts'
import { lostHosts } from './lostDomains.ts'
import { type Provenance, provenanceOf } from './provenance.ts'
import type { Registry } from './registry.ts'
import { serviceRoute, serviceRoutes } from './serviceRoutes.ts'
import type { ClusterPart, Slice, SliceVariant } from './slice.ts'
import { virtualHostJson } from './virtualHost.ts'

const virtualHostUrl = 'type.googleapis.com/envoy.config.route.v3.VirtualHost'

/** The declared input of the slice of `service`: equal keys, equal slices, as long as the registry stands. */
export const variantKeyOf = (service: CompiledService, variant: SliceVariant, registry: Registry): string => {
  const rules = [...registry.rulesTo(service.hostname), ...registry.policiesTo(service.hostname)]
    .map(({ resource }) => keyOf(nameOf(resource)))
    .filter((key) => variant.sourceRules.has(key))
  const lost = httpPortsOf(service).map(({ port }) =>
    lostHosts(service, port, variant, registry.claims).join(','),
  )
  const forms = shortForms(service.hostname, variant.domain).length
  // Rules to this service may lead to others, whose policies may hold for some callers only.
  const foreign = foreignSourceRules(service, variant, registry)
  const istio = istioVariantKey([service.hostname, ...foreignHostnames(service, registry)], variant, registry)
  return [variant.mode, forms, rules.join(' '), lost.join(' '), foreign, istio].join('\n')
}

/** What `service` adds to the configuration of callers of this variant. */
export const buildSlice = (
  service: CompiledService,
  variant: SliceVariant,
  registry: Registry,
  variantKey: string,
): Slice => {
  const clusters = new Map<string, ClusterPart>()
  const need = (destination: Destination): void => {
    if (!clusters.has(destination.cluster))
      clusters.set(
        destination.cluster,
        clusterPart(destination, serviceProvenance(service), variant, registry),
      )
  }
  const virtualHosts: Slice['virtualHosts'][number][] = []
  const tcpPorts: TcpPort[] = []
  const captured = variant.mode === 'captured'
  const listens = captured || variant.mode === 'router'
  const rule = serviceProvenance(service)
  const { accessLog } = registry.settings()
  for (const port of service.ports) {
    need(destinationOf(service, port))
    for (const subset of subsetsOf(service, variant, registry)) need(subsetOf(service, port, subset))
    if (!port.http && listens) {
      // A VirtualService goes before rules of 2017.
      const virtual = meshConnectionRoutes(service, port, variant, registry)
      const connections = virtual.length > 0 ? virtual : connectionRules(service, port, variant, registry)
      for (const { destinations } of connections) for (const destination of destinations) need(destination)
      tcpPorts.push(...outboundTcpPorts({ ...service, rule }, port, connections, { accessLog, captured }))
    }
    if (!port.http || variant.mode === 'none') continue
    const routes = serviceRoutes(service, port, variant, registry).map((route) =>
      withHashes(route, variant, registry),
    )
    for (const route of routes) for (const destination of destinationsOf(route)) need(destination)
    const table = variant.mode === 'proxy' ? httpProxyName : String(port.port)
    const part = virtualHostPart(service, port, routes, variant, registry)
    if (part !== undefined) virtualHosts.push({ table, part })
  }
  return {
    owner: service.key,
    variantKey,
    clusters: [...clusters.values()],
    virtualHosts,
    tcpPorts,
    httpPorts: listens ? httpPortsOf(service).map(({ port }) => port) : [],
  }
}

const httpPortsOf = (service: CompiledService): readonly CompiledPort[] =>
  service.ports.filter(({ http }) => http)

const serviceProvenance = ({ stored }: CompiledService): Provenance => provenanceOf(stored)

const destinationOf = ({ hostname }: CompiledService, { port }: CompiledPort): Destination => ({
  hostname,
  port,
  labels: {},
  cluster: outboundCluster(port, '', hostname),
})

/** The subsets that the DestinationRule for callers of this variant defines. */
const subsetsOf = (
  { hostname }: CompiledService,
  variant: SliceVariant,
  registry: Registry,
): readonly string[] =>
  (destinationRuleFor(hostname, variant, registry)?.resource.spec.subsets ?? []).map(({ name }) => name)

const subsetOf = ({ hostname }: CompiledService, { port }: CompiledPort, subset: string): Destination => ({
  hostname,
  port,
  labels: {},
  subset,
  cluster: outboundCluster(port, subset, hostname),
})

const virtualHostPart = (
  service: CompiledService,
  port: CompiledPort,
  routes: readonly HttpRoute[],
  variant: SliceVariant,
  registry: Registry,
): VirtualHostPart | undefined => {
  const mode = variant.mode === 'proxy' ? 'proxy' : 'captured'
  const lost = new Set(lostHosts(service, port.port, variant, registry.claims))
  const lostDomains = new Set(
    [...lost].flatMap((host) => {
      const bracketed = host.includes(':') ? `[${host}]` : host
      return [bracketed, `${bracketed}:${port.port}`]
    }),
  )
  const domains = domainsOf(service.hostname, service.addresses, port.port, variant.domain, mode).filter(
    (domain) => !lostDomains.has(domain),
  )
  if (domains.length === 0) return undefined
  const name = `${service.hostname}:${port.port}`
  const rule = serviceProvenance(service)
  const build = (some: readonly HttpRoute[]) =>
    virtualHostJson({
      name,
      domains,
      routes: some,
      defaultRoute: withHashes(defaultRoute(service.hostname, port.port, rule), variant, registry),
    })
  const whole = build(routes)
  const message = tryEncoded(virtualHostUrl, whole.json)
  // One route that Envoy's limits refuse must not take the others down with it.
  const built = isRight(message) ? whole : build(routes.filter((route) => isRight(encodedRoute(route))))
  return {
    name,
    ...(isRight(message) ? message.right : encoded(virtualHostUrl, built.json)),
    clusters: built.clusters,
    causes: [...built.routes.map((route) => causeOf(route.rule))],
  }
}

const foreignSourceRules = (service: CompiledService, variant: SliceVariant, registry: Registry): string => {
  if (variant.sourceRules.size === 0) return ''
  return foreignHostnames(service, registry)
    .flatMap((hostname) => registry.policiesTo(hostname).map(({ resource }) => keyOf(nameOf(resource))))
    .filter((key) => variant.sourceRules.has(key))
    .sort(byCodeUnit)
    .join(' ')
}

/** Other hostnames that rules to `service` lead to: its slices depend on them too. */
export const foreignHostnames = (service: CompiledService, registry: Registry): string[] => {
  const found = new Set<string>()
  for (const rule of registry.rulesTo(service.hostname))
    for (const port of httpPortsOf(service).slice(0, 1)) {
      const route = serviceRoute(rule, service, port, registry)
      if (route !== undefined) for (const { hostname } of destinationsOf(route)) found.add(hostname)
    }
  for (const port of service.ports.filter(({ http }) => !http).slice(0, 1))
    for (const { destinations } of allConnectionRules(service, port, registry))
      for (const { hostname } of destinations) found.add(hostname)
  for (const { resource } of meshVirtualServicesOf(service.hostname, registry))
    for (const hostname of destinationHostsOf(resource, registry, registry.settings().domain))
      found.add(hostname)
  found.delete(service.hostname)
  return [...found]
}
