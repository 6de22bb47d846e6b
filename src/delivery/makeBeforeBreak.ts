import { blocked, type Flight, hasAny, type Ledger } from './ledger.ts'
import { push } from './push.ts'
import { removeUnnamed } from './removal.ts'
import { hasName } from './sortedList.ts'
import { ledgersOf, type StreamState } from './streamState.ts'

/** Sends all that may go now. Ordered: secrets, for which clusters and listeners wait; clusters with their endpoints; listeners once the clusters are acknowledged,
 *  and routes as far as theirs are; what nothing names any more last. */
export const advance = (state: StreamState, nowMs: number): void => {
  if (!state.ordered) {
    for (const ledger of ledgersOf(state)) push(state, ledger, nowMs)
    return
  }
  const { clusters, endpoints, listeners, routes, secrets } = state.ledgers
  if (secrets !== undefined) push(state, secrets, nowMs)
  const flight = clusters && push(state, clusters, nowMs)
  if (endpoints !== undefined) {
    if (flight !== undefined) warm(endpoints, flight)
    push(state, endpoints, nowMs)
  }
  if (listeners !== undefined && !isSettling(clusters)) push(state, listeners, nowMs)
  if (routes !== undefined) push(state, routes, nowMs)
  removeUnnamed(state, nowMs)
}

// Envoy warms a changed cluster, for which it does not ask for endpoints again in delta, and may miss the answer in
// state of the world; and it acknowledges clusters only once all are warm.
const warm = (endpoints: Ledger, { entries }: Flight): void => {
  for (const [name, { before, now }] of entries)
    if (before !== undefined && now !== undefined && hasName(endpoints.names, name)) endpoints.asked.add(name)
}

const isSettling = (clusters: Ledger | undefined): boolean =>
  clusters?.wildcard === true && (hasAny(clusters.probes) || (blocked(clusters) && isAdding(clusters)))

const isAdding = ({ flights }: Ledger): boolean =>
  flights.some(
    ({ overdue, entries }) => !overdue && [...entries.values()].some(({ now }) => now !== undefined),
  )
