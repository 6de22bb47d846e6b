import type { IstioDestination } from '../model/istio/virtualService.ts'
import type { Resource } from '../model/resource.ts'
import type { DestinationWeight } from '../model/routeRule.ts'
import type { ToService } from './actionOfRoute.ts'
import { besideIngress } from './besideIngress.ts'
import { egressRulesOf } from './egressRulesOf.ts'
import { gatewayOf } from './gatewayPlaces.ts'
import { ingressRulesOfGateways } from './ingressRulesOfGateways.ts'
import { type Converted, type Lose, type Loss, loseOthers, losing } from './loss.ts'
import { originatedPorts } from './originatedTls.ts'
import { policiesOf } from './policiesOf.ts'
import { fullHost, serviceOf } from './ruleHost.ts'
import { rulesOfRoute } from './rulesOfRoute.ts'

const apiVersion = 'config.istio.io/v1alpha2'

/** VirtualServices and DestinationRules of Istio as RouteRules and DestinationPolicies of 2017, those at Gateways as
 *  IngressRules, and ServiceEntries as EgressRules; what is of no dialect stays as it is. */
export const toV1alpha2 = (
  resources: readonly Resource[],
  domain: string,
  ingressNamespace: string | undefined,
): Converted => {
  const losses: Loss[] = []
  const destinationRules = resources.filter(
    (one): one is Resource<'DestinationRule'> => one.kind === 'DestinationRule',
  )
  const gateways = resources.filter((one): one is Resource<'Gateway'> => one.kind === 'Gateway')
  const gatewayKeys = new Set(gateways.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))
  const ports = portsOf(resources, domain)
  const outside = new Set(
    resources.flatMap((one) =>
      one.kind === 'ServiceEntry' ? (one as Resource<'ServiceEntry'>).spec.hosts : [],
    ),
  )
  const made = resources.flatMap((resource): readonly Resource[] => {
    const lose = losing(resource, losses)
    switch (resource.kind) {
      case 'VirtualService':
        return rulesOf(
          resource as Resource<'VirtualService'>,
          destinationRules,
          gatewayKeys,
          ports,
          domain,
          lose,
        )
      case 'DestinationRule':
        return policiesOf(resource as Resource<'DestinationRule'>, outside, domain, lose)
      case 'ServiceEntry':
        return egressRulesOf(
          resource as Resource<'ServiceEntry'>,
          (host) => originatedPorts(host, destinationRules, domain),
          lose,
        )
      case 'Gateway':
        return []
      case 'WorkloadEntry':
        lose('', `2017 has no such kind as ${resource.kind}: the document is left out`)
        return []
      default:
        return [resource]
    }
  })
  const edge = ingressRulesOfGateways(
    {
      gateways,
      rules: resources.filter((one): one is Resource<'VirtualService'> => one.kind === 'VirtualService'),
      ingress: resources.filter((one): one is Resource<'IngressRule'> => one.kind === 'IngressRule'),
      kubernetes: resources.filter((one): one is Resource<'Ingress'> => one.kind === 'Ingress'),
      beside: besideIngress(resources, domain),
      ingressNamespace,
    },
    (resource) => losing(resource, losses),
  )
  return { resources: [...made, ...edge], losses }
}

/** Numbers of the ports of services, by full name. */
type Ports = ReadonlyMap<string, readonly number[]>

const portsOf = (resources: readonly Resource[], domain: string): Ports =>
  new Map(
    resources.flatMap((resource) => {
      if (resource.kind !== 'Service') return []
      const { metadata, spec } = resource as Resource<'Service'>
      const host = spec.hostname ?? fullHost(metadata.name, metadata.namespace, domain)
      return [[host, spec.ports.map(({ port }) => port)] as const]
    }),
  )

const rulesOf = (
  rule: Resource<'VirtualService'>,
  destinationRules: readonly Resource<'DestinationRule'>[],
  gatewayKeys: ReadonlySet<string>,
  ports: Ports,
  domain: string,
  lose: Lose,
): readonly Resource<'RouteRule'>[] => {
  const { spec, metadata } = rule
  loseOthers(spec, ['hosts', 'gateways', 'http'], '/spec', lose)
  const gateways = spec.gateways ?? ['mesh']
  gateways.forEach((name, i) => {
    if (name !== 'mesh' && !gatewayKeys.has(gatewayOf(name, metadata.namespace)))
      lose(`/spec/gateways/${i}`, 'no such Gateway is among these documents')
  })
  if (!gateways.includes('mesh')) return []
  const http = spec.http ?? []
  const made = (spec.hosts ?? []).flatMap((host, h) => {
    const destination = serviceOf(host, metadata.namespace, domain)
    if (destination === undefined) {
      lose(`/spec/hosts/${h}`, 'a rule of 2017 is for one service: this host is left out')
      return []
    }
    const to = destinationsFor(host, rule, destinationRules, ports, domain, h === 0 ? lose : () => {})
    const rules = http.flatMap((route, i) =>
      rulesOfRoute(route, `/spec/http/${i}`, to, h === 0 ? lose : () => {}),
    )
    const suffix = (i: number) => `${h === 0 ? '' : `-${h}`}${rules.length === 1 ? '' : `-${i}`}`
    return rules.map(
      (one, i): Resource<'RouteRule'> => ({
        apiVersion,
        kind: 'RouteRule',
        metadata: { name: `${metadata.name}${suffix(i)}`, namespace: metadata.namespace },
        spec: { destination, precedence: rules.length - i, ...one },
      }),
    )
  })
  const last = http.at(-1)
  const takesAll = (last?.match ?? []).every((match) =>
    Object.keys(match).every((key) => key === 'name' || key === 'statPrefix'),
  )
  if (last !== undefined && !takesAll)
    lose('/spec/http', 'what no route takes is 404 to Istio, and goes to the whole service in 2017')
  return made
}

const destinationsFor =
  (
    host: string,
    { metadata: { namespace } }: Resource<'VirtualService'>,
    destinationRules: readonly Resource<'DestinationRule'>[],
    ports: Ports,
    domain: string,
    lose: Lose,
  ): ToService =>
  ({ host: target, subset, port }: IstioDestination, path) => {
    const destination = serviceOf(target, namespace, domain)
    if (destination === undefined) {
      lose(`${path}/host`, 'a rule of 2017 leads to services by name: the route is left out')
      return undefined
    }
    const full = fullHost(target, namespace, domain)
    const [only, ...more] = ports.get(full) ?? []
    if (port?.number !== undefined && (only !== port.number || more.length > 0))
      lose(
        `${path}/port`,
        'rules of 2017 lead to the port of the same name or number as is asked for; among these documents is no Service with this one alone',
      )
    const own = full === fullHost(host, namespace, domain) ? {} : { destination }
    if (subset === undefined) return own
    const labels = destinationRules
      .filter(({ spec, metadata }) => fullHost(spec.host, metadata.namespace, domain) === full)
      .flatMap(({ spec }) => spec.subsets ?? [])
      .find(({ name }) => name === subset)?.labels
    if (labels === undefined || Object.keys(labels).length === 0) {
      lose(
        `${path}/subset`,
        'no DestinationRule among these documents says which labels it has: the route is left out',
      )
      return undefined
    }
    return { ...own, labels } satisfies DestinationWeight
  }
