import type { L4MatchAttributes } from '../../model/istio/virtualService.ts'
import type { Stored } from '../../model/mesh.ts'
import type { WeightedDestination } from '../httpRoute.ts'
import { type Provenance, provenanceOf } from '../provenance.ts'
import type { Registry } from '../registry.ts'
import { istioDestination } from './istioDestination.ts'
import { isMet, type RoutePlace } from './routePlace.ts'

/** Which connections a rule leads where. */
export type ConnectionRoute = {
  /** Names in TLS; none: whatever is asked for. */
  readonly serverNames: readonly string[]
  /** Of the addresses that they go to; none: any. */
  readonly subnets: readonly string[]
  /** Of the addresses that they come from; absent: any. */
  readonly sources?: readonly string[]
  /** It is tried in its place, whatever is more specific. */
  readonly inOrder?: true
  readonly destinations: readonly WeightedDestination[]
  readonly rule: Provenance
}

/** The routes that `stored` gives to connections at `place`, in their order: by the name in TLS where they are of TLS
 *  that is passed on, and whatever they are. */
export const connectionRoutes = (
  stored: Stored<'VirtualService'>,
  place: RoutePlace,
  { passesTls }: { readonly passesTls: boolean },
  registry: Registry,
): readonly ConnectionRoute[] => {
  const { metadata, spec } = stored.resource
  const met = (match: L4MatchAttributes): boolean =>
    match.sourceSubnet === undefined && isMet(match, metadata.namespace, place)
  const to = (route: NonNullable<typeof spec.tcp>[number]['route']): readonly WeightedDestination[] =>
    route.map(({ destination, weight = 0 }) => ({
      ...istioDestination(destination, metadata.namespace, place.port, registry),
      weight: route.length === 1 ? 100 : weight,
    }))
  const rule = provenanceOf(stored)
  const byName = (passesTls ? (spec.tls ?? []) : []).flatMap(({ match, route }) =>
    match.filter(met).map((one) => ({
      serverNames: one.sniHosts.includes('*') ? [] : one.sniHosts,
      subnets: one.destinationSubnets ?? [],
      destinations: to(route),
      rule,
    })),
  )
  const whatever = (spec.tcp ?? []).flatMap(({ match = [], route }) =>
    (match.length === 0 ? [{}] : match.filter(met)).map((one: L4MatchAttributes) => ({
      serverNames: [],
      subnets: one.destinationSubnets ?? [],
      destinations: to(route),
      rule,
    })),
  )
  return [...byName, ...whatever]
}
