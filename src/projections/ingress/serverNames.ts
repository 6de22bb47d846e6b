import { byCodeUnit } from '../../model/resourceName.ts'
import { serverName } from './serverName.ts'

/** A certificate, and the servers by whose names callers ask for it; none: whatever they ask for. */
export type Certificate = { readonly secret: string; readonly serverNames: readonly string[] }

/** The certificates of a listener, of hosts and the secrets that are theirs. Envoy knows names and `*.suffix`: a host
 *  of another form widens to that, or to every name. Of several secrets for every name the smallest host's is it. */
export const certificatesOf = (secrets: ReadonlyMap<string, string>): readonly Certificate[] => {
  const bySecret = new Map<string, Set<string>>()
  const taken = new Set<string>()
  let otherwise: string | undefined
  for (const [host, secret] of [...secrets].sort(([a], [b]) => byCodeUnit(a, b))) {
    if (secret === '') continue
    const name = serverName(host)
    if (name === undefined) otherwise ??= secret
    else if (!taken.has(name)) {
      taken.add(name)
      bySecret.set(secret, (bySecret.get(secret) ?? new Set()).add(name))
    }
  }
  return [
    ...[...bySecret].map(([secret, names]) => ({ secret, serverNames: [...names].sort(byCodeUnit) })),
    ...(otherwise === undefined ? [] : [{ secret: otherwise, serverNames: [] }]),
  ]
}
