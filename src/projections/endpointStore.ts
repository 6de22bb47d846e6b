import type { XdsResource } from '../model/xds.ts'
import { subsetName } from './clusterName.ts'
import { xdsResource } from './encoded.ts'
import { endpointsJson } from './endpointsJson.ts'
import { matchesLabels } from './instanceEndpoints.ts'
import { provenanceOf } from './provenance.ts'
import type { Registry } from './registry.ts'
import type { ClusterPart } from './slice.ts'

/** Load assignments, each computed when it is first read, and again only when an instance of its service changes. */
export type EndpointStore = {
  get(cluster: ClusterPart): XdsResource
  /** Computes anew what was read of `hostname`, and says which clusters' endpoints came out differently. */
  refresh(hostname: string): readonly string[]
  /** Forgets the endpoints of clusters of `hostname` that nobody names any more. */
  prune(hostname: string, isNamed: (cluster: string) => boolean): void
}

type Assignment = { readonly cluster: ClusterPart; resource: XdsResource }

export const createEndpointStore = (registry: Registry): EndpointStore => {
  const byHostname = new Map<string, Map<string, Assignment>>()
  return {
    get: (cluster) => {
      const name = assignmentName(cluster)
      let assignments = byHostname.get(cluster.hostname)
      if (assignments === undefined) {
        assignments = new Map()
        byHostname.set(cluster.hostname, assignments)
      }
      let assignment = assignments.get(name)
      if (assignment === undefined) {
        assignment = { cluster, resource: assign(cluster, registry) }
        assignments.set(name, assignment)
      }
      return assignment.resource
    },
    refresh: (hostname) => {
      const changed: string[] = []
      for (const assignment of (byHostname.get(hostname) ?? new Map<string, Assignment>()).values()) {
        const resource = assign(assignment.cluster, registry)
        if (resource.version === assignment.resource.version) continue
        assignment.resource = resource
        changed.push(resource.name)
      }
      return changed
    },
    prune: (hostname, isNamed) => {
      const assignments = byHostname.get(hostname)
      if (assignments === undefined) return
      for (const [name, { cluster }] of assignments)
        if (!isNamed(cluster.resource.name)) assignments.delete(name)
      if (assignments.size === 0) byHostname.delete(hostname)
    },
  }
}

// Callers of different namespaces may mean different labels by one subset.
const assignmentName = ({ resource: { name }, labels, undefinedSubset }: ClusterPart): string =>
  `${name} ${undefinedSubset === true ? 'undefined' : subsetName(labels)}`

const assign = (
  { hostname, port, labels, resource, undefinedSubset }: ClusterPart,
  registry: Registry,
): XdsResource => {
  const service = registry.service(hostname)
  const servicePort = service?.ports.find((one) => one.port === port)
  const endpoints =
    service === undefined || servicePort === undefined || undefinedSubset === true
      ? []
      : registry.endpointsOf(service, servicePort).filter((one) => matchesLabels(one.labels, labels))
  const rules = service === undefined ? [] : [provenanceOf(service.stored)]
  return xdsResource('endpoints', resource.name, endpointsJson(resource.name, endpoints), rules)
}
