import { forwardByAuthorityFilters } from '../egress/forwardByAuthority.ts'
import type { JsonObject } from '../json.ts'
import { outboundHttpFilters } from './httpFilters.ts'
import { listenerJson } from './listeners.ts'
import { httpConnectionManagerJson, routesOverAds } from './networkFilters.ts'

/** Name of the explicit HTTP proxy's listener and of its route configuration (contract §4). */
export const httpProxyName = 'http_proxy'

/** The explicit HTTP proxy of a sidecar, bound at the given place: requests find their service by authority,
 *  an unknown one gets 404. CONNECT is not served. */
export const httpProxyListenerJson = (proxy: {
  readonly address: string
  readonly port: number
  readonly accessLog: string
}): JsonObject =>
  listenerJson({
    name: httpProxyName,
    address: proxy.address,
    port: proxy.port,
    direction: 'OUTBOUND',
    bind: true,
    filters: [
      httpConnectionManagerJson({
        statPrefix: httpProxyName,
        routes: routesOverAds(httpProxyName),
        httpFilters: [...forwardByAuthorityFilters, ...outboundHttpFilters],
        accessLog: proxy.accessLog,
        websocket: false,
      }),
    ],
  })
