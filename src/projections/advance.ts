import type { XdsType } from '../model/xds.ts'
import type { ProjectedProxy, ProxySlot } from './projectedProxy.ts'
import { type Changes, isEmpty } from './views/changes.ts'

/** What changed for whom between two snapshots: names of resources by type. Proxies that are not in it have nothing
 *  to do. */
export type Advance = ReadonlyMap<ProjectedProxy, Readonly<Record<XdsType, readonly string[]>>>

/** The advance of these changes. Proxies of one view share one list of changes, so it is made once. */
export const asAdvance = (changesBySlot: ReadonlyMap<ProxySlot, Changes>): Advance => {
  const lists = new Map<Changes, Readonly<Record<XdsType, readonly string[]>>>()
  const advance = new Map<ProjectedProxy, Readonly<Record<XdsType, readonly string[]>>>()
  for (const [slot, changes] of changesBySlot) {
    if (isEmpty(changes)) continue
    let list = lists.get(changes)
    if (list === undefined) {
      const { clusters, endpoints, listeners, routes, secrets } = changes
      list = {
        clusters: [...clusters],
        endpoints: [...endpoints],
        listeners: [...listeners],
        routes: [...routes],
        secrets: [...secrets],
      }
      lists.set(changes, list)
    }
    advance.set(slot.proxy, list)
  }
  return advance
}
