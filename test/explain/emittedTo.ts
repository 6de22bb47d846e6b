import type { Emitted } from '../../src/explain/emitted.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import { createProjector } from '../../src/projections/projector.ts'
import { showResource } from '../../src/projections/showResource.ts'
import { applied, given } from '../reducers/given.ts'

/** What a proxy is given in a mesh of `resources`. */
export const emittedTo = (
  proxy: ProxyIdentity,
  metadata: ProxyMetadata,
  resources: readonly Resource[],
): Emitted => {
  const followed = createProjector(given(...resources.map(applied))).follow(proxy, metadata)
  const all = (type: 'listeners' | 'routes' | 'clusters') =>
    [...followed.names(type)].flatMap((name) => {
      const resource = followed.get(type, name)
      return resource === undefined ? [] : [showResource(type, resource)]
    })
  return {
    listeners: all('listeners'),
    routes: all('routes'),
    clusters: all('clusters'),
    othersInBootstrap: false,
  }
}
