import type { XdsResource } from '../model/xds.ts'
import { isWholeSet, type Ledger } from './ledger.ts'
import { addName, drop, dropName, hasName } from './sortedList.ts'

/** Takes over the names of a state-of-the-world request, which are all that the client wants from now on.
 *  An empty list means everything until a name was sent, and nothing afterwards; `""` names nothing. `current` gives
 *  what is intended now. */
export const subscribeSotw = (
  ledger: Ledger,
  names: readonly string[],
  legacyWildcard: boolean,
  current: (name: string) => XdsResource | undefined,
): void => {
  const first = ledger.nonce === ''
  if (names.length > 0) ledger.named = true
  const wildcard = names.includes('*') || (!ledger.named && legacyWildcard)
  const wanted = new Set(names.filter((name) => name !== '' && name !== '*'))
  const added = [...wanted].filter((name) => !hasName(ledger.names, name))
  for (const name of [...ledger.names]) if (!wanted.has(name)) dropName(ledger.names, name)
  for (const name of added) addName(ledger.names, sharedName(name, current))
  const widened = wildcard && !ledger.wildcard
  ledger.wildcard = wildcard
  if (!wildcard) forgetUnwanted(ledger)
  for (const name of added) ledger.asked.add(name)
  if (widened || (isWholeSet(ledger.type) && (first || added.length > 0))) ledger.owes = true
}

/** `name` as the text that the intended resource has already: what a client sends is a copy of its own per stream. */
export const sharedName = (name: string, current: (name: string) => XdsResource | undefined): string =>
  current(name)?.name ?? name

/** Forgets what was sent under a name that the client no longer wants, so that asking again is answered again. */
export const forgetUnwanted = (ledger: Ledger): void => {
  for (const { name } of [...ledger.sent]) if (!hasName(ledger.names, name)) drop(ledger.sent, name)
  for (const names of [ledger.dirty, ledger.asked, ledger.gone])
    for (const name of names?.keys() ?? []) if (!hasName(ledger.names, name)) names?.delete(name)
}
