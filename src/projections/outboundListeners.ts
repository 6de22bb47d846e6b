import type { Protocol } from '../model/service.ts'
import { outboundCluster } from './clusterName.ts'
import { undeclaredClusterName } from './clusters.ts'
import type { CompiledPort, CompiledService } from './compiledService.ts'
import { type ConnectionChain, chainsApart, chainsJson, takesEveryConnection } from './connectionChain.ts'
import { outboundHttpFilters } from './httpFilters.ts'
import { connectionFilters } from './istio/connectionFilters.ts'
import type { ConnectionRoute } from './istio/connectionRoutes.ts'
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

/** What one service adds to the captured listener at an address and port that is not routed by request. */
export type TcpPort = {
  readonly address: string
  readonly port: number
  readonly chains: readonly ConnectionChain[]
}

/** The captured listeners of a service port that is not HTTP: at its virtual IPs all connections are for it. Without
 *  any it gets those to its subnets, or by TLS those that name it, where it is outside of the mesh; else all to the
 *  port. */
export const outboundTcpPorts = (
  service: Pick<CompiledService, 'hostname' | 'addresses' | 'subnets' | 'serverNames'> & {
    readonly rule: Provenance
  },
  { port, protocol }: Pick<CompiledPort, 'port' | 'protocol'>,
  /** Where rules lead some of them, before the rest goes to the service. */
  routes: readonly ConnectionRoute[],
  accessLog: string,
): readonly TcpPort[] => {
  const { hostname, addresses, subnets = [], serverNames = [], rule } = service
  const cluster = outboundCluster(port, '', hostname)
  const filters = tcpFiltersJson({ statPrefix: cluster, protocol, cluster, accessLog })
  const own = { serverNames: [], subnets: [], filters, clusters: [cluster], rule }
  const chains = [...routes.map((route) => routedChain(route, port, protocol, accessLog)), own]
  const anywhere = addresses.length === 0 || subnets.length > 0
  const named = subnets.length === 0 && protocol === 'HTTPS' ? serverNames : []
  return [
    ...addresses.map((address) => ({ address, port, chains })),
    ...(anywhere
      ? [
          {
            address: anyAddress,
            port,
            chains: chains.map((chain) => ({
              ...chain,
              serverNames: chain.serverNames.length > 0 ? chain.serverNames : named,
              subnets: chain.subnets.length > 0 ? chain.subnets : subnets,
            })),
          },
        ]
      : []),
  ]
}

const routedChain = (
  route: ConnectionRoute,
  port: number,
  protocol: Protocol,
  accessLog: string,
): ConnectionChain => ({
  serverNames: route.serverNames,
  subnets: route.subnets,
  filters: connectionFilters(route, { protocol, accessLog, port }),
  clusters: route.destinations.map(({ cluster }) => cluster),
  rule: route.rule,
})

const anyAddress = '0.0.0.0'

/** The captured listener of all `chains` at an address and port, the first going first. What none of them takes goes
 *  where it was going, or is closed. */
export const outboundTcpListenerJson = (listener: {
  readonly address: string
  readonly port: number
  readonly chains: readonly ConnectionChain[]
  readonly undeclaredOutbound: 'passthrough' | 'refuse'
  readonly accessLog: string
  /** The smallest of the chains'. */
  readonly rule: Rule
}): JsonObject => {
  const { address, port, accessLog } = listener
  const chains = chainsApart(listener.chains)
  const undeclared = undeclaredClusterName(listener.undeclaredOutbound)
  const otherwise = tcpFiltersJson({
    statPrefix: undeclared,
    protocol: 'TCP',
    cluster: undeclared,
    accessLog,
  })
  return {
    ...listenerJson({
      name: listenerName(address, port),
      address,
      port,
      direction: 'OUTBOUND',
      bind: false,
      filters: [],
      rule: listener.rule,
    }),
    ...chainsJson(chains),
    ...(chains.some(takesEveryConnection) ? {} : { default_filter_chain: { filters: otherwise } }),
  }
}
