import { sameJson } from '../../model/sameJson.ts'
import type { XdsResource } from '../../model/xds.ts'
import { xdsResource } from '../encoded.ts'
import { provenanceOf } from '../provenance.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import type { Registry } from '../registry/registry.ts'
import type { ClusterPart } from '../views/slice.ts'
import { subsetName } from './clusterName.ts'
import { endpointsJson } from './endpointsJson.ts'

/** Load assignments, each computed when it is first read, and again only when an instance of its service changes. */
export type EndpointStore = {
  get(cluster: ClusterPart): XdsResource
  /** Computes anew what was read of `hostname`, and says which clusters' endpoints came out differently. */
  refresh(hostname: string): readonly string[]
  /** Forgets the endpoints of clusters of `hostname` that nobody names any more. */
  prune(hostname: string, isNamed: (cluster: string) => boolean): void
}

type Assignment = { readonly cluster: ClusterPart; resource: XdsResource }

/** Endpoints that `isHeld` are left out. */
export const createEndpointStore = (
  registry: Registry,
  isHeld: (address: string, port: number) => boolean,
): EndpointStore => {
  const assign = (cluster: ClusterPart): XdsResource => assignment(cluster, registry, isHeld)
  // Lists, as most hostnames have one, which a map of its own would outweigh.
  const byHostname = new Map<string, Assignment[]>()
  return {
    get: (cluster) => {
      const assignments = byHostname.get(cluster.hostname)
      const known = assignments?.find((one) => isSame(one.cluster, cluster))
      if (known !== undefined) return known.resource
      const made = { cluster, resource: assign(cluster) }
      if (assignments === undefined) byHostname.set(cluster.hostname, [made])
      else assignments.push(made)
      return made.resource
    },
    refresh: (hostname) => {
      const changed: string[] = []
      for (const known of byHostname.get(hostname) ?? []) {
        const resource = assign(known.cluster)
        if (resource.version === known.resource.version) continue
        known.resource = resource
        changed.push(resource.name)
      }
      return changed
    },
    prune: (hostname, isNamed) => {
      const named = byHostname.get(hostname)?.filter(({ cluster }) => isNamed(cluster.resource.name)) ?? []
      if (named.length === 0) byHostname.delete(hostname)
      else byHostname.set(hostname, named)
    },
  }
}

/** What tells the endpoints of clusters of one name apart: callers of different namespaces may mean different labels by
 *  one subset, and callers in different places share endpoints out differently. */
export const distinction = ({
  labels,
  share,
  undefinedSubset,
}: Pick<ClusterPart, 'labels' | 'share' | 'undefinedSubset'>): string =>
  (undefinedSubset === true ? 'undefined' : subsetName(labels)) +
  (share === undefined ? '' : ` ${JSON.stringify(share)}`)

// Callers of different namespaces may mean different services by one hostname, and different labels by one subset.
const isSame = (one: ClusterPart, other: ClusterPart): boolean =>
  one.resource.name === other.resource.name &&
  one.namespace === other.namespace &&
  one.undefinedSubset === other.undefinedSubset &&
  (one.undefinedSubset === true || (sameJson(one.labels, other.labels) && sameJson(one.share, other.share)))

const assignment = (
  { hostname, namespace, port, labels, resource, undefinedSubset, share }: ClusterPart,
  registry: Registry,
  isHeld: (address: string, port: number) => boolean,
): XdsResource => {
  const service = registry.claimants(hostname).find((one) => one.namespace === namespace)
  const servicePort = service?.ports.find((one) => one.port === port)
  const endpoints =
    service === undefined || servicePort === undefined || undefinedSubset === true
      ? []
      : registry
          .endpointsOf(service, servicePort)
          .filter((one) => matchesLabels(one.labels, labels) && !isHeld(one.address, one.port))
  const rules = service === undefined ? [] : [provenanceOf(service.stored)]
  return xdsResource('endpoints', resource.name, endpointsJson(resource.name, endpoints, share), rules)
}
