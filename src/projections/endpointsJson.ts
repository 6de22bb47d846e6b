import { byCodeUnit } from '../model/resourceName.ts'
import type { Endpoint } from './instanceEndpoints.ts'
import type { JsonObject } from './json.ts'
import { socketAddress } from './socketAddress.ts'

/** The ClusterLoadAssignment of `cluster`: one group per locality, these and endpoints in order, every address and
 *  port once (the smallest locality's, then the heaviest). Group weights are the sums of their endpoints', and every
 *  group has a locality: gRPC clients pass over groups without. No endpoints give an assignment without groups,
 *  which empties the cluster. */
export const endpointsJson = (cluster: string, endpoints: readonly Endpoint[]): JsonObject => {
  const sorted = [...endpoints].sort(byPlace)
  const localities = new Map<string, Endpoint[]>()
  sorted.forEach((endpoint, i) => {
    const before = sorted[i - 1]
    if (before?.address === endpoint.address && before.port === endpoint.port) return
    const group = localities.get(endpoint.locality)
    if (group === undefined) localities.set(endpoint.locality, [endpoint])
    else group.push(endpoint)
  })
  const groups = [...localities].sort(([a], [b]) => byCodeUnit(a, b))
  return {
    cluster_name: cluster,
    ...(groups.length === 0
      ? {}
      : { endpoints: groups.map(([locality, members]) => groupJson(locality, members)) }),
  }
}

const groupJson = (locality: string, members: readonly Endpoint[]): JsonObject => ({
  locality: localityJson(locality),
  lb_endpoints: members.map(({ address, port, weight }) => ({
    endpoint: { address: socketAddress(address, port) },
    load_balancing_weight: weight,
  })),
  load_balancing_weight: members.reduce((sum, { weight }) => sum + weight, 0),
})

const localityJson = (locality: string): JsonObject => {
  const [region = '', zone = '', sub_zone = ''] = locality.split('/')
  return { ...(region && { region }), ...(zone && { zone }), ...(sub_zone && { sub_zone }) }
}

// Of several at one address and port the first counts, so that the order of arrival never shows.
const byPlace = (a: Endpoint, b: Endpoint): number =>
  byCodeUnit(a.address, b.address) ||
  a.port - b.port ||
  byCodeUnit(a.locality, b.locality) ||
  b.weight - a.weight
