import { anyAddressJson } from '../anyAddress.ts'
import {
  blackHoleClusterName,
  inboundPassthroughClusterName,
  undeclaredClusterName,
} from '../clusters/clusters.ts'
import type { JsonObject } from '../json.ts'
import { tcpFiltersJson } from './networkFilters.ts'

/** Ports at which captured connections come, whatever their address; none of a capture that is off. */
export const capturePorts = ({
  proxyListenPort,
  proxyInboundPort,
}: {
  readonly proxyListenPort: number
  readonly proxyInboundPort: number
}): readonly number[] => [proxyListenPort, proxyInboundPort].filter((port) => port !== 0)

/** The listener that gets captured outbound connections and hands each to the listener of its destination; what
 *  has none goes to its original destination, or is closed with `undeclared: 'refuse'`. */
export const virtualOutboundListenerJson = (settings: {
  readonly proxyListenPort: number
  readonly undeclaredOutbound: 'passthrough' | 'refuse'
  readonly ipv6: boolean
  readonly accessLog: string
}): JsonObject =>
  virtualListenerJson({
    name: 'virtualOutbound',
    direction: 'OUTBOUND',
    port: settings.proxyListenPort,
    cluster: undeclaredClusterName(settings.undeclaredOutbound),
    ...settings,
  })

/** The same for inbound connections; what no instance declares goes to the application as it came. */
export const virtualInboundListenerJson = (settings: {
  readonly proxyInboundPort: number
  readonly ipv6: boolean
  readonly accessLog: string
}): JsonObject =>
  virtualListenerJson({
    name: 'virtualInbound',
    direction: 'INBOUND',
    port: settings.proxyInboundPort,
    cluster: inboundPassthroughClusterName,
    ...settings,
  })

// A connection made to the capture port itself has that port as its original destination: passed on, it would come
// back for ever.
const virtualListenerJson = ({
  name,
  direction,
  port,
  cluster,
  ipv6,
  accessLog,
}: {
  readonly name: string
  readonly direction: 'INBOUND' | 'OUTBOUND'
  readonly port: number
  readonly cluster: string
  readonly ipv6: boolean
  readonly accessLog: string
}): JsonObject => ({
  name,
  ...anyAddressJson(port, ipv6),
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
