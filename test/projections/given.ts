import type { Stored } from '../../src/model/mesh.ts'
import type { Kind, Resource, SpecByKind } from '../../src/model/resource.ts'

/** A stored resource of namespace `default` at position 17. */
export const stored = <K extends Kind>(
  kind: K,
  name: string,
  spec: SpecByKind[K],
  namespace = 'default',
): Stored<K> => ({
  resource: { apiVersion: 'test', kind, metadata: { name, namespace }, spec } as Resource<K>,
  position: 17,
  source: 'test',
})

/** The service that most of these tests talk about. */
export const reviews = 'reviews.default.svc.cluster.local'

/** Its HTTP port. */
export const http = { name: 'http', port: 9080 } as const
