import { isRight } from 'fp-ts/lib/Either.js'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { VirtualHostPart } from '../../model/xds.ts'
import { outboundCluster } from '../clusters/clusterName.ts'
import { clusterPart } from '../clusters/clusterPart.ts'
import { allConnectionRules, connectionRules } from '../connections/connectionRules.ts'
import { outboundTcpPorts, type TcpPort } from '../connections/outboundTcpPorts.ts'
import { encoded, tryEncoded } from '../encoded.ts'
import { destinationHostsOf } from '../istio/destinationHostsOf.ts'
import { destinationRuleFor } from '../istio/destinationRuleFor.ts'
import { istioVariantKey } from '../istio/istioVariantKey.ts'
import { meshConnectionRoutes } from '../istio/meshConnectionRoutes.ts'
import { withHashes } from '../istio/trafficFor.ts'
import { httpProxyName } from '../listeners/httpProxyListener.ts'
import { type Provenance, provenanceOf } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { declarationOf, lookUpPortOf } from '../registry/declarers.ts'
import { domainsOf, hostsOf, shortForms } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { defaultRoute } from '../routes/defaultRoute.ts'
import { encodedRoute } from '../routes/encodedRoute.ts'
import { type Destination, destinationsOf, type HttpRoute } from '../routes/httpRoute.ts'
import { serviceRoute, serviceRoutes } from '../routes/serviceRoutes.ts'
import { virtualHostJson } from '../routes/virtualHost.ts'
import { lostHosts } from './lostDomains.ts'
import type { ClusterPart, Slice, SliceVariant } from './slice.ts'

const virtualHostUrl = 'type.googleapis.com/envoy.config.route.v3.VirtualHost'

/** The declared input of the slice of `service`: equal keys, equal slices, as long as the registry stands. `foreign`:
 *  other hostnames that rules to it lead to. */
export const variantKeyOf = (
  service: CompiledService,
  foreign: readonly string[],
  variant: SliceVariant,
  registry: Registry,
): string => {
  const rules = [...registry.rulesTo(service.hostname), ...registry.policiesTo(service.hostname)]
    .map(({ resource }) => keyOf(nameOf(resource)))
    .filter((key) => variant.sourceRules.has(key))
  const lost = httpPortsOf(service).map(({ port }) =>
    lostHosts(service, port, variant, registry.claims).join(','),
  )
  const forms = shortForms(service.hostname, variant.domain).length
  // Rules to this service may lead to others, whose policies may hold for some callers only.
  const foreignRules = foreignSourceRules(foreign, variant, registry)
  const hostnames = [service.hostname, ...foreign]
  const istio = istioVariantKey(hostnames, variant, registry)
  const meant = meantKey(hostnames, variant, registry)
  // A Sidecar may have left some out.
  const ports = service.parts === undefined ? '' : service.ports.map(({ port }) => port).join(' ')
  return [variant.mode, forms, rules.join(' '), lost.join(' '), foreignRules, istio, meant, ports].join('\n')
}

/** Which services the hostnames mean that more than one claims. */
const meantKey = (hostnames: readonly string[], { meant }: SliceVariant, registry: Registry): string =>
  hostnames
    .filter((hostname) => registry.claimants(hostname).length > 1)
    .map((hostname) => meant(hostname)?.key)
    .join(' ')

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
  const portsByAuthority: number[] = []
  const isByAuthority = ({ cluster }: Destination): boolean => clusters.get(cluster)?.byAuthority === true
  const tcpPorts: TcpPort[] = []
  const captured = variant.mode === 'captured'
  const listens = captured || variant.mode === 'router'
  const { accessLog } = registry.settings()
  for (const port of service.ports) {
    const declared = declarationOf(service, port)
    need(destinationOf(service, port))
    for (const subset of subsetsOf(service, variant, registry)) need(subsetOf(service, port, subset))
    if (!port.http && listens) {
      // A VirtualService goes before rules of 2017.
      const virtual = meshConnectionRoutes(service, port, variant, registry)
      const connections = virtual.length > 0 ? virtual : connectionRules(service, port, variant, registry)
      for (const { destinations } of connections) for (const destination of destinations) need(destination)
      const { addresses, subnets = [], stored } = declared
      const lookUpPort = lookUpPortOf(service, port)
      const reached = {
        ...service,
        addresses,
        subnets,
        rule: provenanceOf(stored),
        ...(lookUpPort !== undefined && { lookUpPort }),
      }
      tcpPorts.push(...outboundTcpPorts(reached, port, connections, { accessLog, captured }))
    }
    if (!port.http || variant.mode === 'none') continue
    const routes = serviceRoutes(service, port, variant, registry).map((route) =>
      withHashes(route, variant, registry),
    )
    for (const route of routes) for (const destination of destinationsOf(route)) need(destination)
    if (listens && [destinationOf(service, port), ...routes.flatMap(destinationsOf)].some(isByAuthority))
      portsByAuthority.push(port.port)
    const table = variant.mode === 'proxy' ? httpProxyName : String(port.port)
    const part = virtualHostPart(service, port, routes, variant, registry)
    if (part !== undefined) virtualHosts.push({ table, part })
  }
  return {
    owner: service.key,
    variantKey,
    clusters: [...clusters.values()],
    // Copies without the room to grow that pushing leaves, which every service would keep.
    virtualHosts: virtualHosts.slice(),
    tcpPorts: tcpPorts.slice(),
    httpPorts: listens ? httpPortsOf(service).map(({ port }) => port) : [],
    ...(portsByAuthority.length > 0 && { portsByAuthority }),
  }
}

/** One for all. */
const noLabels: Readonly<Record<string, string>> = {}

const httpPortsOf = (service: CompiledService): readonly CompiledPort[] =>
  service.ports.filter(({ http }) => http)

const serviceProvenance = ({ stored }: CompiledService): Provenance => provenanceOf(stored)

const destinationOf = ({ hostname }: CompiledService, { port }: CompiledPort): Destination => ({
  hostname,
  port,
  labels: noLabels,
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
  labels: noLabels,
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
  const lost = lostHosts(service, port.port, variant, registry.claims)
  const hosts = hostsOf(service, variant.domain).filter((host) => !lost.includes(host))
  if (hosts.length === 0) return undefined
  const name = `${service.hostname}:${port.port}`
  const rule = provenanceOf(declarationOf(service, port).stored)
  const build = (some: readonly HttpRoute[]) =>
    virtualHostJson({
      name,
      domains: domainsOf(hosts, port.port, mode),
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
    causes: built.routes.map(({ rule }) => rule),
  }
}

const foreignSourceRules = (
  foreign: readonly string[],
  variant: SliceVariant,
  registry: Registry,
): string => {
  if (variant.sourceRules.size === 0) return ''
  return foreign
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
  for (const { resource } of registry.istio.meshVirtualServices.taking(service.hostname))
    for (const hostname of destinationHostsOf(resource, registry, registry.settings().domain))
      found.add(hostname)
  found.delete(service.hostname)
  return [...found]
}
