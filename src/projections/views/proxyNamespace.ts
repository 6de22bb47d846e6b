import type { ProxyIdentity } from '../../model/proxy.ts'
import type { Resource } from '../../model/resource.ts'

type Proxy = Exclude<ProxyIdentity, { readonly type: 'bare' }>

/** The namespace that `proxy` is of: `default` of the domain `default.svc.cluster.local`; else that of `workload`, the first
 *  at its ip; else that of its id. */
export const proxyNamespace = (
  proxy: Proxy,
  meshDomain: string,
  workload: Resource<'Instance'> | Resource<'WorkloadEntry'> | undefined,
): string => {
  const [first, ...rest] = proxy.domain.split('.')
  if (first !== undefined && first !== '' && rest.join('.') === `svc.${meshDomain}`) return first
  return workload?.metadata.namespace ?? namespaceOfId(proxy.id)
}

/** What stands behind the last dot of an id, `prod` of `reviews-v1.prod`; `default` where it has none. */
export const namespaceOfId = (id: string): string => {
  const dot = id.lastIndexOf('.')
  return dot === -1 ? 'default' : id.slice(dot + 1)
}
