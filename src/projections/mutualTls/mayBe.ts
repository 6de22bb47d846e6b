import type { ProxyIdentity } from '../../model/proxy.ts'
import type { Registry } from '../registry/registry.ts'
import { accountOf, spiffeId } from './identities.ts'

/** Whether a client whose certificate bears `names` (its URIs, DNS names and common name) may be the node `identity`:
 *  one of them is the node id or, of a proxy, its third part (`reviews-v1.default`), or the SPIFFE id of the account
 *  that runs a workload at its ip, `spiffe://<domain>/ns/<namespace>/sa/<serviceAccount>`. */
export const mayBe = (
  identity: ProxyIdentity,
  names: readonly string[],
  registry: Pick<Registry, 'settings' | 'workloadsAt'>,
): boolean => {
  if (names.includes(identity.node)) return true
  if (identity.type === 'bare') return false
  if (identity.id !== '' && names.includes(identity.id)) return true
  const { domain } = registry.settings()
  return [...registry.workloadsAt(identity.ip)].some(({ resource }) =>
    names.includes(spiffeId(domain, accountOf(resource))),
  )
}
