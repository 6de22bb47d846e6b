import type { IstioDestination } from '../model/istio/virtualService.ts'
import type { Resource } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import { besideIngress } from './besideIngress.ts'
import { destinationRulesOf } from './destinationRulesOf.ts'
import { entryOfEgressRule, type OutsideHost } from './entryOfEgressRule.ts'
import { gatewaysOfIngressRules } from './gatewaysOfIngressRules.ts'
import { type Converted, type Loss, losing } from './loss.ts'
import { routeOfRule } from './routeOfRule.ts'
import { byHostOf, hostOf, nameFor } from './ruleHost.ts'
import { type Subsets, subsets } from './subsetNames.ts'
import { tellBesideGateways, tellBesideIngresses } from './tellBesideGateways.ts'

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
  const gateways = kept.filter((one): one is Resource<'Gateway'> => one.kind === 'Gateway')
  const loseOf = (rule: Resource) => losing(rule, losses)
  tellBesideGateways(ingress, gateways, loseOf)
  tellBesideIngresses(
    kept.filter((one): one is Resource<'Ingress'> => one.kind === 'Ingress'),
    ingress,
    loseOf,
  )
  const virtualServices = [...byHostOf(rules, domain)].map(([host, its]) =>
    virtualService(host, its, domain, at, losses),
  )
  return {
    resources: [
      ...kept,
      ...outside.map(({ entry }) => entry),
      ...gatewaysOfIngressRules(ingress, besideIngress(resources, domain), ingressNamespace, loseOf),
      ...virtualServices.flat(),
      ...destinationRulesOf({ policies, rules, outside, subsetsOf, at, domain }, losses),
    ],
    losses,
  }
}

const optional = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value])

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
