import { anyAddress } from '../anyAddress.ts'
import { noLabels } from '../clusters/clusterName.ts'
import { connectionRules } from '../connections/connectionRules.ts'
import { outboundTcpPorts } from '../connections/outboundTcpPorts.ts'
import type { ConnectionRoute } from '../istio/connectionRoutes.ts'
import { meshConnectionRoutes } from '../istio/meshConnectionRoutes.ts'
import { idleTimeoutMsTo } from '../istio/trafficFor.ts'
import { provenanceOf } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { declarationOf, lookUpPortOf } from '../registry/declarers.ts'
import type { Registry } from '../registry/registry.ts'
import type { SliceVariant } from './slice.ts'
import { hasListeners, isAtCapture, reachOf, type SliceDraft } from './sliceDraft.ts'

/** Adds a port that is routed by connection to the slice of its service. */
export const addConnections = (
  draft: SliceDraft,
  { service, port }: { readonly service: CompiledService; readonly port: CompiledPort },
  variant: SliceVariant,
  registry: Registry,
): void => {
  const { isCalled, doors } = reachOf(service, port, variant)
  const direct = isCalled && hasListeners(variant)
  if (!direct && doors.length === 0) return
  const how = { accessLog: registry.settings().accessLog, captured: variant.mode === 'captured' }
  const connections = connectionsTo(service, port, variant, registry)
  for (const { destinations } of connections) for (const destination of destinations) draft.need(destination)
  const reached = reachedAt(service, port, variant, registry)
  if (direct) {
    const atCapture = isAtCapture(variant, port, registry)
    for (const one of outboundTcpPorts(reached, port, connections, how))
      if (!atCapture || one.address !== anyAddress) draft.tcpPorts.push(one)
  }
  if (doors.length === 0) return
  // A place stands for the addresses of its hosts.
  const anywhere = { ...reached, addresses: [], subnets: [] }
  const chains = outboundTcpPorts(anywhere, port, connections, how).flatMap((one) => one.chains)
  for (const { name, port: number, place } of doors)
    draft.atPlaces.push({ name, address: place.address, port: number, bound: place.bound, chains })
}

/** A VirtualService goes before rules of 2017. */
const connectionsTo = (
  service: CompiledService,
  port: CompiledPort,
  variant: SliceVariant,
  registry: Registry,
): readonly ConnectionRoute[] => {
  const virtual = meshConnectionRoutes(service, port, variant, registry)
  if (virtual.length > 0) return virtual
  return connectionRules(service, port, variant, registry).map((route) => {
    const [first] = route.destinations
    const idleTimeoutMs = first && idleTimeoutMsTo(first, variant, registry)
    return idleTimeoutMs === undefined ? route : { ...route, idleTimeoutMs }
  })
}

const reachedAt = (
  service: CompiledService,
  port: CompiledPort,
  variant: SliceVariant,
  registry: Registry,
): Parameters<typeof outboundTcpPorts>[0] => {
  const { addresses, subnets = [], stored } = declarationOf(service, port)
  const lookUpPort = lookUpPortOf(service, port)
  const own = { hostname: service.hostname, port: port.port, labels: noLabels }
  const idleTimeoutMs = idleTimeoutMsTo(own, variant, registry)
  return {
    hostname: service.hostname,
    ...(service.serverNames && { serverNames: service.serverNames }),
    addresses,
    subnets,
    rule: provenanceOf(stored),
    ...(lookUpPort !== undefined && { lookUpPort }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
  }
}
