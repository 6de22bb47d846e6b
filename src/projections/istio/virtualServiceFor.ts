import type { Stored } from '../../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { CompiledPort, CompiledService } from '../compiledService.ts'
import type { HttpRoute } from '../httpRoute.ts'
import type { Registry } from '../registry.ts'
import { type CallerTraits, isExportedTo } from './callerCondition.ts'
import { compileVirtualService } from './compileVirtualService.ts'
import { hostPatterns } from './hostPatterns.ts'
import { meshGateway } from './routePlace.ts'

/** Every VirtualService for callers within the mesh that may hold for `hostname`, in the order in which they are
 *  tried: the more specific host first, then the smaller key. */
export const meshVirtualServicesOf = (
  hostname: string,
  registry: Pick<Registry, 'istio'>,
): readonly Stored<'VirtualService'>[] =>
  hostPatterns(hostname).flatMap((host) =>
    [...registry.istio.virtualServices(host)].sort((a, b) =>
      byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource))),
    ),
  )

/** The routes of the first VirtualService that says something of requests from these callers to `port` of the
 *  service; none where none does. */
export const virtualServiceRoutes = (
  { hostname }: Pick<CompiledService, 'hostname'>,
  { port }: Pick<CompiledPort, 'port'>,
  caller: CallerTraits,
  registry: Registry,
): readonly HttpRoute[] => {
  for (const rule of meshVirtualServicesOf(hostname, registry)) {
    const { metadata, spec } = rule.resource
    if (!isExportedTo(spec.exportTo, metadata.namespace, caller)) continue
    const routes = compileVirtualService(rule, { gateways: meshGateway, port, caller }, registry)
    if (routes.length > 0) return routes
  }
  return []
}
