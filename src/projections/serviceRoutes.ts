import type { Stored } from '../model/mesh.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import type { CompiledPort, CompiledService } from './compiledService.ts'
import { compileRouteRule } from './compileRouteRule.ts'
import type { HttpRoute } from './httpRoute.ts'
import type { Registry } from './registry.ts'
import type { SliceVariant } from './slice.ts'

/** The routes that the RouteRules of `service` give to one of its ports, for callers of this variant, as tried. */
export const serviceRoutes = (
  service: CompiledService,
  port: CompiledPort,
  variant: Pick<SliceVariant, 'sourceRules'>,
  registry: Registry,
): HttpRoute[] =>
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
