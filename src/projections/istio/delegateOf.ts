import type { IstioHttpRoute } from '../../model/istio/virtualService.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Resource } from '../../model/resource.ts'
import type { Registry } from '../registry/registry.ts'

/** The VirtualService that a route of `rule` delegates to; `undefined` where there is none, or it has hosts of its
 *  own. */
export const delegateOf = (
  rule: Resource<'VirtualService'>,
  delegate: NonNullable<IstioHttpRoute['delegate']>,
  registry: Pick<Registry, 'istio'>,
): Stored<'VirtualService'> | undefined => {
  const found = registry.istio.virtualService(delegateKey(rule, delegate))
  return (found?.resource.spec.hosts?.length ?? 0) === 0 ? found : undefined
}

/** `namespace/name` of it. */
export const delegateKey = (
  { metadata }: Pick<Resource<'VirtualService'>, 'metadata'>,
  { name, namespace = metadata.namespace }: NonNullable<IstioHttpRoute['delegate']>,
): string => `${namespace}/${name}`
