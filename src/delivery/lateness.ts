import { type Flight, type Ledger, rollBack } from './ledger.ts'
import { doubt } from './refusal.ts'
import { find } from './sortedList.ts'
import { ledgersOf, type StreamState } from './streamState.ts'
import { isUnknown } from './unknownResource.ts'

/** Stops waiting for what was not answered within the bound. Clusters are taken back and sent again one by one: a
 *  refused one among others that warm holds back every answer, its own included (Envoy 1.40); alone it is answered at
 *  once. One that is late alone once more is only slow, and no longer waited for. */
export const expire = (state: StreamState, nowMs: number): void => {
  if (!state.ordered) return
  for (const ledger of ledgersOf(state))
    for (const flight of ledger.flights) {
      if (flight.overdue || dueAtMs(state, flight) > nowMs) continue
      flight.overdue = true
      state.counters.overdue += 1
      if (ledger.type === 'clusters') takeBack(state, ledger, flight)
      if (ledger.slow) ledger.probes?.clear()
    }
}

const takeBack = (state: StreamState, ledger: Ledger, flight: Flight): void => {
  const doubtful = [...flight.entries].filter(
    ([name, { before, now }]) =>
      now !== undefined &&
      now.version !== before?.version &&
      now.version === find(ledger.sent, name)?.version &&
      now.version !== ledger.probed?.get(name) &&
      !isUnknown(before),
  )
  const names = doubtful.map(([name]) => name)
  if (names.length === 0 && ledger.flights.every(({ overdue }) => overdue)) ledger.slow = true
  if (ledger.slow || names.length === 0) return
  rollBack(ledger, { ...flight, entries: new Map(doubtful) })
  doubt(ledger, flight, names)
  for (const name of names) ledger.asked.add(name)
  state.counters.takenBack += names.length
}

// Ten thousand clusters take Envoy some seconds to warm. A client that says nothing at all may not have read yet.
const dueAtMs = ({ limits }: StreamState, { sentAtMs, heardAtMs, entries }: Flight): number =>
  Math.min(heardAtMs + limits.ackWaitMs, sentAtMs + 3 * limits.ackWaitMs) + entries.size

/** When `tick` has something to do next; Infinity: never, unless something else happens first. */
export const nextDeadlineMs = (state: StreamState, nowMs: number): number => {
  let next = Number.POSITIVE_INFINITY
  if (!state.ordered) return next
  for (const { flights, gone } of ledgersOf(state)) {
    for (const flight of flights) if (!flight.overdue) next = Math.min(next, dueAtMs(state, flight))
    for (const dueAtMs of gone?.values() ?? []) if (dueAtMs > nowMs) next = Math.min(next, dueAtMs)
  }
  return next
}
