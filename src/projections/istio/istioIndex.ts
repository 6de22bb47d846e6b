import type { ConfigKind, Stored } from '../../model/mesh.ts'
import type { Resource } from '../../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import { multimap } from '../registry/multimap.ts'
import { orderedMultimap } from '../registry/orderedMultimap.ts'
import type { Touched } from '../registry/registry.ts'
import { labelsKey } from './callerCondition.ts'
import { delegateKey } from './delegateOf.ts'
import { ownDestinationHosts } from './destinationHostsOf.ts'
import { listeningPort } from './gateway/listeningPort.ts'
import { hostPatterns, resolveHost } from './hostPatterns.ts'
import { labelConditionsOf } from './labelConditionsOf.ts'
import { boundGateways } from './routePlace.ts'
import { type RulesByHost, rulesByHost } from './rulesByHost.ts'

type Shift = 'add' | 'delete'
type Labels = Readonly<Record<string, string>>

/** Reverse indexes over the resources of Istio's dialect. Hosts are resolved; `*.suffix` and `*` stand for themselves. */
export type IstioIndex = {
  readonly destinationRules: Pick<RulesByHost<'DestinationRule'>, 'at' | 'taking'>
  /** VirtualServices for callers within the mesh. */
  readonly meshVirtualServices: Pick<RulesByHost<'VirtualService'>, 'taking'>
  /** Every VirtualService. */
  virtualServices(): Iterable<Stored<'VirtualService'>>
  /** The VirtualService of this `namespace/name`. */
  virtualService(key: string): Stored<'VirtualService'> | undefined
  /** Whether some VirtualService delegates to the one of this `namespace/name`. */
  isDelegate(key: string): boolean
  /** The hosts of a VirtualService, resolved. */
  hostsOf(rule: Stored<'VirtualService'>): readonly string[]
  /** The Gateway of this `namespace/name`. */
  gateway(key: string): Stored<'Gateway'> | undefined
  /** Gateways with a server of this port, or that listens there, by key. */
  gatewaysAt(port: number): readonly Stored<'Gateway'>[]
  /** `namespace/name` of the Gateways that select proxies with these labels, sorted. */
  gatewaysFor(labels: Labels): readonly string[]
  /** VirtualServices bound to the Gateway of this `namespace/name`, by key. */
  gatewayRules(key: string): readonly Stored<'VirtualService'>[]
  /** VirtualServices bound to some Gateway whose host is exactly `host`, by key. */
  gatewayRulesFor(host: string): readonly Stored<'VirtualService'>[]
  /** VirtualServices bound to some Gateway that may lead to a hostname, by what they delegate to also. */
  gatewayRulesTo(hostname: string): Iterable<Stored<'VirtualService'>>
  /** Hostnames that these lead to. */
  gatewayDestinations(): Iterable<string>
  /** Which conditions on labels, of any rule, callers with these labels meet: the keys of `labelsKey`. */
  conditionsMetBy(labels: Labels): readonly string[]
}

/** An index and the ways to move it on. */
export type MovingIstioIndex = IstioIndex & {
  shift(stored: Stored<ConfigKind>, shift: Shift, touched: Touched): void
  /** A service of this hostname came or went. */
  shiftHostname(hostname: string, shift: Shift): void
}

type LabelCondition = { readonly labels: Labels; uses: number }

