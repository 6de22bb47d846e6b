import { isWholeSet, type Ledger } from './ledger.ts'

/** Takes over the names of a state-of-the-world request, which are all that the client wants from now on.
 *  An empty list means everything until a name was sent, and nothing afterwards; `""` names nothing. */
export const subscribeSotw = (ledger: Ledger, names: readonly string[], legacyWildcard: boolean): void => {
  const first = ledger.nonce === ''
  if (names.length > 0) ledger.named = true
  const wildcard = names.includes('*') || (!ledger.named && legacyWildcard)
  const wanted = new Set(names.filter((name) => name !== '' && name !== '*'))
  const added = [...wanted].filter((name) => !ledger.names.has(name))
  for (const name of ledger.names) if (!wanted.has(name)) ledger.names.delete(name)
  for (const name of added) ledger.names.add(name)
  const widened = wildcard && !ledger.wildcard
  ledger.wildcard = wildcard
  if (!wildcard) forgetUnwanted(ledger)
  for (const name of added) ledger.asked.add(name)
  if (widened || (isWholeSet(ledger.type) && (first || added.length > 0))) ledger.owes = true
}

/** Forgets what was sent under a name that the client no longer wants, so that asking again is answered again. */
export const forgetUnwanted = (ledger: Ledger): void => {
  for (const names of [ledger.sent, ledger.dirty, ledger.asked, ledger.gone])
    for (const name of names.keys()) if (!ledger.names.has(name)) names.delete(name)
}
