import type { XdsResource } from '../model/xds.ts'
import { contentHash } from '../wire/contentHash.ts'
import { type Flight, type FlightEntry, isWholeSet, type Ledger, nonceFor, recordFlight } from './ledger.ts'
import { drop, find } from './sortedList.ts'
import type { StreamState } from './streamState.ts'

/** What a response is to say, by name; undefined: it is gone, or was never there. */
export type Items = ReadonlyMap<string, XdsResource | undefined>

/** Adds the response that says `items`, and gives it back as what is under way; nothing where there is nothing to say. In state of the world, clusters and
 *  listeners go out whole, and of other types only what is there. */
export const respond = (
  state: StreamState,
  ledger: Ledger,
  items: Items,
  nowMs: number,
): Flight | undefined => {
  const owed = ledger.owes
  ledger.owes = false
  const entries = new Map<string, FlightEntry>()
  for (const [name, now] of items) entries.set(name, { before: inForce(ledger, name, now), now })
  const sotw = state.protocol === 'sotw'
  const whole = sotw && isWholeSet(ledger.type)
  const resources = [...items.values()].filter((resource) => resource !== undefined)
  if (!owed && (whole ? items.size === 0 : resources.length === 0 && (sotw || items.size === 0))) {
    for (const [name] of items) drop(ledger.sent, name)
    return undefined
  }
  state.nonces += 1
  const nonce = nonceFor(ledger.type, state.nonces)
  const flight = { nonce, sentAtMs: nowMs, entries, heardAtMs: Number.POSITIVE_INFINITY, overdue: false }
  recordFlight(ledger, flight, state.limits)
  const shown = whole ? [...ledger.sent] : resources
  state.counters.sent += 1
  state.effects.push({
    type: 'send',
    response: {
      type: ledger.type,
      version: sotw ? setVersion(shown) : String(state.intended.position()),
      nonce,
      resources: shown,
      removed: sotw ? [] : [...items.keys()].filter((name) => items.get(name) === undefined),
    },
  })
  return flight
}

// What the client falls back to when it refuses `now`. What is under way already is no ground to fall back to.
const inForce = (ledger: Ledger, name: string, now: XdsResource | undefined): XdsResource | undefined => {
  const sent = find(ledger.sent, name)
  if (sent === undefined || sent.version !== now?.version) return sent
  const underWay = ledger.flights.find(({ entries }) => entries.get(name)?.now?.version === now.version)
  return underWay === undefined ? sent : underWay.entries.get(name)?.before
}

/** The version of a set of resources: depends on their names and versions only, so that replicas agree. */
export const setVersion = (resources: readonly XdsResource[]): string =>
  contentHash(
    resources
      .map(({ name, version }) => `${name}\n${version}`)
      .sort()
      .join('\n'),
  )
