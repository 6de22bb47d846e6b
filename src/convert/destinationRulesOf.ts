import type { IstioSubset, TrafficPolicy } from '../model/istio/destinationRule.ts'
import type { Resource } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import type { OutsideHost } from './entryOfEgressRule.ts'
import { type Loss, losing } from './loss.ts'
import { withOriginatedTls } from './originatedTls.ts'
import { byHostOf, fullHost, hostOf, nameFor, namespaceOf } from './ruleHost.ts'
import type { Subsets } from './subsetNames.ts'
import { trafficPolicyOf } from './trafficPolicyOf.ts'

/** The DestinationRules for `policies`, for the subsets that `rules` lead to (`subsetsOf` their hosts), and for TLS that
 *  proxies add to what is `outside`; what they cannot say is added to `losses`. */
export const destinationRulesOf = (
  from: {
    readonly policies: readonly Resource<'DestinationPolicy'>[]
    readonly rules: readonly Resource<'RouteRule'>[]
    readonly outside: readonly OutsideHost[]
    readonly subsetsOf: ReadonlyMap<string, Subsets>
    readonly at: (host: string) => Subsets
    readonly domain: string
  },
  losses: Loss[],
): readonly Resource<'DestinationRule'>[] => {
  const { policies, rules, subsetsOf, at, domain } = from
  const withTls = new Map<string, OutsideHost>()
  for (const one of from.outside)
    if (one.tlsPorts.length > 0 && !withTls.has(one.host)) withTls.set(one.host, one)
  const namespaces = new Map([
    ...[...rules, ...policies].map(
      ({ spec, metadata: { namespace } }) =>
        [hostOf(spec.destination, namespace, domain), namespace] as const,
    ),
    // Of what is said elsewhere the callers of a host outside would not hear.
    ...[...withTls].map(([host, { entry }]) => [host, entry.metadata.namespace] as const),
  ])
  const said = new Map(
    [...byHostOf(policies, domain)].map(([host, its]) => [host, saidOf(its, at(host), losses)] as const),
  )
  const hosts = new Set([...subsetsOf.keys(), ...said.keys(), ...withTls.keys()])
  return [...hosts].sort(byCodeUnit).flatMap((host) => {
    const { bySubset, holder } = said.get(host) ?? nothingSaid
    const whole = withOriginatedTls(bySubset.get(''), host, withTls.get(host)?.tlsPorts ?? [])
    const named = subsetsBeside(whole, at(host), bySubset)
    if (whole === undefined && named.length === 0) return []
    if (holder !== undefined && isBreakerInherited(whole, named))
      losing(holder, losses)(
        '/spec/circuitBreaker',
        'subsets without a circuit breaker of their own leave endpoints out too, by what is said of the whole service',
      )
    return [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule' as const,
        metadata: { name: nameFor(host), namespace: namespaces.get(host) ?? namespaceOf(host) },
        spec: {
          host: fullHost(host, namespaceOf(host), domain),
          ...(whole === undefined ? {} : { trafficPolicy: whole }),
          ...(named.length === 0 ? {} : { subsets: named }),
        },
      },
    ]
  })
}

/** What policies say of a host, by subset ('' is the whole), and the one that says it of the whole. */
type Said = {
  readonly bySubset: ReadonlyMap<string, TrafficPolicy>
  readonly holder?: Resource<'DestinationPolicy'>
}

const nothingSaid: Said = { bySubset: new Map() }

const saidOf = (
  policies: readonly Resource<'DestinationPolicy'>[],
  subsets: Subsets,
  losses: Loss[],
): Said => {
  const bySubset = new Map<string, TrafficPolicy>()
  let holder: Resource<'DestinationPolicy'> | undefined
  for (const policy of [...policies].sort((a, b) => byCodeUnit(keyOf(nameOf(a)), keyOf(nameOf(b))))) {
    const lose = losing(policy, losses)
    const subset = subsets.name(policy.spec.destination.labels) ?? ''
    if (policy.spec.source !== undefined)
      lose('/spec/source', 'a DestinationRule is for all callers: the policy is left out')
    else if (bySubset.has(subset))
      lose('', 'another policy with the smaller name holds: this one is left out')
    else {
      bySubset.set(subset, trafficPolicyOf(policy.spec))
      if (subset === '') holder = policy
    }
  }
  return { bySubset, ...(holder && { holder }) }
}

const subsetsBeside = (
  whole: TrafficPolicy | undefined,
  subsets: Subsets,
  bySubset: Said['bySubset'],
): readonly IstioSubset[] =>
  subsets.all().map(({ name, labels }): IstioSubset => {
    const own = bySubset.get(name)
    const trafficPolicy = whole === undefined ? own : { ...nothingOf(whole), ...own }
    return { name, labels, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) }
  })

/** A policy of 2017 without labels says nothing of subsets, a trafficPolicy does: a subset takes it back. */
const nothingOf = (whole: TrafficPolicy): TrafficPolicy => ({
  loadBalancer: { simple: 'ROUND_ROBIN' },
  ...(whole.connectionPool === undefined ? {} : { connectionPool: {} }),
})

/** Outlier detection alone cannot be taken back. */
const isBreakerInherited = (whole: TrafficPolicy | undefined, subsets: readonly IstioSubset[]): boolean =>
  whole?.outlierDetection !== undefined &&
  subsets.some(({ trafficPolicy }) => trafficPolicy?.outlierDetection === undefined)
