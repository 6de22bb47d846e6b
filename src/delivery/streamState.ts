import { type XdsType, xdsTypes } from '../model/xds.ts'
import type { Effect } from './effect.ts'
import type { Intended } from './intended.ts'
import type { Isolation } from './isolation.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { DeliveryLimits } from './limits.ts'
import type { Parked } from './parking.ts'

/** How often things happened on a stream since it began. */
export type DeliveryCounters = {
  sent: number
  acked: number
  refused: number
  /** Responses not answered within `ackWaitMs`. */
  overdue: number
  /** Resources taken back because a response with them stayed unanswered. */
  takenBack: number
  /** Requests for a type that is not served, or that answer another type's response. */
  ignored: number
}

/** All that delivering to one stream remembers. Its functions live beside what they decide. */
export type StreamState = {
  readonly intended: Intended
  readonly service: 'ads' | XdsType
  readonly protocol: 'sotw' | 'delta'
  readonly limits: DeliveryLimits
  /** True: make before break; false: each type on its own, at once. */
  readonly ordered: boolean
  readonly ledgers: { [Type in XdsType]?: Ledger }
  readonly parked: Map<string, Parked>
  /** Route configurations whose refused virtual host is being narrowed down, by name. */
  readonly isolations: Map<string, Isolation>
  readonly counters: DeliveryCounters
  nonces: number
  effects: Effect[]
  wakeAtMs: number
  ackedPosition: number
}

/** The ledger of `type`, begun when there is none. */
export const ledgerOf = (state: StreamState, type: XdsType): Ledger => {
  const ledger = state.ledgers[type] ?? createLedger(type)
  state.ledgers[type] = ledger
  return ledger
}

/** The ledgers of the types that the client asked for, in the order in which Envoy must learn them. */
export const ledgersOf = (state: StreamState): readonly Ledger[] =>
  xdsTypes.flatMap((type) => state.ledgers[type] ?? [])
