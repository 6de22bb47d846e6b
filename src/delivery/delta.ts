import type { XdsResource } from '../model/xds.ts'
import type { Ledger } from './ledger.ts'
import { addName, drop, dropName, hasName, put } from './sortedList.ts'
import { forgetUnwanted, sharedName } from './sotw.ts'
import { unknownResource } from './unknownResource.ts'

/** What a delta request changes in a subscription, and what its client held before it reconnected. */
export type DeltaChange = {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  readonly initialVersions: ReadonlyMap<string, string>
}

/** Takes over a delta request. `first`: no request for this type came before on this stream; only then no names mean
 *  everything, and only then `initialVersions` count. Names subscribed are answered even when believed current,
 *  except those that a reconnecting client says it holds; `current` gives what is intended now. */
export const subscribeDelta = (
  ledger: Ledger,
  change: DeltaChange,
  first: boolean,
  legacyWildcard: boolean,
  current: (name: string) => XdsResource | undefined,
): void => {
  const legacy = first && change.subscribe.length === 0 && legacyWildcard
  if (legacy || change.subscribe.includes('*')) {
    if (!ledger.wildcard) ledger.owes = true
    ledger.wildcard = true
  }
  for (const name of change.subscribe) {
    if (name === '*' || name === '') continue
    const shared = sharedName(name, current)
    addName(ledger.names, shared)
    ledger.asked.add(shared)
  }
  if (first) recall(ledger, change.initialVersions, current)
  for (const name of change.unsubscribe) unsubscribe(ledger, name)
}

const recall = (
  ledger: Ledger,
  versions: ReadonlyMap<string, string>,
  current: (name: string) => XdsResource | undefined,
): void => {
  for (const [name, version] of versions) {
    if (!ledger.wildcard && !hasName(ledger.names, name)) continue
    put(ledger.sent, unknownResource(name, version))
    if (current(name)?.version === version) ledger.asked.delete(name)
    ledger.dirty.add(name)
  }
}

// A name that goes while the wildcard stays needs an answer, so that the client knows whether it still has it.
const unsubscribe = (ledger: Ledger, name: string): void => {
  if (name === '*') {
    if (!ledger.wildcard) return
    ledger.wildcard = false
    forgetUnwanted(ledger)
    return
  }
  dropName(ledger.names, name)
  if (ledger.wildcard) ledger.asked.add(name)
  else {
    drop(ledger.sent, name)
    for (const names of [ledger.dirty, ledger.asked, ledger.gone]) names?.delete(name)
  }
}
