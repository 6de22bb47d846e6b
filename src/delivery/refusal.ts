import { culprits } from './culprits.ts'
import { refuseGroup } from './isolation.ts'
import { type Flight, type Ledger, rollBack, withEntry } from './ledger.ts'
import { park, rejectionOf } from './parking.ts'
import { drop, find } from './sortedList.ts'
import type { StreamState } from './streamState.ts'
import { cannotWarm } from './target.ts'
import { isUnknown } from './unknownResource.ts'

/** Takes back a response that the client refused with `message`, parks what is to blame, and asks for what repairs it:
 *  after a refused flight the client's state is unknown. */
export const refuse = (state: StreamState, ledger: Ledger, flight: Flight, message: string): void => {
  state.counters.refused += 1
  // Of what waits to be sent alone an earlier version may be in the flight, which is not meant.
  const news = newIn(flight).filter((name) => {
    const version = ledger.probes?.get(name)
    return version === undefined || version === flight.entries.get(name)?.now?.version
  })
  const named = culprits(message, news)
  if (named.length === 0 && blameEarlier(state, ledger, message)) return
  const offered = news.length > 0 ? news : offeredBy(flight)
  const blamed = named.length === 0 && offered.length === 1 ? offered : named
  rollBack(ledger, flight)
  if (!state.ordered) return parkPlainly(state, ledger, flight, message, blamed.length > 0 ? blamed : offered)
  for (const name of blamed) blame(state, ledger, flight, name, message)
  if (blamed.length === 0) doubt(ledger, flight, offered)
  if (ledger.type === 'endpoints') for (const name of blamed) withdrawCluster(state, name)
  if (ledger.type === 'clusters')
    for (const name of blamed.length > 0 ? blamed : offered) repair(ledger, name)
}

const offeredBy = ({ entries }: Flight): readonly string[] =>
  [...entries].filter(([, { now }]) => now !== undefined).map(([name]) => name)

// What was sent again unchanged is to blame only where there is nothing else.
const newIn = (flight: Flight): readonly string[] =>
  offeredBy(flight).filter((name) => {
    const entry = flight.entries.get(name)
    return entry?.before?.version !== entry?.now?.version
  })

// A new cluster without endpoints would hold back the answer to every cluster.
const withdrawCluster = (state: StreamState, name: string): void => {
  const clusters = state.ledgers.clusters
  if (clusters === undefined || !cannotWarm(state, name)) return
  const flight = clusters.flights.findLast(({ entries }) => entries.get(name)?.now !== undefined)
  const entry = flight?.entries.get(name)
  if (flight === undefined || entry === undefined || entry.before !== undefined) return
  rollBack(clusters, { ...flight, entries: new Map([[name, entry]]) })
  clusters.asked.add(name)
}

/** Has `names` of a flight that was taken back sent again few at a time. */
export const doubt = (ledger: Ledger, flight: Flight, names: readonly string[]): void => {
  for (const name of names)
    if (!ledger.probes?.has(name))
      ledger.probes = withEntry(ledger.probes, name, flight.entries.get(name)?.now?.version ?? '')
}

// Left in place, a refused cluster holds back the answers to all later ones (Envoy 1.40). One whose good version only
// the client knows cannot be repaired: removing it would take away what still serves.
const repair = (ledger: Ledger, name: string): void => {
  if (!isUnknown(find(ledger.sent, name))) ledger.asked.add(name)
}

// In state of the world the reason for an earlier refusal may come under a later nonce: then the later response was
// accepted, and what it blames was taken back by now or is under way once more.
const blameEarlier = (state: StreamState, ledger: Ledger, message: string): boolean => {
  const earlier = new Set(ledger.probes?.keys())
  for (const { type, name } of state.parked.values()) if (type === ledger.type) earlier.add(name)
  for (const flight of ledger.flights) for (const name of offeredBy(flight)) earlier.add(name)
  const blamed = culprits(message, earlier)
  for (const name of blamed) {
    const inDoubt = ledger.probes?.get(name)
    const flight = ledger.flights.findLast(({ entries }) => {
      const now = entries.get(name)?.now
      return now !== undefined && (inDoubt === undefined || inDoubt === now.version)
    })
    const entry = flight?.entries.get(name)
    parkWhole(state, ledger, name, message, inDoubt ?? entry?.now?.version)
    ledger.probes?.delete(name)
    if (flight === undefined || entry === undefined) continue
    rollBack(ledger, { ...flight, entries: new Map([[name, entry]]) })
    if (ledger.type === 'clusters') repair(ledger, name)
  }
  return blamed.length > 0
}

const blame = (state: StreamState, ledger: Ledger, flight: Flight, name: string, message: string): void => {
  const entry = flight.entries.get(name)
  // What was thought to be good is not: there is nothing left to fall back to.
  if (entry?.before !== undefined && entry.before.version === entry.now?.version) drop(ledger.sent, name)
  if (ledger.type !== 'routes' || entry?.now?.parts === undefined)
    return parkWhole(state, ledger, name, message, entry?.now?.version)
  if (!refuseGroup(state, name, entry, message))
    parkWhole(state, ledger, name, message, state.intended.get('routes', name)?.version)
}

// A version that is intended no more needs no parking.
const parkWhole = (
  state: StreamState,
  ledger: Ledger,
  name: string,
  message: string,
  version: string | undefined,
): void => {
  const resource = state.intended.get(ledger.type, name)
  if (resource === undefined || resource.version !== version) return
  if (ledger.type === 'routes') state.isolations.delete(name)
  const rejection = rejectionOf(ledger.type, name, message, resource.causes)
  park(state, { type: ledger.type, name, part: undefined, version: resource.version, rejection })
}

const parkPlainly = (
  state: StreamState,
  ledger: Ledger,
  flight: Flight,
  message: string,
  names: readonly string[],
): void => {
  const nameless = rejectionOf(ledger.type, '', message, [])
  const certain = names.length === 1 || culprits(message, names).length > 0
  for (const name of names) {
    const refused = flight.entries.get(name)?.now
    if (refused === undefined || state.intended.get(ledger.type, name)?.version !== refused.version) continue
    const rejection = certain ? rejectionOf(ledger.type, name, message, refused.causes) : nameless
    park(state, { type: ledger.type, name, part: undefined, version: refused.version, rejection })
  }
}
