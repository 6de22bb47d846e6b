import type { IstioSubset, TrafficPolicy } from '../model/istio/destinationRule.ts'
import type { Resource } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import type { OutsideHost } from './entryOfEgressRule.ts'
import { type Loss, losing } from './loss.ts'
import { withOriginatedTls } from './originatedTls.ts'
import { byHostOf, fullHost, hostOf, nameFor, namespaceOf } from './ruleHost.ts'
import type { Subsets } from './subsetNames.ts'
import { trafficPolicyOf } from './trafficPolicyOf.ts'

const apiVersion = 'networking.istio.io/v1'

/** The DestinationRules for `policies`, for the subsets that `rules` lead to, and for TLS that proxies add to what is
 *  `outside`. */
export const destinationRulesOf = (
  policies: readonly Resource<'DestinationPolicy'>[],
  rules: readonly Resource<'RouteRule'>[],
  outside: readonly OutsideHost[],
  domain: string,
  subsetsOf: ReadonlyMap<string, Subsets>,
  at: (host: string) => Subsets,
  losses: Loss[],
): readonly Resource<'DestinationRule'>[] => {
  const byHost = byHostOf(policies, domain)
  const namespaces = new Map(
    [...rules, ...policies].map((one) => [
      hostOf(one.spec.destination, one.metadata.namespace, domain),
      one.metadata.namespace,
    ]),
  )
  const tlsPorts = new Map<string, readonly number[]>()
  for (const { host, tlsPorts: ports, entry } of outside)
    if (ports.length > 0 && !tlsPorts.has(host)) {
      tlsPorts.set(host, ports)
      // Of what is said elsewhere the host's callers would not hear.
      namespaces.set(host, entry.metadata.namespace)
    }
  const made = new Map<string, Map<string, TrafficPolicy>>()
  const ofWhole = new Map<string, Resource<'DestinationPolicy'>>()
  for (const [host, its] of byHost) {
    const own = new Map<string, TrafficPolicy>()
    for (const policy of [...its].sort((a, b) => byCodeUnit(keyOf(nameOf(a)), keyOf(nameOf(b))))) {
      const lose = losing(policy, losses)
      const subset = at(host).name(policy.spec.destination.labels) ?? ''
      if (policy.spec.source !== undefined)
        lose('/spec/source', 'a DestinationRule is for all callers: the policy is left out')
      else if (own.has(subset)) lose('', 'another policy with the smaller name holds: this one is left out')
      else {
        own.set(subset, trafficPolicyOf(policy.spec))
        if (subset === '') ofWhole.set(host, policy)
      }
    }
    made.set(host, own)
  }
  const all = [...new Set([...subsetsOf.keys(), ...byHost.keys(), ...tlsPorts.keys()])].sort(byCodeUnit)
  return all.flatMap((host) => {
    const own = made.get(host) ?? new Map<string, TrafficPolicy>()
    const whole = withOriginatedTls(own.get(''), host, tlsPorts.get(host) ?? [])
    const named = at(host)
      .all()
      .map(({ name, labels }): IstioSubset => {
        const said = own.get(name)
        const trafficPolicy = whole === undefined ? said : { ...nothingOf(whole), ...said }
        return { name, labels, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) }
      })
    if (whole === undefined && named.length === 0) return []
    const holder = ofWhole.get(host)
    if (
      whole?.outlierDetection !== undefined &&
      named.some(({ trafficPolicy }) => trafficPolicy?.outlierDetection === undefined) &&
      holder !== undefined
    )
      losing(holder, losses)(
        '/spec/circuitBreaker',
        'subsets without a circuit breaker of their own leave endpoints out too, by what is said of the whole service',
      )
    return [
      {
        apiVersion,
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

/** A policy of 2017 without labels says nothing of subsets, a trafficPolicy does: a subset takes it back. */
const nothingOf = (whole: TrafficPolicy): TrafficPolicy => ({
  loadBalancer: { simple: 'ROUND_ROBIN' },
  ...(whole.connectionPool === undefined ? {} : { connectionPool: {} }),
})
