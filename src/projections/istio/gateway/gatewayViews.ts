import type { Stored } from '../../../model/mesh.ts'
import type { HostPlace } from '../../ingress/hostPlace.ts'
import type { Registry, Touched } from '../../registry/registry.ts'
import type { Changes } from '../../views/changes.ts'
import type { Slice } from '../../views/slice.ts'
import type { View } from '../../views/view.ts'
import { hostPatterns } from '../hostPatterns.ts'
import { boundGateways } from '../routePlace.ts'
import { gatewayHostSlice } from './gatewayHostSlice.ts'
import { allHostsAtGateways, hostsAtGateways } from './gatewayHosts.ts'
import { gatewaySlice } from './gatewaySlice.ts'
import { takenByGateways } from './takenByGateways.ts'

/** The views of proxies that Gateways select, and what keeps them up with the registry: a slice for each Gateway, and
 *  one for each host. */
export type GatewayViews = {
  enter(view: View, changes: Changes): void
  leave(view: View): void
  /** `hostnames`: whose services, or rules for connections to them, changed. Says of which views slices were made anew:
   *  of which hosts, or `all`. */
  advance(
    touched: Touched,
    hostnames: ReadonlySet<string>,
    changesOf: (view: View) => Changes,
  ): ReadonlyMap<View, ReadonlySet<string> | 'all'>
  /** Whether the Gateways of `view` have a host on a port before rules of ingress. */
  take(view: View, place: HostPlace): boolean
}

/** No views. `put` puts a slice into a view, under a name that no hostname has. */
export const createGatewayViews = (
  registry: Registry,
  put: (view: View, name: string, slice: Slice | undefined, changes: Changes) => void,
): GatewayViews => {
  const views = new Set<View>()

  const refreshServers = (view: View, key: string, changes: Changes): void =>
    put(view, `${servers}${key}`, gatewaySlice(key, view.variant, registry), changes)

  const refreshHost = (view: View, host: string, changes: Changes): void =>
    put(view, `${hosts}${host}`, gatewayHostSlice(host, view.variant, registry), changes)

  const refreshAll = (view: View, changes: Changes): void => {
    const gateways = gatewaysOf(view)
    for (const key of gateways) refreshServers(view, key, changes)
    const standing = [...view.slices.keys()].flatMap((name) =>
      name.startsWith(hosts) ? [name.slice(hosts.length)] : [],
    )
    for (const host of new Set([...allHostsAtGateways(gateways, registry), ...standing]))
      refreshHost(view, host, changes)
  }

  const refreshRules = (
    view: View,
    rules: Iterable<Stored<'VirtualService'>>,
    changesOf: (view: View) => Changes,
  ): ReadonlySet<string> | 'all' => {
    const gateways = gatewaysOf(view)
    const [keys, names] = [new Set<string>(), new Set<string>()]
    for (const rule of rules) {
      const bound = boundGateways(rule.resource)
      const own = gateways.filter((key) => bound.has(key))
      if (rule.resource.spec.tcp !== undefined || rule.resource.spec.tls !== undefined)
        for (const key of own) keys.add(key)
      for (const host of hostsAtGateways(rule, own, registry)) names.add(host)
    }
    for (const key of keys) refreshServers(view, key, changesOf(view))
    for (const host of names) refreshHost(view, host, changesOf(view))
    return keys.size > 0 ? 'all' : names
  }

  const rulesTouched = (touched: Touched, hostnames: ReadonlySet<string>): Set<Stored<'VirtualService'>> => {
    const rules = new Set(touched.gatewayRules)
    for (const hostname of hostnames)
      for (const rule of registry.istio.gatewayRulesTo(hostname)) rules.add(rule)
    // Of what is led to and is not there no other index knows which hosts with * take it.
    if (touched.patterns.size > 0)
      for (const hostname of registry.istio.gatewayDestinations())
        if (hostPatterns(hostname).some((pattern) => touched.patterns.has(pattern)))
          for (const rule of registry.istio.gatewayRulesTo(hostname)) rules.add(rule)
    return rules
  }

  return {
    enter: (view, changes) => {
      views.add(view)
      refreshAll(view, changes)
    },
    leave: (view) => views.delete(view),
    advance: (touched, hostnames, changesOf) => {
      const refreshed = new Map<View, ReadonlySet<string> | 'all'>()
      if (views.size === 0) return refreshed
      const rules = rulesTouched(touched, hostnames)
      for (const view of views)
        if (touched.everything || gatewaysOf(view).some((key) => touched.gateways.has(key))) {
          refreshAll(view, changesOf(view))
          refreshed.set(view, 'all')
        } else refreshed.set(view, refreshRules(view, rules, changesOf))
      return refreshed
    },
    take: (view, place) =>
      takenByGateways(
        place,
        gatewaysOf(view).flatMap((key) => view.slices.get(`${servers}${key}`) ?? []),
        view.slices.get(`${hosts}${place.host}`),
      ),
  }
}

const servers = 'servers/'
const hosts = 'host/'

const gatewaysOf = ({ variant: { gateways = [] } }: View): readonly string[] => gateways
