import { byCodeUnit } from '../model/resourceName.ts'
import type { Endpoint } from './instanceEndpoints.ts'
import type { JsonObject } from './json.ts'
import { socketAddress } from './socketAddress.ts'

/** The ClusterLoadAssignment of `cluster`: one group per zone, zones and endpoints in order, every address and
 *  port once (the smallest zone's). Group weights are the sums of their endpoints', and every group has a locality:
 *  gRPC clients pass over groups without. No endpoints give an assignment without groups, which empties the cluster. */
export const endpointsJson = (cluster: string, endpoints: readonly Endpoint[]): JsonObject => {
  const sorted = [...endpoints].sort(byZoneAndAddress)
  const taken = new Set<string>()
  const zones = new Map<string, Endpoint[]>()
  for (const endpoint of sorted) {
    const place = `${endpoint.address} ${endpoint.port}`
    if (taken.has(place)) continue
    taken.add(place)
    const zone = zones.get(endpoint.zone)
    if (zone === undefined) zones.set(endpoint.zone, [endpoint])
    else zone.push(endpoint)
  }
  return {
    cluster_name: cluster,
    ...(zones.size === 0 ? {} : { endpoints: [...zones].map(([zone, members]) => groupJson(zone, members)) }),
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

// Of two at one address and port the heavier comes first, so that the order of arrival never shows.
const byZoneAndAddress = (a: Endpoint, b: Endpoint): number =>
  byCodeUnit(a.zone, b.zone) || byCodeUnit(a.address, b.address) || a.port - b.port || b.weight - a.weight
