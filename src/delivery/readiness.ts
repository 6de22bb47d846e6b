import { hasAny } from './ledger.ts'
import { find } from './sortedList.ts'
import type { StreamState } from './streamState.ts'

/** True when nothing has to be waited for before `cluster` may be named: Envoy has acknowledged it, or nobody intends
 *  it, or the client does not take all clusters (then it asks for clusters only after the routes that name them). */
export const isReady = (state: StreamState, cluster: string): boolean => {
  const clusters = state.ledgers.clusters
  if (clusters === undefined || !clusters.wildcard) return true
  if (find(clusters.sent, cluster) === undefined) return state.intended.get('clusters', cluster) === undefined
  return clusters.flights.every(({ overdue, entries }) => {
    const entry = entries.get(cluster)
    const isNew = entry?.now !== undefined && entry.before === undefined
    return !isNew || (overdue && isSupplied(state, cluster))
  })
}

/** True of a cluster that is not ready, and is being added: its acknowledgement is still waited for. None is in doubt, which
 *  takes longer to resolve. */
export const isOnItsWay = (state: StreamState, cluster: string): boolean => {
  const clusters = state.ledgers.clusters
  if (clusters === undefined || hasAny(clusters.probes) || isReady(state, cluster)) return false
  const waitedFor = clusters.flights.filter(({ overdue }) => !overdue)
  return (
    (waitedFor.length > 0 && clusters.dirty.has(cluster)) ||
    waitedFor.some(({ entries }) => entries.get(cluster)?.now !== undefined)
  )
}

// Envoy may withhold its answer for another cluster's sake; one that has its endpoints is warm all the same.
const isSupplied = (state: StreamState, cluster: string): boolean => {
  if (state.intended.get('endpoints', cluster) === undefined) return true
  const endpoints = state.ledgers.endpoints
  if (endpoints === undefined || find(endpoints.sent, cluster) === undefined) return false
  return !endpoints.flights.some(({ entries }) => entries.has(cluster))
}
