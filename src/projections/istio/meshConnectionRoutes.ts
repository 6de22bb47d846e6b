import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import { type CallerTraits, isExportedTo } from './callerCondition.ts'
import { type ConnectionRoute, connectionRoutes } from './connectionRoutes.ts'
import { meshGateway } from './routePlace.ts'

/** The routes of the first VirtualService that says something of connections from these callers to `port` of the
 *  service, which is not routed by request; none where none does. */
export const meshConnectionRoutes = (
  { hostname }: Pick<CompiledService, 'hostname'>,
  { port, protocol }: Pick<CompiledPort, 'port' | 'protocol'>,
  caller: CallerTraits,
  registry: Registry,
): readonly ConnectionRoute[] => {
  for (const rule of registry.istio.meshVirtualServices.taking(hostname)) {
    const { metadata, spec } = rule.resource
    if (!isExportedTo(spec.exportTo, metadata.namespace, caller)) continue
    const place = { gateways: meshGateway, port, caller }
    const routes = connectionRoutes(rule, place, { passesTls: protocol === 'HTTPS' }, registry)
    if (routes.length > 0) return routes
  }
  return []
}
