import { noLabels, outboundCluster } from '../clusters/clusterName.ts'
import { destinationRuleFor } from '../istio/destinationRuleFor.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import type { Destination } from '../routes/httpRoute.ts'
import { addConnections } from './addConnections.ts'
import { addRequests } from './addRequests.ts'
import type { CallableNames } from './callableNames.ts'
import type { PlaceClaim, Slice, SliceVariant } from './slice.ts'
import { createDraft } from './sliceDraft.ts'

/** What `service` adds to the configuration of callers of this variant, who know it by `names`. */
export const buildSlice = (
  service: CompiledService,
  names: CallableNames,
  variant: SliceVariant,
  registry: Registry,
  variantKey: string,
): Slice => {
  const draft = createDraft(service, variant, registry)
  for (const port of service.ports) {
    const own = destinationOf(service, port)
    draft.need(own)
    for (const subset of subsetsOf(service, variant, registry)) draft.need(subsetOf(service, port, subset))
    if (port.http) addRequests(draft, { service, port, names, own }, variant, registry)
    else addConnections(draft, { service, port }, variant, registry)
  }
  const { clusters, virtualHosts, tcpPorts, httpPorts, portsByAuthority, atPlaces } = draft
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
