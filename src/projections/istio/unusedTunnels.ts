import type { DestinationRuleSpec } from '../../model/istio/destinationRule.ts'
import type { Registry } from '../registry/registry.ts'
import { resolveHost } from './hostPatterns.ts'
import type { Unused } from './unusedFields.ts'

/** The tunnels of a rule for `hostname`, where no connection is sent there by a route. Of a host with `*` nobody knows. */
export const unusedTunnels = (
  { trafficPolicy, subsets = [] }: DestinationRuleSpec,
  hostname: string,
  registry: Registry,
): readonly Unused[] => {
  const places = [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)]
  if (hostname.startsWith('*') || places.every((policy) => policy?.tunnel === undefined)) return []
  return leadsConnectionsTo(hostname, registry)
    ? []
    : ['trafficPolicy', 'subsets/*/trafficPolicy'].map(
        (path): Unused => [`${path}/tunnel`, 'No tcp or tls route of a VirtualService leads to the host.'],
      )
}

const leadsConnectionsTo = (hostname: string, registry: Registry): boolean => {
  const { domain } = registry.settings()
  for (const { resource } of registry.istio.virtualServices()) {
    const { tcp = [], tls = [] } = resource.spec
    for (const { destination } of [...tcp, ...tls].flatMap(({ route }) => route))
      if (resolveHost(destination.host, resource.metadata.namespace, domain) === hostname) return true
  }
  return false
}
