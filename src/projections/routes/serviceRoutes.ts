import type { Stored } from '../../model/mesh.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { virtualServiceRoutes } from '../istio/virtualServiceFor.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import type { SliceVariant } from '../views/slice.ts'
import { compileRouteRule } from './compileRouteRule.ts'
import type { HttpRoute } from './httpRoute.ts'

/** The routes that rules give to a port of `service`, for callers of this variant: a VirtualService's alone where one
 *  says something of it, else those of RouteRules, as tried. */
export const serviceRoutes = (
  service: CompiledService,
  port: CompiledPort,
  variant: Pick<SliceVariant, 'sourceRules' | 'namespace'>,
  registry: Registry,
): readonly HttpRoute[] => {
  const virtual = virtualServiceRoutes(service, port, variant, registry)
  return virtual.length > 0 ? virtual : ruleRoutes(service, port, variant, registry)
}

const ruleRoutes = (
  service: CompiledService,
  port: CompiledPort,
  variant: Pick<SliceVariant, 'sourceRules'>,
  registry: Registry,
): readonly HttpRoute[] =>
  registry
    .rulesTo(service.hostname)
    .filter(
      ({ resource }) =>
        resource.spec.match?.source === undefined || variant.sourceRules.has(keyOf(nameOf(resource))),
    )
    .map((rule) => serviceRoute(rule, service, port, registry))
    .filter((route) => route !== undefined)

/** The route that one of them gives; `undefined` where it holds a condition that cannot be checked. */
export const serviceRoute = (
  rule: Stored<'RouteRule'>,
  { hostname }: CompiledService,
  port: CompiledPort,
  registry: Registry,
): HttpRoute | undefined =>
  compileRouteRule(
    rule,
    { hostname, port },
    registry.settings().domain,
    (other) => registry.service(other)?.ports,
  ).route
