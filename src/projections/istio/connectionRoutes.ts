import type { L4MatchAttributes } from '../../model/istio/virtualService.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Tunnel } from '../listeners/networkFilters.ts'
import { type Provenance, provenanceOf } from '../provenance.ts'
import { lookUpPortOf } from '../registry/declarers.ts'
import type { Registry } from '../registry/registry.ts'
import type { WeightedDestination } from '../routes/httpRoute.ts'
import type { PolicyAtPort } from './compileTrafficPolicy.ts'
import { istioDestination } from './istioDestination.ts'
import { isMet, type RoutePlace } from './routePlace.ts'
import { idleTimeoutMsTo, trafficFor } from './trafficFor.ts'

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
  /** The destinations are proxies, through which connections go on. */
  readonly tunnel?: Tunnel
  /** A destination is what the name in TLS says, looked up at this port. */
  readonly lookUpPort?: number
  /** Connections end that are idle for so long. */
  readonly idleTimeoutMs?: number
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
  const met = (match: L4MatchAttributes): boolean => isMet(match, metadata.namespace, place)
  const to = (route: NonNullable<typeof spec.tcp>[number]['route']): readonly WeightedDestination[] =>
    route.map(({ destination, weight = 0 }) => ({
      ...istioDestination(destination, metadata.namespace, place.port, registry),
      weight: route.length === 1 ? 100 : weight,
    }))
  const leadingTo = (route: NonNullable<typeof spec.tcp>[number]['route']) => {
    const destinations = to(route)
    const [first] = destinations
    // A listener has one tunnel and time-out, whatever the weights (Istio takes the first destination's too).
    const tunnel = first && tunnelOf(trafficFor(first, place.caller, registry)?.policy)
    const [lookUpPort] = destinations.flatMap((one) => lookUpPortAt(one, registry) ?? [])
    const idleTimeoutMs = first && idleTimeoutMsTo(first, place.caller, registry)
    return {
      destinations,
      ...(tunnel && { tunnel }),
      ...(lookUpPort !== undefined && { lookUpPort }),
      ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    }
  }
  const rule = provenanceOf(stored)
  const byName = (passesTls ? (spec.tls ?? []) : []).flatMap(({ match, route }) =>
    match.filter(met).map((one) => ({
      serverNames: one.sniHosts.includes('*') ? [] : one.sniHosts,
      subnets: one.destinationSubnets ?? [],
      ...fromSubnet(one),
      ...leadingTo(route),
      rule,
    })),
  )
  const whatever = (spec.tcp ?? []).flatMap(({ match = [], route }) =>
    (match.length === 0 ? [{}] : match.filter(met)).map((one: L4MatchAttributes) => ({
      serverNames: [],
      subnets: one.destinationSubnets ?? [],
      ...fromSubnet(one),
      ...leadingTo(route),
      rule,
    })),
  )
  const all = [...byName, ...whatever]
  // To Envoy a subnet is more or less specific than a name, and it never goes back: order must be told.
  const isMixed = all.some(({ subnets }) => subnets.length > 0) && byName.length > 0
  return isMixed || all.some(({ sources }) => sources !== undefined)
    ? all.map((route) => ({ ...route, inOrder: true as const }))
    : all
}

const lookUpPortAt = ({ hostname, port }: WeightedDestination, registry: Registry): number | undefined => {
  const service = registry.service(hostname)
  const own = service?.ports.find((one) => one.port === port)
  return service && own && lookUpPortOf(service, own)
}

const fromSubnet = ({ sourceSubnet }: L4MatchAttributes): Pick<ConnectionRoute, 'sources'> =>
  sourceSubnet === undefined ? {} : { sources: [sourceSubnet] }

const tunnelOf = ({ tunnel }: PolicyAtPort = {}): Tunnel | undefined => {
  if (tunnel === undefined) return undefined
  const { protocol, targetHost, targetPort } = tunnel
  const host = targetHost.includes(':') ? `[${targetHost}]` : targetHost
  return { target: `${host}:${targetPort}`, post: protocol === 'POST' }
}
