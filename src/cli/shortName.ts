import type { Resource } from '../model/resource.ts'

/** `routerule/default/reviews-v2`, as `rutter apply` names a resource. */
export const shortName = ({
  kind,
  metadata: { namespace, name },
}: Pick<Resource, 'kind' | 'metadata'>): string => `${kind.toLowerCase()}/${namespace}/${name}`
