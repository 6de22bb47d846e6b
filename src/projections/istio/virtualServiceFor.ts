import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import type { HttpRoute } from '../routes/httpRoute.ts'
import { type CallerTraits, isExportedTo } from './callerCondition.ts'
import { compileVirtualService } from './compileVirtualService.ts'
import { meshGateway } from './routePlace.ts'

/** The routes of the first VirtualService that says something of requests from these callers to `port` of the
 *  service; none where none does. */
export const virtualServiceRoutes = (
  { hostname }: Pick<CompiledService, 'hostname'>,
  { port }: Pick<CompiledPort, 'port'>,
  caller: CallerTraits,
  registry: Registry,
): readonly HttpRoute[] => {
  for (const rule of registry.istio.meshVirtualServices.taking(hostname)) {
    const { metadata, spec } = rule.resource
    if (!isExportedTo(spec.exportTo, metadata.namespace, caller)) continue
    const routes = compileVirtualService(rule, { gateways: meshGateway, port, caller }, registry)
    if (routes.length > 0) return routes
  }
  return []
}
