import type { IstioSubset, TrafficPolicy } from '../model/istio/destinationRule.ts'
import type { IstioDestination } from '../model/istio/virtualService.ts'
import type { Resource } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import { besideIngress } from './besideIngress.ts'
import { entryOfEgressRule, type OutsideHost } from './entryOfEgressRule.ts'
import { gatewaysOfIngressRules } from './gatewaysOfIngressRules.ts'
import { type Converted, type Loss, losing } from './loss.ts'
import { withOriginatedTls } from './originatedTls.ts'
import { routeOfRule } from './routeOfRule.ts'
import { fullHost, hostOf } from './ruleHost.ts'
import { type Subsets, subsets } from './subsetNames.ts'
import { trafficPolicyOf } from './trafficPolicyOf.ts'

const apiVersion = 'networking.istio.io/v1'

/** RouteRules and DestinationPolicies of 2017 as VirtualServices and DestinationRules, one of each for a host, EgressRules as ServiceEntries, IngressRules as Gateways with VirtualServices; what is of no dialect stays as it is. */
export const toIstio = (
  resources: readonly Resource[],
  domain: string,
  ingressNamespace: string | undefined,
): Converted => {
  const losses: Loss[] = []
  const subsetsOf = new Map<string, Subsets>()
  const at = (host: string): Subsets => {
    const found = subsetsOf.get(host) ?? subsets()
    subsetsOf.set(host, found)
    return found
  }
  const kept: Resource[] = []
  const rules: Resource<'RouteRule'>[] = []
  const policies: Resource<'DestinationPolicy'>[] = []
  const outside: OutsideHost[] = []
  const ingress: Resource<'IngressRule'>[] = []
  for (const resource of resources) {
    if (resource.kind === 'RouteRule') rules.push(resource as Resource<'RouteRule'>)
    else if (resource.kind === 'DestinationPolicy') policies.push(resource as Resource<'DestinationPolicy'>)
    else if (resource.kind === 'EgressRule')
      outside.push(
        ...optional(entryOfEgressRule(resource as Resource<'EgressRule'>, losing(resource, losses))),
      )
    else if (resource.kind === 'IngressRule') ingress.push(resource as Resource<'IngressRule'>)
    else kept.push(resource)
  }
  const virtualServices = [...hosts(rules, domain)].map(([host, its]) =>
    virtualService(host, its, domain, at, losses),
  )
  return {
    resources: [
      ...kept,
      ...outside.map(({ entry }) => entry),
      ...gatewaysOfIngressRules(ingress, besideIngress(resources, domain), ingressNamespace, (rule) =>
        losing(rule, losses),
      ),
      ...virtualServices.flat(),
      ...destinationRules(policies, rules, outside, domain, subsetsOf, at, losses),
    ],
    losses,
  }
}

const optional = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value])

const hosts = <K extends 'RouteRule' | 'DestinationPolicy'>(
  resources: readonly Resource<K>[],
  domain: string,
): ReadonlyMap<string, readonly Resource<K>[]> => {
  const found = new Map<string, Resource<K>[]>()
  for (const resource of resources) {
    const { destination } = resource.spec as Resource<'RouteRule'>['spec']
    const host = hostOf(destination, resource.metadata.namespace, domain)
    found.set(host, [...(found.get(host) ?? []), resource])
  }
  return found
}

/** In the order in which rules of 2017 are tried: by precedence from high to low, then by key. */
const byOrder = (a: Resource<'RouteRule'>, b: Resource<'RouteRule'>): number =>
  (b.spec.precedence ?? 0) - (a.spec.precedence ?? 0) || byCodeUnit(keyOf(nameOf(a)), keyOf(nameOf(b)))

const virtualService = (
  host: string,
  rules: readonly Resource<'RouteRule'>[],
  domain: string,
  at: (host: string) => Subsets,
  losses: Loss[],
): readonly Resource<'VirtualService'>[] => {
  const http = [...rules].sort(byOrder).flatMap((rule) => {
    const { namespace } = rule.metadata
    const to = (
      named: Parameters<typeof hostOf>[0] | undefined,
      labels?: Readonly<Record<string, string>>,
    ): IstioDestination => {
      const target = named === undefined ? host : hostOf(named, namespace, domain)
      const subset = at(target).name(labels)
      return { host: target, ...(subset === undefined ? {} : { subset }) }
    }
    return routeOfRule(rule, to, losing(rule, losses)) ?? []
  })
  const [first] = [...rules].sort((a, b) => byCodeUnit(keyOf(nameOf(a)), keyOf(nameOf(b))))
  if (http.length === 0 || first === undefined) return []
  // What no rule of 2017 takes goes to the whole service; what no route of a VirtualService takes is 404.
  const rest = {
    name: 'default',
    route: [{ destination: { host } }],
    timeout: '15s',
    retries: { attempts: 0 },
  }
  const all = http.some(({ match }) => match === undefined) ? http : [...http, rest]
  return [
    {
      apiVersion,
      kind: 'VirtualService',
      metadata: { name: nameFor(host), namespace: first.metadata.namespace },
      spec: { hosts: [host], http: all },
    },
  ]
}

const destinationRules = (
  policies: readonly Resource<'DestinationPolicy'>[],
  rules: readonly Resource<'RouteRule'>[],
  outside: readonly OutsideHost[],
  domain: string,
  subsetsOf: ReadonlyMap<string, Subsets>,
  at: (host: string) => Subsets,
  losses: Loss[],
): readonly Resource<'DestinationRule'>[] => {
  const byHost = hosts(policies, domain)
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
  for (const [host, its] of byHost) {
    const own = new Map<string, TrafficPolicy>()
    for (const policy of [...its].sort((a, b) => byCodeUnit(keyOf(nameOf(a)), keyOf(nameOf(b))))) {
      const lose = losing(policy, losses)
      const subset = at(host).name(policy.spec.destination.labels) ?? ''
      if (policy.spec.source !== undefined)
        lose('/spec/source', 'a DestinationRule is for all callers: the policy is left out')
      else if (own.has(subset)) lose('', 'another policy with the smaller name holds: this one is left out')
      else own.set(subset, trafficPolicyOf(policy.spec))
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
        const trafficPolicy = own.get(name) ?? (whole === undefined ? undefined : nothingOf(whole))
        return { name, labels, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) }
      })
    if (whole === undefined && named.length === 0) return []
    const holder = (byHost.get(host) ?? []).find(
      ({ spec }) => (spec.destination.labels ?? undefined) === undefined,
    )
    if (
      whole?.outlierDetection !== undefined &&
      named.some(({ name }) => !own.has(name)) &&
      holder !== undefined
    )
      losing(holder, losses)(
        '/spec/circuitBreaker',
        'subsets without a policy of their own leave endpoints out too, by what is said of the whole service',
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

const nameFor = (host: string): string =>
  (host.split('.')[1] === namespaceOf(host) && host.includes('.svc.')
    ? (host.split('.')[0] ?? host)
    : host
  ).replaceAll('*', 'all')

const namespaceOf = (host: string): string =>
  host.includes('.svc.') ? (host.split('.')[1] ?? 'default') : 'default'
