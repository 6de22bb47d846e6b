import type { Stored } from '../../model/mesh.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import type { RouteRuleSpec } from '../../model/routeRule.ts'
import type { ConnectionRoute } from '../istio/connectionRoutes.ts'
import { provenanceOf } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { resolveDestination } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { httpDestination } from '../routes/httpDestination.ts'
import type { SliceVariant } from '../views/slice.ts'

/** What a RouteRule does with connections to a port of its service. */
type ConnectionRule = ConnectionRoute & { readonly stored: Stored<'RouteRule'> }

/** Whether a rule is about connections: it has a condition on them, and none on requests, which nobody sees there. */
export const isConnectionRule = ({ match }: RouteRuleSpec): boolean =>
  match?.tcp !== undefined && match.request === undefined && match.udp === undefined

/** The rules for connections from callers of this variant to `port`, as tried; nothing comes after one that takes
 *  everything. A rule without a condition on connections is for requests alone, as in 2017. */
export const connectionRules = (
  service: Pick<CompiledService, 'hostname'>,
  port: CompiledPort,
  variant: Pick<SliceVariant, 'sourceRules'>,
  registry: Registry,
): readonly ConnectionRoute[] => {
  const rules = allConnectionRules(service, port, registry).filter(
    ({ stored: { resource } }) =>
      resource.spec.match?.source === undefined || variant.sourceRules.has(keyOf(nameOf(resource))),
  )
  const last = rules.findIndex(({ subnets, sources }) => subnets.length === 0 && sources === undefined)
  return last === -1 ? rules : rules.slice(0, last + 1)
}

/** The rules for connections to `port` from whatever callers. */
export const allConnectionRules = (
  service: Pick<CompiledService, 'hostname'>,
  port: CompiledPort,
  registry: Registry,
): readonly ConnectionRule[] =>
  registry
    .rulesTo(service.hostname)
    .filter(({ resource }) => isConnectionRule(resource.spec))
    .map((stored) => connectionRule(stored, service, port, registry))

const connectionRule = (
  stored: Stored<'RouteRule'>,
  { hostname }: Pick<CompiledService, 'hostname'>,
  port: CompiledPort,
  registry: Registry,
): ConnectionRule => {
  const { spec, metadata } = stored.resource
  const { sourceSubnet = [], destinationSubnet = [] } = spec.match?.tcp ?? {}
  const { domain } = registry.settings()
  const entries = spec.route?.length ? spec.route : [{ weight: 100 }]
  return {
    stored,
    rule: provenanceOf(stored),
    serverNames: [],
    subnets: destinationSubnet,
    inOrder: true,
    ...(sourceSubnet.length > 0 && { sources: sourceSubnet }),
    destinations: entries.map((entry) => {
      const { destination, labels, weight = 0 } = entry as NonNullable<RouteRuleSpec['route']>[number]
      return {
        ...httpDestination(
          destination === undefined ? hostname : resolveDestination(destination, metadata.namespace, domain),
          labels ?? destination?.labels ?? {},
          { hostname, port },
          (other) => registry.service(other)?.ports,
        ),
        weight: entries.length === 1 ? 100 : weight,
      }
    }),
  }
}
