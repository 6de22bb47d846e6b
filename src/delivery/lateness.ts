import { type Flight, type Ledger, rollBack } from './ledger.ts'
import { ledgersOf, type StreamState } from './streamState.ts'
import { isUnknown } from './unknownResource.ts'

/** Stops waiting for what was not answered within the bound. Clusters are taken back and sent again one by one: a
 *  refused one among others that warm holds back every answer, its own included (Envoy 1.40); alone it is answered at
 *  once. One that is late alone is only slow, and no longer waited for. */
export const expire = (state: StreamState, nowMs: number): void => {
  if (!state.ordered) return
  for (const ledger of ledgersOf(state))
    for (const flight of ledger.flights) {
      if (flight.overdue || flight.sentAtMs + state.limits.ackWaitMs > nowMs) continue
      flight.overdue = true
      state.counters.overdue += 1
      if (ledger.type === 'clusters') takeBack(state, ledger, flight)
      ledger.probes = ledger.slow ? [] : ledger.probes
    }
}

const takeBack = (state: StreamState, ledger: Ledger, flight: Flight): void => {
  const doubtful = [...flight.entries].filter(
    ([name, { before, now }]) =>
      now !== undefined && now !== before && ledger.sent.get(name) === now && !isUnknown(before),
  )
  if (ledger.slow || doubtful.length < 2) {
    ledger.slow = true
    return
  }
  rollBack(ledger, { ...flight, entries: new Map(doubtful) })
  for (const [name] of doubtful) {
    ledger.probes.push(name)
    ledger.asked.add(name)
  }
  state.counters.takenBack += doubtful.length
}

/** When `tick` has something to do next; Infinity: never, unless something else happens first. */
export const nextDeadlineMs = (state: StreamState, nowMs: number): number => {
  let next = Number.POSITIVE_INFINITY
  if (!state.ordered) return next
  for (const { flights, gone } of ledgersOf(state)) {
    for (const { overdue, sentAtMs } of flights)
      if (!overdue) next = Math.min(next, sentAtMs + state.limits.ackWaitMs)
    for (const dueAtMs of gone.values()) if (dueAtMs > nowMs) next = Math.min(next, dueAtMs)
  }
  return next
}
