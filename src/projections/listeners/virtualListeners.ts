import {
  blackHoleClusterName,
  inboundPassthroughClusterName,
  undeclaredClusterName,
} from '../clusters/clusters.ts'
import type { JsonObject } from '../json.ts'
import { socketAddress } from '../socketAddress.ts'
import { tcpFiltersJson } from './networkFilters.ts'

/** The listener that gets captured outbound connections and hands each to the listener of its destination; what
 *  has none goes to its original destination, or is closed with `undeclared: 'refuse'`. */
export const virtualOutboundListenerJson = (settings: {
  readonly proxyListenPort: number
  readonly undeclaredOutbound: 'passthrough' | 'refuse'
  readonly accessLog: string
}): JsonObject =>
  virtualListenerJson(
    'virtualOutbound',
    'OUTBOUND',
    settings.proxyListenPort,
    undeclaredClusterName(settings.undeclaredOutbound),
    settings.accessLog,
  )

/** The same for inbound connections; what no instance declares goes to the application as it came. */
export const virtualInboundListenerJson = (settings: {
  readonly proxyInboundPort: number
  readonly accessLog: string
}): JsonObject =>
  virtualListenerJson(
    'virtualInbound',
    'INBOUND',
    settings.proxyInboundPort,
    inboundPassthroughClusterName,
    settings.accessLog,
  )

// A connection made to the capture port itself has that port as its original destination: passed on, it would come
// back for ever.
const virtualListenerJson = (
  name: string,
  direction: 'INBOUND' | 'OUTBOUND',
  port: number,
  cluster: string,
  accessLog: string,
): JsonObject => ({
  name,
  address: socketAddress('0.0.0.0', port),
  traffic_direction: direction,
  use_original_dst: true,
  filter_chains: [
    {
      name: 'itself',
      filter_chain_match: { destination_port: port },
      filters: tcpFiltersJson({
        statPrefix: blackHoleClusterName,
        protocol: 'TCP',
        cluster: blackHoleClusterName,
        accessLog,
      }),
    },
  ],
  default_filter_chain: {
    name: 'undeclared',
    filters: tcpFiltersJson({ statPrefix: cluster, protocol: 'TCP', cluster, accessLog }),
  },
})