/** An index of nothing. `meshDomain` is asked whenever a short name is resolved. */
export const createIstioIndex = (meshDomain: () => string): MovingIstioIndex => {
  const destinationRules = rulesByHost<'DestinationRule'>()
  const virtualServices = new Map<string, Stored<'VirtualService'>>()
  const meshVirtualServices = rulesByHost<'VirtualService'>()
  /** Who delegates, by whom they delegate to. */
  const delegators = multimap<Stored<'VirtualService'>>()
  const gateways = new Map<string, Stored<'Gateway'>>()
  const rulesByGateway = orderedMultimap<Stored<'VirtualService'>>(byKey)
  const gatewayRulesByHost = orderedMultimap<Stored<'VirtualService'>>(byKey)
  const rulesByDestination = multimap<Stored<'VirtualService'>>()
  const conditions = new Map<string, LabelCondition>()
  const conditionsByPair = multimap<LabelCondition>()
  const hostnamesUnder = multimap<string>()

  const touchHost = (host: string, touched: Touched): void => {
    if (host.startsWith('*')) touched.patterns.add(host)
    touched.hostnames.add(host)
    for (const hostname of hostnamesUnder.get(host)) touched.hostnames.add(hostname)
  }

  const touchHostsOf = (rule: Stored<'VirtualService'>, touched: Touched): void => {
    if (boundGateways(rule.resource).size > 0) touched.gatewayRules.add(rule)
    if (!isForMesh(rule.resource)) return
    for (const host of hostsOf(rule)) touchHost(host, touched)
  }

  const hostsOf = ({ resource: { metadata, spec } }: Stored<'VirtualService'>): readonly string[] =>
    (spec.hosts ?? []).map((host) => resolveHost(host, metadata.namespace, meshDomain()))

  const shiftVirtualService = (rule: Stored<'VirtualService'>, shift: Shift, touched: Touched): void => {
    const { metadata, spec } = rule.resource
    const key = `${metadata.namespace}/${metadata.name}`
    if (shift === 'add') virtualServices.set(key, rule)
    else virtualServices.delete(key)
    if (isForMesh(rule.resource)) for (const host of hostsOf(rule)) meshVirtualServices[shift](host, rule)
    const bound = boundGateways(rule.resource)
    for (const gateway of bound) rulesByGateway[shift](gateway, rule)
    if (bound.size > 0) for (const host of hostsOf(rule)) gatewayRulesByHost[shift](host, rule)
    for (const host of ownDestinationHosts(rule.resource, meshDomain())) rulesByDestination[shift](host, rule)
    for (const { delegate } of spec.http ?? [])
      if (delegate !== undefined) delegators[shift](delegateKey(rule.resource, delegate), rule)
    touchHostsOf(rule, touched)
    for (const delegator of delegators.get(key)) touchHostsOf(delegator, touched)
  }

  const shiftConditions = (stored: Stored<ConfigKind>, shift: Shift, touched: Touched): void => {
    for (const labels of labelConditionsOf(stored.resource)) {
      const key = labelsKey(labels)
      const pair = firstPair(labels)
      const condition = conditions.get(key) ?? { labels, uses: 0 }
      condition.uses += shift === 'add' ? 1 : -1
      if (condition.uses === (shift === 'add' ? 1 : 0)) {
        conditionsByPair[shift](pair, condition)
        touched.labelPairs.add(pair)
      }
      if (condition.uses === 0) conditions.delete(key)
      else conditions.set(key, condition)
    }
  }

  /** A rule that is bound, or those bound that delegate to it. */
  const boundBy = (rule: Stored<'VirtualService'>): readonly Stored<'VirtualService'>[] => {
    if (boundGateways(rule.resource).size > 0) return [rule]
    const { namespace, name } = rule.resource.metadata
    return [...delegators.get(`${namespace}/${name}`)].filter(
      ({ resource }) => boundGateways(resource).size > 0,
    )
  }

  return {
    hostsOf,
    gateway: (key) => gateways.get(key),
    gatewaysAt: (port) =>
      [...gateways.values()]
        .filter(({ resource }) =>
          resource.spec.servers.some(
            (server) => server.port.number === port || listeningPort(server) === port,
          ),
        )
        .sort(byKey),
    gatewaysFor: (labels) =>
      [...gateways]
        .filter(([, { resource }]) => matchesLabels(labels, resource.spec.selector ?? {}))
        .map(([key]) => key)
        .sort(byCodeUnit),
    gatewayRules: rulesByGateway.get,
    gatewayRulesFor: gatewayRulesByHost.get,
    gatewayRulesTo: (hostname) => [...rulesByDestination.get(hostname)].flatMap(boundBy),
    gatewayDestinations: () => rulesByDestination.keys(),
    meshVirtualServices,
    isDelegate: (key) => delegators.has(key),
    virtualServices: () => virtualServices.values(),
    virtualService: (key) => virtualServices.get(key),
    destinationRules,
    conditionsMetBy: (labels) =>
      labelPairsOf(labels)
        .flatMap((pair) => [...conditionsByPair.get(pair)])
        .filter((condition) =>
          Object.entries(condition.labels).every(([key, value]) => labels[key] === value),
        )
        .map((condition) => labelsKey(condition.labels)),
    shift: (stored, shift, touched) => {
      const { resource } = stored
      const { namespace } = resource.metadata
      shiftConditions(stored, shift, touched)
      if (resource.kind === 'DestinationRule') {
        const host = resolveHost(resource.spec.host, namespace, meshDomain())
        destinationRules[shift](host, stored as Stored<'DestinationRule'>)
        touchHost(host, touched)
      } else if (resource.kind === 'VirtualService')
        shiftVirtualService(stored as Stored<'VirtualService'>, shift, touched)
      else if (resource.kind === 'Gateway') {
        const key = `${namespace}/${resource.metadata.name}`
        if (shift === 'add') gateways.set(key, stored as Stored<'Gateway'>)
        else gateways.delete(key)
        touched.gateways.add(key)
      }
    },
    shiftHostname: (hostname, shift) => {
      for (const pattern of hostPatterns(hostname).slice(1)) hostnamesUnder[shift](pattern, hostname)
    },
  }
}

/** `key=value` of each label, sorted: where conditions on labels are looked up. */
export const labelPairsOf = (labels: Labels): string[] =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort(byCodeUnit)

/** True for a VirtualService whose routes are for callers within the mesh. */
export const isForMesh = ({ spec }: Resource<'VirtualService'>): boolean =>
  spec.gateways === undefined || spec.gateways.length === 0 || spec.gateways.includes('mesh')

const firstPair = (labels: Labels): string => labelPairsOf(labels)[0] ?? ''

const byKey = (a: Stored, b: Stored): number =>
  byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource)))
