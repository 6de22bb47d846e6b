import { byCodeUnit } from '../model/resourceName.ts'
import type { Endpoint } from './instanceEndpoints.ts'
import type { JsonObject } from './json.ts'
import { socketAddress } from './socketAddress.ts'

/** The ClusterLoadAssignment of `cluster`: one group per zone, zones and endpoints in order, every address and
 *  port once (the smallest zone's, then the heaviest). Group weights are the sums of their endpoints', and every
 *  group has a locality: gRPC clients pass over groups without. No endpoints give an assignment without groups,
 *  which empties the cluster. */
export const endpointsJson = (cluster: string, endpoints: readonly Endpoint[]): JsonObject => {
  const sorted = [...endpoints].sort(byPlace)
  const zones = new Map<string, Endpoint[]>()
  sorted.forEach((endpoint, i) => {
    const before = sorted[i - 1]
    if (before?.address === endpoint.address && before.port === endpoint.port) return
    const zone = zones.get(endpoint.zone)
    if (zone === undefined) zones.set(endpoint.zone, [endpoint])
    else zone.push(endpoint)
  })
  const groups = [...zones].sort(([a], [b]) => byCodeUnit(a, b))
  return {
    cluster_name: cluster,
    ...(groups.length === 0 ? {} : { endpoints: groups.map(([zone, members]) => groupJson(zone, members)) }),
  }
}

const groupJson = (zone: string, members: readonly Endpoint[]): JsonObject => ({
  locality: zone === '' ? {} : { zone },
  lb_endpoints: members.map(({ address, port, weight }) => ({
    endpoint: { address: socketAddress(address, port) },
    load_balancing_weight: weight,
  })),
  load_balancing_weight: members.reduce((sum, { weight }) => sum + weight, 0),
})

// Of several at one address and port the first counts, so that the order of arrival never shows.
const byPlace = (a: Endpoint, b: Endpoint): number =>
  byCodeUnit(a.address, b.address) || a.port - b.port || byCodeUnit(a.zone, b.zone) || b.weight - a.weight
