import type { Position } from '../model/entry.ts'
import type { ProxyRejection } from '../model/fleet.ts'
import { hasAny, type Ledger } from './ledger.ts'
import { rejectionsOf } from './parking.ts'
import { type DeliveryCounters, ledgersOf, type StreamState } from './streamState.ts'

/** How far the delivery to one stream has come. */
export type DeliveryStatus = {
  readonly state: 'synced' | 'pending' | 'rejected'
  /** The newest position known to equal what the client acknowledged; 0 before the first. */
  readonly ackedPosition: Position
  readonly rejections: readonly ProxyRejection[]
  readonly counters: Readonly<DeliveryCounters>
}

/** The status of a stream. What only waits for its removal does not count. */
export const statusOf = (state: StreamState): DeliveryStatus => {
  noteSynced(state)
  return {
    state: state.parked.size > 0 ? 'rejected' : isPending(state) ? 'pending' : 'synced',
    ackedPosition: state.ackedPosition,
    rejections: rejectionsOf(state),
    counters: { ...state.counters },
  }
}

/** Notes the position when all of it is acknowledged. */
export const noteSynced = (state: StreamState): void => {
  if (state.parked.size === 0 && !isPending(state)) state.ackedPosition = state.intended.position()
}

const isPending = (state: StreamState): boolean => {
  const ledgers = ledgersOf(state)
  return ledgers.length === 0 || awaitsListeners(state) || ledgers.some(isUnderWay)
}

// Envoy asks for listeners only after its clusters are there.
const awaitsListeners = (state: StreamState): boolean => {
  if (!state.ordered || state.ledgers.listeners !== undefined) return false
  for (const _ of state.intended.names('listeners')) return true
  return false
}

const isUnderWay = ({ owes, asked, probes, dirty, flights }: Ledger): boolean =>
  owes ||
  asked.size > 0 ||
  hasAny(probes) ||
  dirty.size > 0 ||
  flights.some(
    ({ entries }) => entries.size === 0 || [...entries.values()].some(({ now }) => now !== undefined),
  )
