import type { Position } from '../model/entry.ts'
import { type XdsResource, type XdsType, xdsTypes } from '../model/xds.ts'

/** One resource as it was delivered. */
export type KnownResource = {
  readonly type: XdsType
  readonly bytes: Uint8Array
} & Pick<XdsResource, 'name' | 'version' | 'causes' | 'clusters' | 'lingers'>

/** What one Envoy acknowledged last: enough to serve it when no controller answers. */
export type KnownGood = {
  readonly mesh: string
  readonly node: string
  /** Of the log, when it was acknowledged. */
  readonly position: Position
  /** Which log that was, where it was told. */
  readonly log?: string
  readonly resources: readonly KnownResource[]
}

/** Resources by type and name, as delivery reads them. */
export type Readable = {
  position(): Position
  names(type: XdsType): Iterable<string>
  get(type: XdsType, name: string): XdsResource | undefined
}

/** All that `acknowledged` shows. The parts of route configurations are spliced: versions and bytes are those that
 *  Envoy has, so that serving them again sends nothing. */
export const knownGoodOf = (mesh: string, node: string, acknowledged: Readable, log?: string): KnownGood => ({
  mesh,
  node,
  ...(log === undefined ? {} : { log }),
  position: acknowledged.position(),
  resources: xdsTypes.flatMap((type) =>
    [...acknowledged.names(type)].flatMap((name) => {
      const resource = acknowledged.get(type, name)
      return resource === undefined ? [] : [knownResource(type, resource)]
    }),
  ),
})

/** What to serve from `known`, to be delivered like what a controller intends. */
export const servedFrom = (known: KnownGood): Readable & { readonly managed: boolean } => {
  const byType = new Map(xdsTypes.map((type) => [type, new Map<string, XdsResource>()]))
  for (const { type, bytes, ...resource } of known.resources) {
    byType.get(type)?.set(resource.name, { ...resource, bytes: () => bytes })
  }
  return {
    managed: true,
    position: () => known.position,
    names: (type) => byType.get(type)?.keys() ?? [],
    get: (type, name) => byType.get(type)?.get(name),
  }
}

const knownResource = (type: XdsType, resource: XdsResource): KnownResource => {
  const { name, version, causes, parts, lingers } = resource
  const clusters = [
    ...new Set([...(resource.clusters ?? []), ...(parts ?? []).flatMap((part) => part.clusters)]),
  ]
  return {
    type,
    name,
    version,
    causes,
    bytes: resource.bytes(),
    ...(clusters.length === 0 ? {} : { clusters }),
    ...(lingers === undefined ? {} : { lingers }),
  }
}
