import type { StreamState } from './streamState.ts'

/** True when nothing has to be waited for before `cluster` may be named: Envoy has acknowledged it, or nobody intends
 *  it, or the client does not take all clusters (then it asks for clusters only after the routes that name them). */
export const isReady = (state: StreamState, cluster: string): boolean => {
  const clusters = state.ledgers.clusters
  if (clusters === undefined || !clusters.wildcard) return true
  if (!clusters.sent.has(cluster)) return state.intended.get('clusters', cluster) === undefined
  return !clusters.flights.some(({ overdue, entries }) => {
    const entry = entries.get(cluster)
    return !overdue && entry?.now !== undefined && entry.before === undefined
  })
}
