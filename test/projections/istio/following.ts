import type { MeshEvent } from '../../../src/model/event.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Kind, Resource, SpecByKind } from '../../../src/model/resource.ts'
import type { XdsType } from '../../../src/model/xds.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { showResource } from '../../../src/projections/showResource.ts'
import { applied, given } from '../../reducers/given.ts'

type Json = Readonly<Record<string, unknown>>

/** A resource of Istio's in `namespace`. */
export const istio = <K extends Kind>(
  kind: K,
  name: string,
  spec: SpecByKind[K],
  namespace = 'default',
): Resource<K> =>
  ({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec }) as Resource<K>

/** A proxy of this type and namespace. */
export const proxyOf = (
  type: 'sidecar' | 'ingress' | 'router' = 'sidecar',
  namespace = 'default',
  ip = '10.1.0.1',
): ProxyIdentity => ({
  type,
  node: `${type}~${ip}~x.${namespace}~${namespace}.svc.cluster.local`,
  ip,
  id: `x.${namespace}`,
  domain: `${namespace}.svc.cluster.local`,
})

/** What a proxy gets in a mesh of `resources`, and what is the matter with them. */
export const seen = (resources: readonly Resource[], identity = proxyOf(), metadata: ProxyMetadata = {}) => {
  const events: MeshEvent[] = resources.map(applied)
  const projector = createProjector(given(...events))
  const proxy = projector.follow(identity, metadata)
  return {
    proxy,
    names: (type: XdsType): readonly string[] => [...proxy.names(type)].sort(),
    json: (type: XdsType, name: string): Json | undefined => {
      const resource = proxy.get(type, name)
      return resource === undefined ? undefined : (showResource(type, resource) as Json)
    },
    diagnostics: (resource: Resource): readonly (readonly [string, string | undefined])[] =>
      diagnosticsOf(resource, projector.registry()).map(({ code, path }) => [code, path] as const),
    messages: (resource: Resource): readonly string[] =>
      diagnosticsOf(resource, projector.registry()).map(({ message }) => message),
  }
}

/** The virtual host of `service` in the table of its port, as a proxy sees it. */
export const virtualHost = (
  world: ReturnType<typeof seen>,
  name: string,
  table = '9080',
): { readonly domains: readonly string[]; readonly routes: readonly Json[] } | undefined => {
  const found = world.json('routes', table) as
    | { virtual_hosts?: { name: string; domains: string[]; routes: Json[] }[] }
    | undefined
  return found?.virtual_hosts?.find((host) => host.name === name)
}
