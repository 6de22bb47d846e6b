import { noLabels, outboundCluster } from '../clusters/clusterName.ts'
import { clusterPart } from '../clusters/clusterPart.ts'
import { connectionRules } from '../connections/connectionRules.ts'
import { outboundTcpPorts, type TcpPort } from '../connections/outboundTcpPorts.ts'
import type { ConnectionRoute } from '../istio/connectionRoutes.ts'
import { destinationRuleFor } from '../istio/destinationRuleFor.ts'
import { meshConnectionRoutes } from '../istio/meshConnectionRoutes.ts'
import { withHashes } from '../istio/trafficFor.ts'
import { httpProxyName } from '../listeners/httpProxyListener.ts'
import { provenanceOf } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { declarationOf, lookUpPortOf } from '../registry/declarers.ts'
import type { Registry } from '../registry/registry.ts'
import { type Destination, destinationsOf } from '../routes/httpRoute.ts'
import { serviceRoutes } from '../routes/serviceRoutes.ts'
import type { CallableNames } from './callableNames.ts'
import { doorsOf } from './egressPlaces.ts'
import { takesPort } from './scope.ts'
import type { ClusterPart, PlaceClaim, Slice, SliceVariant } from './slice.ts'
import { virtualHostPart } from './virtualHostPart.ts'

/** What `service` adds to the configuration of callers of this variant, who know it by `names`. */
export const buildSlice = (
  service: CompiledService,
  names: CallableNames,
  variant: SliceVariant,
  registry: Registry,
  variantKey: string,
): Slice => {
  const clusters = new Map<string, ClusterPart>()
  const declaredBy = provenanceOf(service.stored)
  const need = (destination: Destination): void => {
    if (!clusters.has(destination.cluster))
      clusters.set(destination.cluster, clusterPart(destination, declaredBy, variant, registry))
  }
  const virtualHosts: Slice['virtualHosts'][number][] = []
  const portsByAuthority: number[] = []
  const isByAuthority = ({ cluster }: Destination): boolean => clusters.get(cluster)?.byAuthority === true
  const tcpPorts: TcpPort[] = []
  const httpPorts: number[] = []
  const atPlaces: PlaceClaim[] = []
  const captured = variant.mode === 'captured'
  const listens = captured || variant.mode === 'router'
  const { accessLog } = registry.settings()
  const { apart } = variant
  for (const port of service.ports) {
    const own = destinationOf(service, port)
    need(own)
    for (const subset of subsetsOf(service, variant, registry)) need(subsetOf(service, port, subset))
    const isCalled = apart === undefined || takesPort(apart.called, service, port.port)
    const doors = apart === undefined ? [] : doorsOf(service, port, apart)
    if (!port.http) {
      const direct = isCalled && listens
      if (!direct && doors.length === 0) continue
      const connections = connectionsTo(service, port, variant, registry)
      for (const { destinations } of connections) for (const destination of destinations) need(destination)
      const reached = reachedAt(service, port)
      if (direct) tcpPorts.push(...outboundTcpPorts(reached, port, connections, { accessLog, captured }))
      if (doors.length === 0) continue
      // A place stands for the addresses of its hosts.
      const anywhere = { ...reached, addresses: [], subnets: [] }
      const chains = outboundTcpPorts(anywhere, port, connections, { accessLog, captured }).flatMap(
        (one) => one.chains,
      )
      for (const { name, port: number, place } of doors)
        atPlaces.push({ name, address: place.address, port: number, bound: place.bound, chains })
      continue
    }
    if (isCalled && listens) httpPorts.push(port.port)
    const direct = isCalled && variant.mode !== 'none'
    if (!direct && doors.length === 0) continue
    const routes = serviceRoutes(service, port, variant, registry).map((route) =>
      withHashes(route, variant, registry),
    )
    for (const route of routes) for (const destination of destinationsOf(route)) need(destination)
    const byAuthority = [own, ...routes.flatMap(destinationsOf)].some(isByAuthority)
    if (isCalled && listens && byAuthority) portsByAuthority.push(port.port)
    const put = (table: string, by: Omit<Parameters<typeof virtualHostPart>[2]['by'], 'names'>): void => {
      const part = virtualHostPart(service, port, { routes, by: { names, ...by } }, variant, registry)
      if (part !== undefined) virtualHosts.push({ table, part })
    }
    if (direct && variant.mode === 'proxy') put(httpProxyName, { mode: 'proxy' })
    else if (direct) put(String(port.port), { mode: 'captured' })
    for (const { name, port: number, place } of doors) {
      const { address, bound, scope } = place
      atPlaces.push({ name, address, port: number, bound, byAuthority, chains: [] })
      put(name, { mode: number !== 0 || place.port !== undefined ? 'captured' : 'proxy', scope })
    }
  }
  return {
    owner: service.key,
    variantKey,
    clusters: [...clusters.values()],
    // Copies without the room to grow that pushing leaves, which every service would keep.
    virtualHosts: virtualHosts.slice(),
    tcpPorts: tcpPorts.slice(),
    httpPorts: httpPorts.slice(),
    ...(portsByAuthority.length > 0 && { portsByAuthority }),
    ...(atPlaces.length > 0 && { atPlaces, tables: tablesOf(atPlaces) }),
  }
}

/** Of places that are called by request, each once. */
const tablesOf = (places: readonly PlaceClaim[]): readonly string[] => [
  ...new Set(places.filter(({ byAuthority }) => byAuthority !== undefined).map(({ name }) => name)),
]

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

/** A VirtualService goes before rules of 2017. */
const connectionsTo = (
  service: CompiledService,
  port: CompiledPort,
  variant: SliceVariant,
  registry: Registry,
): readonly ConnectionRoute[] => {
  const virtual = meshConnectionRoutes(service, port, variant, registry)
  return virtual.length > 0 ? virtual : connectionRules(service, port, variant, registry)
}

const reachedAt = (service: CompiledService, port: CompiledPort): Parameters<typeof outboundTcpPorts>[0] => {
  const { addresses, subnets = [], stored } = declarationOf(service, port)
  const lookUpPort = lookUpPortOf(service, port)
  return {
    hostname: service.hostname,
    ...(service.serverNames && { serverNames: service.serverNames }),
    addresses,
    subnets,
    rule: provenanceOf(stored),
    ...(lookUpPort !== undefined && { lookUpPort }),
  }
}
