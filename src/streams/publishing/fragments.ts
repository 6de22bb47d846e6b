import { headOf } from '../../delivery/composeRoutes.ts'
import type { Fragment } from '../../model/frame.ts'
import { endpointsTopic } from '../../model/topic.ts'
import type { XdsResource, XdsType } from '../../model/xds.ts'
import { parseClusterName } from '../../projections/clusters/clusterName.ts'
import { distinction } from '../../projections/clusters/endpointStore.ts'
import type { Projector } from '../../projections/projector.ts'
import type { ClusterPart } from '../../projections/views/slice.ts'
import type { View } from '../../projections/views/view.ts'
import { contentHash } from '../../wire/contentHash.ts'

/** The fragments that a resource is sent as: a route configuration without its virtual hosts and each of these, else
 *  itself. */
export const fragmentsOf = (type: XdsType, resource: XdsResource): readonly Fragment[] => {
  const { name, parts } = resource
  if (parts === undefined) return [fragmentOf(type, resource)]
  const head = headOf(resource)
  return [
    { kind: 'routeTables', table: '', name, version: contentHash(head), bytes: head, causes: [] },
    ...parts.map((part) => ({ kind: 'virtualHosts' as const, table: name, ...part })),
  ]
}

/** The fragments of the resource `name` in a view; none when it has none of that name. */
export const fragmentsIn = (
  projector: Projector,
  view: View,
  type: XdsType,
  name: string,
): readonly Fragment[] => {
  const resource = projector.viewResource(view, type, name)
  if (resource === undefined) return []
  if (type !== 'clusters') return fragmentsOf(type, resource)
  const endpoints = endpointsTopicOf(view, name)
  return [{ ...fragmentOf(type, resource), ...(endpoints === undefined ? {} : { endpoints }) }]
}

/** The topic of the endpoints of the cluster `name` of a view; undefined when they are found by DNS. */
export const endpointsTopicOf = (view: View, name: string): string | undefined => {
  const part = view.clusters.get(name)
  if (part?.eds !== true) return undefined
  const known = topics.get(part)
  if (known !== undefined) return known
  const its = distinction(part)
  // Most have what their names say.
  const apart = its === parseClusterName(name)?.subset ? '' : contentHash(its)
  const made = endpointsTopic(part.namespace, name, apart)
  topics.set(part, made)
  return made
}

/** Made once for each cluster: every event at its endpoints asks for it. */
const topics = new WeakMap<ClusterPart, string>()

const fragmentOf = (type: XdsType, resource: XdsResource): Fragment => {
  const { name, version, causes, clusters, lingers } = resource
  return {
    kind: type,
    table: '',
    name,
    version,
    bytes: resource.bytes(),
    causes,
    ...(clusters === undefined ? {} : { clusters }),
    ...(lingers === undefined ? {} : { lingers }),
  }
}
