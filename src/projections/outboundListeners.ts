import type { Protocol } from '../model/service.ts'
import { outboundCluster } from './clusterName.ts'
import { undeclaredClusterName } from './clusters.ts'
import { tlsInspector } from './downstreamTls.ts'
import { outboundHttpFilters } from './httpFilters.ts'
import type { JsonObject } from './json.ts'
import { listenerJson, listenerName } from './listeners.ts'
import { httpConnectionManagerJson, routesOverAds, tcpFiltersJson } from './networkFilters.ts'
import type { Provenance } from './provenance.ts'

type Rule = Omit<Provenance, 'position'>

/** The listener of all HTTP services on `port`, captured; its routes are the route configuration `<port>`. */
export const outboundHttpListenerJson = (listener: {
  readonly port: number
  readonly accessLog: string
  /** The smallest of the services on that port. */
  readonly rule: Rule
}): JsonObject =>
  listenerJson({
    name: listenerName('0.0.0.0', listener.port),
    address: '0.0.0.0',
    port: listener.port,
    direction: 'OUTBOUND',
    bind: false,
    filters: [
      httpConnectionManagerJson({
        statPrefix: `outbound_${listener.port}`,
        routes: routesOverAds(String(listener.port)),
        httpFilters: outboundHttpFilters,
        accessLog: listener.accessLog,
        websocket: false,
      }),
    ],
    rule: listener.rule,
  })

/** The address at which the listener of a service port that is not HTTP is found: its virtual IP, else any. */
export const outboundTcpAddress = (virtualIp: string | undefined): string => virtualIp ?? '0.0.0.0'

/** The listener of a service port that is not HTTP, captured: all its connections go to the service's cluster. Of an
 *  HTTPS service outside of the mesh without virtual IP only those whose TLS name is the service's do, for the
 *  listener gets every connection to that port. */
export const outboundTcpListenerJson = (service: {
  readonly hostname: string
  readonly port: number
  readonly protocol: Protocol
  readonly virtualIp?: string
  /** Of a service outside of the mesh: its DNS name, and what becomes of connections that are not for it. */
  readonly external?: {
    readonly name: string
    readonly undeclaredOutbound: 'passthrough' | 'refuse'
    /** `name` is a subnet, such as `10.0.0.0/8`, of whose addresses alone connections go there. */
    readonly subnet?: boolean
  }
  readonly accessLog: string
  readonly rule: Rule
}): JsonObject => {
  const { external, hostname, port, protocol, virtualIp, accessLog } = service
  const address = outboundTcpAddress(virtualIp)
  const cluster = outboundCluster(port, '', hostname)
  const listener = listenerJson({
    name: listenerName(address, port),
    address,
    port,
    direction: 'OUTBOUND',
    bind: false,
    filters: tcpFiltersJson({ statPrefix: cluster, protocol, cluster, accessLog }),
    rule: service.rule,
  })
  if (external === undefined || virtualIp !== undefined) return listener
  const undeclared = undeclaredClusterName(external.undeclaredOutbound)
  const otherwise = tcpFiltersJson({
    statPrefix: undeclared,
    protocol: 'TCP',
    cluster: undeclared,
    accessLog,
  })
  if (external.subnet) return onlyTo(listener, external.name, otherwise)
  return protocol === 'HTTPS'
    ? onlyTlsNames(listener, [...new Set([hostname, external.name])], otherwise)
    : listener
}

const onlyTo = (
  listener: JsonObject & { readonly filter_chains: readonly JsonObject[] },
  subnet: string,
  otherwise: readonly JsonObject[],
): JsonObject => {
  const [address = '', length = ''] = subnet.split('/')
  const ranges = [{ address_prefix: address, prefix_len: Number(length) }]
  return {
    ...listener,
    filter_chains: listener.filter_chains.map((chain) => ({
      ...chain,
      filter_chain_match: { prefix_ranges: ranges },
    })),
    default_filter_chain: { filters: otherwise },
  }
}

const onlyTlsNames = (
  listener: JsonObject & { readonly filter_chains: readonly JsonObject[] },
  names: readonly string[],
  otherwise: readonly JsonObject[],
): JsonObject => ({
  ...listener,
  listener_filters: [tlsInspector],
  filter_chains: listener.filter_chains.map((chain) => ({
    ...chain,
    filter_chain_match: { server_names: names },
  })),
  default_filter_chain: { filters: otherwise },
})
