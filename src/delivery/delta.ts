import type { Ledger } from './ledger.ts'
import { forgetUnwanted } from './sotw.ts'
import { unknownResource } from './unknownResource.ts'

/** What a delta request changes in a subscription, and what its client held before it reconnected. */
export type DeltaChange = {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  readonly initialVersions: ReadonlyMap<string, string>
}

/** Takes over a delta request. `first`: no request for this type came before on this stream; only then no names mean
 *  everything, and only then `initialVersions` count. Names subscribed are answered even when believed current,
 *  except those that a reconnecting client says it holds; `current` gives the version it should hold. */
export const subscribeDelta = (
  ledger: Ledger,
  change: DeltaChange,
  first: boolean,
  legacyWildcard: boolean,
  current: (name: string) => string | undefined,
): void => {
  const legacy = first && change.subscribe.length === 0 && legacyWildcard
  if (legacy || change.subscribe.includes('*')) {
    if (!ledger.wildcard) ledger.owes = true
    ledger.wildcard = true
  }
  for (const name of change.subscribe) {
    if (name === '*' || name === '') continue
    ledger.names.add(name)
    ledger.asked.add(name)
  }
  if (first) recall(ledger, change.initialVersions, current)
  for (const name of change.unsubscribe) unsubscribe(ledger, name)
}

const recall = (
  ledger: Ledger,
  versions: ReadonlyMap<string, string>,
  current: (name: string) => string | undefined,
): void => {
  for (const [name, version] of versions) {
    if (!ledger.wildcard && !ledger.names.has(name)) continue
    ledger.sent.set(name, unknownResource(name, version))
    if (current(name) === version) ledger.asked.delete(name)
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
  ledger.names.delete(name)
  if (ledger.wildcard) ledger.asked.add(name)
  else for (const names of [ledger.sent, ledger.dirty, ledger.asked, ledger.gone]) names.delete(name)
}
