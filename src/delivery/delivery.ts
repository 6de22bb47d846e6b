import { type XdsType, xdsTypes } from '../model/xds.ts'
import type { XdsRequest } from '../model/xdsMessage.ts'
import type { Effect } from './effect.ts'
import type { Intended, IntendedChange } from './intended.ts'
import { expire, nextDeadlineMs } from './lateness.ts'
import { wants } from './ledger.ts'
import type { DeliveryLimits } from './limits.ts'
import { advance } from './makeBeforeBreak.ts'
import { unpark } from './parking.ts'
import { takeRequest } from './request.ts'
import { type DeliveryStatus, noteSynced, statusOf } from './status.ts'
import type { StreamState } from './streamState.ts'

/** The delivery to one stream. Every entry point gives back what to do, in order, and never throws for what a client
 *  or Envoy may do. `nowMs` is any clock that does not go back. */
export type Delivery = {
  request(request: XdsRequest, nowMs: number): readonly Effect[]
  /** `change` names what came, changed or went; `intended` shows it already. */
  changed(change: IntendedChange, nowMs: number): readonly Effect[]
  /** Call it when the last `wakeAt` has come; too early or too often does no harm. */
  tick(nowMs: number): readonly Effect[]
  status(): DeliveryStatus
}

/** What a stream is, and what it delivers. */
export type DeliveryOptions = {
  readonly intended: Intended
  /** `ads`, or the type of a single-type service. */
  readonly service: 'ads' | XdsType
  readonly protocol: 'sotw' | 'delta'
  readonly limits: DeliveryLimits
}

/** A delivery that has sent nothing yet. On ADS a managed proxy's changes are ordered (make before break); bare nodes
 *  and single-type services get each type on its own. */
export const createDelivery = (options: DeliveryOptions): Delivery => {
  const state = createState(options)
  return {
    request: (request, nowMs) => {
      const end = takeRequest(state, request, nowMs)
      return end === undefined ? settle(state, nowMs) : [end]
    },
    changed: (change, nowMs) => {
      for (const type of xdsTypes) note(state, type, change[type])
      return settle(state, nowMs)
    },
    tick: (nowMs) => {
      // The alarm has rung, be it a moment early: timers and the clock do not go by the same beat.
      state.wakeAtMs = Number.POSITIVE_INFINITY
      expire(state, nowMs)
      return settle(state, nowMs)
    },
    status: () => statusOf(state),
  }
}

const createState = ({ intended, service, protocol, limits }: DeliveryOptions): StreamState => ({
  intended,
  service,
  protocol,
  limits,
  ordered: intended.managed && service === 'ads',
  ledgers: {},
  parked: new Map(),
  isolations: new Map(),
  counters: { sent: 0, acked: 0, refused: 0, overdue: 0, takenBack: 0, ignored: 0 },
  nonces: 0,
  effects: [],
  wakeAtMs: Number.POSITIVE_INFINITY,
  ackedPosition: 0,
})

const note = (state: StreamState, type: XdsType, names: readonly string[]): void => {
  const ledger = state.ledgers[type]
  if (ledger === undefined) return
  for (const name of names) {
    if (state.parked.size > 0) unpark(state, type, name)
    if (!wants(ledger, name)) continue
    ledger.dirty.add(name)
    if (type === 'routes' && state.intended.get(type, name) === undefined) state.isolations.delete(name)
  }
}

const settle = (state: StreamState, nowMs: number): readonly Effect[] => {
  advance(state, nowMs)
  noteSynced(state)
  const effects = state.effects
  state.effects = []
  const wakeAtMs = nextDeadlineMs(state, nowMs)
  if (wakeAtMs !== state.wakeAtMs && wakeAtMs !== Number.POSITIVE_INFINITY)
    effects.push({ type: 'wakeAt', atMs: wakeAtMs })
  state.wakeAtMs = wakeAtMs
  return effects
}
