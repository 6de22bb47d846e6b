import type { XdsResource } from '../model/xds.ts'
import { blocked, hasAny, isArriving, type Ledger, withEntry } from './ledger.ts'
import { respond } from './respond.ts'
import { find } from './sortedList.ts'
import { ledgersOf, type StreamState } from './streamState.ts'
import { isUnknown } from './unknownResource.ts'

/** Removes what nobody intends and nothing that the client has names, once it has been so for the grace period. What
 *  is still under way does not wait for its acknowledgement: a cluster whose endpoints went would never get one. */
export const removeUnnamed = (state: StreamState, nowMs: number): void => {
  for (const ledger of ledgersOf(state)) {
    if (!hasAny(ledger.gone)) continue
    const named = namedBy(state, ledger)
    const items = new Map<string, XdsResource | undefined>()
    for (const [name, dueAtMs] of ledger.gone ?? []) {
      if (find(ledger.sent, name) === undefined || state.intended.get(ledger.type, name) !== undefined)
        ledger.gone?.delete(name)
      else if (named(name)) ledger.gone = withEntry(ledger.gone, name, Number.POSITIVE_INFINITY)
      else if (dueAtMs === Number.POSITIVE_INFINITY)
        ledger.gone = withEntry(ledger.gone, name, nowMs + state.limits.graceMs)
      else if (dueAtMs <= nowMs && (!blocked(ledger) || isArriving(ledger, name))) items.set(name, undefined)
    }
    for (const name of items.keys()) ledger.gone?.delete(name)
    if (items.size > 0) respond(state, ledger, items, nowMs)
  }
}

const namedBy = (state: StreamState, ledger: Ledger): ((name: string) => boolean) => {
  const { clusters, listeners } = state.ledgers
  switch (ledger.type) {
    case 'clusters':
      return clustersNamed(state)
    case 'endpoints':
      return (name) =>
        (clusters !== undefined && find(clusters.sent, name) !== undefined) || blocked(clusters)
    default:
      return () => blocked(listeners)
  }
}

// What the client has, what is on its way to it, and what it falls back to when it refuses that.
const clustersNamed = (state: StreamState): ((name: string) => boolean) => {
  const named = new Set<string>()
  let anything = false
  const note = (resource: XdsResource | undefined): void => {
    if (resource === undefined) return
    if (isUnknown(resource)) anything = true
    for (const cluster of resource.clusters ?? []) named.add(cluster)
    for (const part of resource.parts ?? []) for (const cluster of part.clusters) named.add(cluster)
  }
  for (const ledger of [state.ledgers.listeners, state.ledgers.routes]) {
    for (const resource of ledger?.sent ?? []) note(resource)
    for (const { overdue, entries } of ledger?.flights ?? [])
      if (!overdue) for (const { before } of entries.values()) note(before)
  }
  return (name) => anything || named.has(name)
}
