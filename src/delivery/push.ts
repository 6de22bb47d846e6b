import type { XdsResource } from '../model/xds.ts'
import { acceptGroup } from './isolation.ts'
import { blocked, type Flight, hasAny, type Ledger, wants, withEntry } from './ledger.ts'
import { isParked } from './parking.ts'
import { respond } from './respond.ts'
import { find, put } from './sortedList.ts'
import type { StreamState } from './streamState.ts'
import { cannotWarm, keepsUntilUnnamed, target } from './target.ts'
import { isUnknown } from './unknownResource.ts'

/** Sends what was asked for, and of what changed all that may go now; gives back what is under way by that. */
export const push = (state: StreamState, ledger: Ledger, nowMs: number): Flight | undefined => {
  const items = new Map<string, XdsResource | undefined>()
  for (const name of ledger.asked) answer(state, ledger, name, items)
  ledger.asked.clear()
  if (!(state.ordered && blocked(ledger))) {
    if (!hasAny(ledger.probes)) for (const name of ledger.dirty) update(state, ledger, name, items)
    else if (items.size === 0) probe(state, ledger, items)
  }
  return respond(state, ledger, items, nowMs)
}

type Items = Map<string, XdsResource | undefined>

const answer = (state: StreamState, ledger: Ledger, name: string, items: Items): void => {
  const resource = target(state, ledger, name)
  // What only the client has cannot be sent to it; it becomes dirty when it is to be another.
  if (isUnknown(resource)) {
    ledger.dirty.add(name)
    return
  }
  const intended = state.intended.get(ledger.type, name)
  const waits =
    resource === undefined &&
    intended !== undefined &&
    !ledger.probes?.has(name) &&
    !isParked(state, ledger.type, name, intended.version) &&
    !(ledger.type === 'clusters' && cannotWarm(state, name))
  if (waits) {
    ledger.dirty.add(name)
    return
  }
  items.set(name, resource)
  settle(ledger, name, resource, intended)
}

const update = (state: StreamState, ledger: Ledger, name: string, items: Items): void => {
  if (!wants(ledger, name)) {
    ledger.dirty.delete(name)
    return
  }
  if (ledger.probes?.has(name) === true || items.has(name)) return
  const sent = find(ledger.sent, name)
  const intended = state.intended.get(ledger.type, name)
  if (intended === undefined) {
    ledger.dirty.delete(name)
    if (sent === undefined) return
    if (keepsUntilUnnamed(state, ledger, name))
      ledger.gone = withEntry(ledger.gone, name, Number.POSITIVE_INFINITY)
    else items.set(name, undefined)
    return
  }
  ledger.gone?.delete(name)
  let resource = target(state, ledger, name)
  while (resource?.version === sent?.version && ledger.type === 'routes' && acceptGroup(state, name))
    resource = target(state, ledger, name)
  settle(ledger, name, resource, intended)
  if (resource === undefined || resource === sent) return
  if (resource.version === sent?.version) put(ledger.sent, resource)
  else items.set(name, resource)
}

// So many rounds at most are under way for the names in doubt, which are sent one by one when they are fewer.
const probeRounds = 64

const probe = (state: StreamState, ledger: Ledger, items: Items): void => {
  const names = [...(ledger.probes?.keys() ?? [])]
  const share = Math.ceil(names.length / probeRounds)
  for (const name of names) {
    if (items.size === share) return
    ledger.probes?.delete(name)
    ledger.dirty.add(name)
    update(state, ledger, name, items)
    if (share === 1)
      ledger.probed = withEntry(ledger.probed, name, state.intended.get(ledger.type, name)?.version ?? '')
  }
}

const settle = (
  ledger: Ledger,
  name: string,
  resource: XdsResource | undefined,
  intended: XdsResource | undefined,
): void => {
  if (resource?.version === intended?.version) ledger.dirty.delete(name)
  else ledger.dirty.add(name)
}
