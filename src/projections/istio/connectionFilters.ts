import type { Protocol } from '../../model/service.ts'
import type { JsonObject } from '../json.ts'
import { tcpFiltersJson } from '../listeners/networkFilters.ts'
import type { ConnectionRoute } from './connectionRoutes.ts'

/** The network filters that carry connections where `route` leads. */
export const connectionFilters = (
  { destinations, tunnel, lookUpPort, idleTimeoutMs }: ConnectionRoute,
  at: { readonly protocol: Protocol; readonly accessLog: string; readonly port: number },
): readonly JsonObject[] => {
  const shares = destinations.filter(({ weight }) => weight > 0)
  const [only] = shares
  const { protocol, accessLog } = at
  return tcpFiltersJson({
    statPrefix: only !== undefined && shares.length === 1 ? only.cluster : `weighted|${at.port}`,
    protocol,
    cluster:
      only !== undefined && shares.length === 1
        ? only.cluster
        : shares.map(({ cluster, weight }) => ({ name: cluster, weight })),
    ...(tunnel && { tunnel }),
    ...(lookUpPort !== undefined && { lookUpPort }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    accessLog,
  })
}
