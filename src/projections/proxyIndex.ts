import { proxyIps } from '../model/proxyIps.ts'
import { isMeantFor } from './envoyResources.ts'
import { labelPairsOf } from './istio/istioIndex.ts'
import type { ProxySlot } from './projectedProxy.ts'
import { multimap } from './registry/multimap.ts'
import type { Registry, Touched } from './registry/registry.ts'

/** Followed proxies, by what may change for them. */
export type ProxyIndex = {
  /** Takes in or out a proxy with what its slot says now. */
  shift(slot: ProxySlot, shift: 'add' | 'delete'): void
  at(ip: string): Iterable<ProxySlot>
  /** Proxies whose manifest what was touched may change. */
  touchedBy(touched: Touched): ReadonlySet<ProxySlot>
}

/** No proxies yet. */
export const createProxyIndex = (registry: Pick<Registry, 'settings'>): ProxyIndex => {
  const all = new Set<ProxySlot>()
  const byIp = multimap<ProxySlot>()
  const bySource = multimap<ProxySlot>()
  const byNamespace = multimap<ProxySlot>()
  const byLabel = multimap<ProxySlot>()
  /** Proxies that Gateways may select. */
  const atEdge = new Set<ProxySlot>()

  const shift: ProxyIndex['shift'] = (slot, to) => {
    all[to](slot)
    const { identity } = slot.proxy
    if (identity.type === 'bare') return
    for (const ip of proxyIps(identity, slot.proxy.metadata)) byIp[to](ip, slot)
    if (identity.type !== 'sidecar') atEdge[to](slot)
    byNamespace[to](slot.namespace, slot)
    for (const source of slot.sources) bySource[to](source, slot)
    for (const pair of labelPairsOf(slot.manifest.labels)) byLabel[to](pair, slot)
  }

  const touchedBy: ProxyIndex['touchedBy'] = (touched) => {
    const found = new Set<ProxySlot>()
    const take = (some: Iterable<ProxySlot>): void => {
      for (const slot of some) found.add(slot)
    }
    if (touched.everything || touched.sidecars.has(registry.settings().rootNamespace)) take(all)
    if (touched.gateways.size > 0) take(atEdge)
    for (const ip of touched.ips) take(byIp.get(ip))
    for (const source of touched.sources) take(bySource.get(source))
    for (const pair of touched.labelPairs) take(byLabel.get(pair))
    for (const namespace of touched.sidecars) take(byNamespace.get(namespace))
    for (const { before, after } of touched.envoyResources)
      for (const slot of all) {
        const { proxy, manifest } = slot
        const isMeant = (one: typeof before): boolean =>
          one !== undefined && isMeantFor(one, proxy.identity, manifest.labels)
        if (isMeant(before) || isMeant(after)) found.add(slot)
      }
    return found
  }

  return { shift, at: byIp.get, touchedBy }
}
