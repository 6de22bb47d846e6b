import { byCodeUnit } from '../../model/resourceName.ts'
import type { LocalityShare } from '../istio/localityShare.ts'
import type { JsonObject } from '../json.ts'
import type { Endpoint } from '../registry/instanceEndpoints.ts'
import { socketAddress } from '../socketAddress.ts'
import { type LocalityGroup, localityGroups } from './localityGroups.ts'

/** The ClusterLoadAssignment of `cluster`: a group for each locality, shared out as `share` says, these and endpoints in
 *  order, every address and port once (the smallest locality's, then the heaviest). Every group has a locality: gRPC
 *  clients pass over groups without. No endpoints give an assignment without groups, which empties the cluster. */
export const endpointsJson = (
  cluster: string,
  endpoints: readonly Endpoint[],
  share?: LocalityShare | undefined,
): JsonObject => {
  const groups = localityGroups(endpoints.length < 2 ? endpoints : eachPlaceOnce(endpoints), share)
  return { cluster_name: cluster, ...(groups.length === 0 ? {} : { endpoints: groups.map(groupJson) }) }
}

/** In order. */
const eachPlaceOnce = (endpoints: readonly Endpoint[]): readonly Endpoint[] => {
  const sorted = [...endpoints].sort(byPlace)
  return sorted.filter((endpoint, i) => {
    const before = sorted[i - 1]
    return before?.address !== endpoint.address || before.port !== endpoint.port
  })
}

const groupJson = ({ locality, priority, weight, members }: LocalityGroup): JsonObject => ({
  locality: localityJson(locality),
  lb_endpoints: members.map((one) => ({
    endpoint: { address: socketAddress(one.address, one.port) },
    load_balancing_weight: one.weight,
  })),
  load_balancing_weight: weight,
  ...(priority === 0 ? {} : { priority }),
})

const localityJson = (locality: string): JsonObject => {
  if (locality === '') return {}
  const [region = '', zone = '', sub_zone = ''] = locality.split('/')
  return { ...(region && { region }), ...(zone && { zone }), ...(sub_zone && { sub_zone }) }
}

// Of several at one address and port the first counts, so that the order of arrival never shows.
const byPlace = (a: Endpoint, b: Endpoint): number =>
  byCodeUnit(a.address, b.address) ||
  a.port - b.port ||
  byCodeUnit(a.locality, b.locality) ||
  b.weight - a.weight
