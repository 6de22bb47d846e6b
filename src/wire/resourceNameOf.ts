import { messageNameOf } from './typeUrls.ts'

/** The name by which xDS knows a resource in Envoy's canonical JSON: `cluster_name` of a ClusterLoadAssignment, `name`
 *  of everything else; empty where the resource has none. */
export const resourceNameOf = (typeUrl: string, resource: Readonly<Record<string, unknown>>): string => {
  const name =
    messageNameOf(typeUrl) === 'envoy.config.endpoint.v3.ClusterLoadAssignment'
      ? (own(resource, 'cluster_name') ?? own(resource, 'clusterName'))
      : own(resource, 'name')
  return typeof name === 'string' ? name : ''
}

const own = (resource: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(resource, key) ? resource[key] : undefined
