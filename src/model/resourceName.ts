import type { Kind, Resource, ResourceName } from './resource.ts'

/** The name of `resource`: its kind, namespace and name. */
export const nameOf = (resource: Pick<Resource, 'kind' | 'metadata'>): ResourceName => ({
  kind: resource.kind,
  namespace: resource.metadata.namespace,
  name: resource.metadata.name,
})

/** `RouteRule/default/reviews-v2`: unique in a mesh; sorts by kind, namespace, name. */
export const keyOf = (name: {
  readonly kind: Kind | string
  readonly namespace: string
  readonly name: string
}): string => `${name.kind}/${name.namespace}/${name.name}`

/** Order by code unit, the same on every host (`localeCompare` is not). */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
