import { type XdsResource, type XdsType, xdsTypes } from '../model/xds.ts'
import type { DeliveryLimits } from './limits.ts'
import { drop, find, hasName, put } from './sortedList.ts'

/** What one response changed for one name: what was in force before it, and what it sent; undefined: nothing. */
export type FlightEntry = {
  readonly before: XdsResource | undefined
  readonly now: XdsResource | undefined
}

/** A response that is not acknowledged yet. */
export type Flight = {
  readonly nonce: string
  readonly sentAtMs: number
  readonly entries: Map<string, FlightEntry>
  /** When the client was first heard after it; Infinity before. */
  heardAtMs: number
  /** Waited for long enough: nothing waits for it any more. */
  overdue: boolean
}

/** One type on one stream: what the client asked for, what it was sent, what is under way. */
export type Ledger = {
  readonly type: XdsType
  wildcard: boolean
  /** True once any name was sent: from then on an empty list means nothing, no longer everything. */
  named: boolean
  /** Sorted. */
  readonly names: string[]
  /** What the client has by our knowledge; taken back when a response is refused. Sorted by name. */
  readonly sent: XdsResource[]
  flights: Flight[]
  /** Of the last response; empty before the first. */
  nonce: string
  /** Names whose intended resource may differ from `sent`. */
  readonly dirty: Set<string>
  /** Names to answer at once whatever their version: newly subscribed, repaired, or warming anew. */
  readonly asked: Set<string>
  /** True: a response is due even when it says nothing new. */
  owes: boolean
  /** Names to send few at a time, with the version in doubt, until a refusal among them is told from the others. */
  probes: Map<string, string> | undefined
  /** Names that were sent alone for that reason, with the version, and not answered yet. */
  probed: Map<string, string> | undefined
  /** When a name that nothing intends any more may be removed; Infinity while something names it. */
  gone: Map<string, number> | undefined
  /** One sent alone stayed unanswered: until something is acknowledged nothing more is taken back for being late. */
  slow: boolean
}

/** An empty ledger of `type`. */
export const createLedger = (type: XdsType): Ledger => ({
  type,
  wildcard: false,
  named: false,
  names: [],
  sent: [],
  flights: [],
  nonce: '',
  dirty: new Set(),
  asked: new Set(),
  owes: false,
  // Seldom needed, and there are many streams.
  probes: undefined,
  probed: undefined,
  gone: undefined,
  slow: false,
})

/** `map` with `value` under `key`; begun when there is none. */
export const withEntry = <Value>(
  map: Map<string, Value> | undefined,
  key: string,
  value: Value,
): Map<string, Value> => (map ?? new Map<string, Value>()).set(key, value)

/** True when there is anything in `map`. */
export const hasAny = (map: ReadonlyMap<string, unknown> | undefined): boolean =>
  map !== undefined && map.size > 0

/** True when the client wants `name`. */
export const wants = (ledger: Ledger, name: string): boolean => ledger.wildcard || hasName(ledger.names, name)

/** True while a response is under way that the order of changes waits for. */
export const blocked = (ledger: Ledger | undefined): boolean =>
  ledger?.flights.some((flight) => !flight.overdue) ?? false

/** True while `name` is new to the client by a response that is not answered yet. */
export const isArriving = ({ flights }: Ledger, name: string): boolean =>
  flights.some(({ entries }) => {
    const entry = entries.get(name)
    return entry?.now !== undefined && entry.before === undefined
  })

/** True when a response of `type` must hold every resource the client has (state of the world). */
export const isWholeSet = (type: XdsType): boolean => type === 'clusters' || type === 'listeners'

/** The first letter of a nonce tells its type, so that an answer under another type's URL is recognized. */
export const nonceFor = (type: XdsType, count: number): string => `${type.charAt(0)}${count.toString(36)}`

/** True when `nonce` was made for another type than `type`. */
export const isForeignNonce = (type: XdsType, nonce: string): boolean =>
  xdsTypes.some((other) => other !== type && other.charAt(0) === nonce.charAt(0))

/** Takes the flight that `nonce` names out of the ledger, and with it, where answers are cumulative (state of the
 *  world), every earlier one. */
export const landFlight = (ledger: Ledger, nonce: string, cumulative: boolean): Flight | undefined => {
  const index = ledger.flights.findIndex((flight) => flight.nonce === nonce)
  const flight = ledger.flights[index]
  if (flight === undefined) return undefined
  ledger.flights = ledger.flights.filter((_, other) => (cumulative ? other > index : other !== index))
  return flight
}

/** Records what a response changed. Beyond `limits.maxFlights` the oldest is no longer waited for. */
export const recordFlight = (ledger: Ledger, flight: Flight, limits: DeliveryLimits): void => {
  ledger.nonce = flight.nonce
  ledger.flights = [...ledger.flights.slice(1 - limits.maxFlights), flight]
  for (const [name, { now }] of flight.entries) {
    if (now === undefined) drop(ledger.sent, name)
    else put(ledger.sent, now)
  }
}

/** Puts back what was in force before a refused `flight`, except where a later response went over it: that falls back
 *  to the same then, and never to what was refused. */
export const rollBack = (ledger: Ledger, flight: Flight): void => {
  for (const [name, { before, now }] of flight.entries) {
    if (now === undefined) continue
    for (const { entries } of ledger.flights) {
      const later = entries.get(name)
      if (later?.before?.version === now.version) entries.set(name, { before, now: later.now })
    }
    if (find(ledger.sent, name)?.version !== now.version) continue
    if (before === undefined) drop(ledger.sent, name)
    else put(ledger.sent, before)
    ledger.dirty.add(name)
  }
}
