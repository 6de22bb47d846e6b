import type { ProxyIdentity } from '../../model/proxy.ts'
import type { Registry } from '../registry/registry.ts'
import { workloadsOf } from '../registry/workloadsOf.ts'
import { namespaceOfId, proxyNamespace } from '../views/proxyNamespace.ts'
import { accountOf, spiffeId } from './identities.ts'

/** Whether a client whose certificate bears `names` (its URIs, DNS names and common name) may be the node `identity`:
 *  one of them is the node id or, of a proxy, its third part (`reviews-v1.default`), or the SPIFFE id of the account
 *  that runs a workload at its ip, `spiffe://<domain>/ns/<namespace>/sa/<serviceAccount>`. By the last two it is of the
 *  namespace that they name, and of no other, for of that are the secrets that it gets. */
export const mayBe = (
  identity: ProxyIdentity,
  names: readonly string[],
  registry: Pick<Registry, 'settings' | 'workloadsAt'>,
): boolean => {
  if (names.includes(identity.node)) return true
  if (identity.type === 'bare') return false
  const { domain } = registry.settings()
  const workloads = workloadsOf(identity.ip, registry)
  const namespace = proxyNamespace(identity, domain, workloads[0]?.resource)
  if (identity.id !== '' && names.includes(identity.id) && namespaceOfId(identity.id) === namespace)
    return true
  return workloads.some(
    ({ resource }) =>
      resource.metadata.namespace === namespace && names.includes(spiffeId(domain, accountOf(resource))),
  )
}
