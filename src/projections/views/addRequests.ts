import { withHashes } from '../istio/trafficFor.ts'
import { httpProxyName } from '../listeners/httpProxyListener.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import type { domainsOf } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { type Destination, destinationsOf } from '../routes/httpRoute.ts'
import { serviceRoutes } from '../routes/serviceRoutes.ts'
import type { CallableNames } from './callableNames.ts'
import type { Scope } from './scope.ts'
import type { SliceVariant } from './slice.ts'
import { hasListeners, isAtCapture, reachOf, type SliceDraft } from './sliceDraft.ts'
import { virtualHostPart } from './virtualHostPart.ts'

/** Adds a port that is routed by request to the slice of its service, whose own cluster for it is `own`. */
export const addRequests = (
  draft: SliceDraft,
  {
    service,
    port,
    names,
    own,
  }: {
    readonly service: CompiledService
    readonly port: CompiledPort
    readonly names: CallableNames
    readonly own: Destination
  },
  variant: SliceVariant,
  registry: Registry,
): void => {
  const { doors, ...reach } = reachOf(service, port, variant)
  const isCalled = reach.isCalled && !isAtCapture(variant, port, registry)
  const listens = isCalled && hasListeners(variant)
  if (listens) draft.httpPorts.push(port.port)
  const direct = isCalled && variant.mode !== 'none'
  if (!direct && doors.length === 0) return
  const routes = serviceRoutes(service, port, variant, registry).map((route) =>
    withHashes(route, variant, registry),
  )
  for (const route of routes) for (const destination of destinationsOf(route)) draft.need(destination)
  const byAuthority = [own, ...routes.flatMap(destinationsOf)].some(
    ({ cluster }) => draft.clusters.get(cluster)?.byAuthority === true,
  )
  if (listens && byAuthority) draft.portsByAuthority.push(port.port)
  const put = (table: string, mode: Parameters<typeof domainsOf>[2], scope?: Scope): void => {
    const by = { names, mode, ...(scope && { scope }) }
    const part = virtualHostPart(service, port, { routes, by }, variant, registry)
    if (part !== undefined) draft.virtualHosts.push({ table, part })
  }
  if (direct && variant.mode === 'proxy') put(httpProxyName, 'proxy')
  else if (direct) put(String(port.port), 'captured')
  for (const { name, port: number, place } of doors) {
    const { address, bound, scope } = place
    draft.atPlaces.push({ name, address, port: number, bound, byAuthority, chains: [] })
    put(name, number !== 0 || place.port !== undefined ? 'captured' : 'proxy', scope)
  }
}
