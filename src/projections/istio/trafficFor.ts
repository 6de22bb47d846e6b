import { durationMs } from '../../model/duration.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Registry } from '../registry/registry.ts'
import type { Destination, HttpHash, HttpRoute } from '../routes/httpRoute.ts'
import { destinationsOf } from '../routes/httpRoute.ts'
import type { CallerTraits } from './callerCondition.ts'
import { hashOf, type PolicyAtPort, policyAt } from './compileTrafficPolicy.ts'
import { destinationRuleFor } from './destinationRuleFor.ts'

/** What a DestinationRule says of one destination. */
export type Traffic = {
  readonly rule: Stored<'DestinationRule'>
  readonly policy: PolicyAtPort
  /** Of the subset; `undefined` when the rule has none of that name. */
  readonly labels: Readonly<Record<string, string>> | undefined
}

/** What the DestinationRule that holds says of `destination` for callers of this variant. */
export const trafficFor = (
  { hostname, port, labels, subset }: Pick<Destination, 'hostname' | 'port' | 'labels' | 'subset'>,
  variant: CallerTraits,
  registry: Registry,
): Traffic | undefined => {
  const rule = destinationRuleFor(hostname, variant, registry)
  if (rule === undefined) return undefined
  const { trafficPolicy, subsets = [] } = rule.resource.spec
  const meant = subset === undefined ? undefined : subsets.find(({ name }) => name === subset)
  return {
    rule,
    policy: policyAt(trafficPolicy, meant?.trafficPolicy, port),
    labels: subset === undefined ? labels : meant && (meant.labels ?? {}),
  }
}

/** How long a connection to `destination` may be idle, in milliseconds, where the DestinationRule that holds says so. */
export const idleTimeoutMsTo = (
  destination: Pick<Destination, 'hostname' | 'port' | 'labels' | 'subset'>,
  variant: CallerTraits,
  registry: Registry,
): number | undefined =>
  durationMs(trafficFor(destination, variant, registry)?.policy.connectionPool?.tcp?.idleTimeout ?? '')

/** `route` with what the load balancers of its destinations need to tell requests alike. */
export const withHashes = (route: HttpRoute, variant: CallerTraits, registry: Registry): HttpRoute => {
  let hashes: Map<string, HttpHash> | undefined
  for (const destination of destinationsOf(route)) {
    const traffic = trafficFor(destination, variant, registry)
    const hash = traffic && hashOf(traffic.policy)
    if (hash === undefined) continue
    hashes ??= new Map()
    hashes.set(JSON.stringify(hash), hash)
  }
  return hashes === undefined ? route : { ...route, hash: [...hashes.values()] }
}
