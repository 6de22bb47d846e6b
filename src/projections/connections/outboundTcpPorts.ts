import type { Protocol } from '../../model/service.ts'
import { anyAddress } from '../anyAddress.ts'
import { outboundCluster } from '../clusters/clusterName.ts'
import { connectionFilters } from '../istio/connectionFilters.ts'
import type { ConnectionRoute } from '../istio/connectionRoutes.ts'
import { type ConnectionChain, upToAll } from '../listeners/connectionChain.ts'
import { tcpFiltersJson } from '../listeners/networkFilters.ts'
import type { Provenance } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'

/** What one service adds to the listener at an address and port that is not routed by request. */
export type TcpPort = {
  readonly address: string
  readonly port: number
  readonly chains: readonly ConnectionChain[]
}

/** The listeners of a service port that is not HTTP: at its virtual IPs all connections are for it, or, where names are
 *  looked up, those for its names. Without any it gets those to its subnets, or by TLS those that name it, where it is
 *  outside of the mesh; else all to the port. At a router they all come to the port. */
export const outboundTcpPorts = (
  service: Pick<CompiledService, 'hostname' | 'addresses' | 'subnets' | 'serverNames'> & {
    readonly rule: Provenance
    /** The names in their TLS are looked up, at this port. */
    readonly lookUpPort?: number
    readonly idleTimeoutMs?: number
  },
  { port, protocol }: Pick<CompiledPort, 'port' | 'protocol'>,
  /** Where rules lead some of them, before the rest goes to the service. */
  routes: readonly ConnectionRoute[],
  { accessLog, captured }: { readonly accessLog: string; readonly captured: boolean },
): readonly TcpPort[] => {
  const { hostname, subnets = [], serverNames = [], rule, lookUpPort, idleTimeoutMs } = service
  const addresses = captured ? service.addresses : []
  const cluster = outboundCluster(port, '', hostname)
  const filters = tcpFiltersJson({
    statPrefix: cluster,
    protocol,
    cluster,
    ...(lookUpPort !== undefined && { lookUpPort }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    accessLog,
  })
  const ownNames = lookUpPort === undefined ? [] : serverNames
  const own = { serverNames: ownNames, subnets: [], filters, clusters: [cluster], rule }
  const chains = [...routes.map((route) => routedChain(route, ownNames, port, protocol, accessLog)), own]
  const anywhere = addresses.length === 0 || subnets.length > 0
  const named = subnets.length === 0 && protocol === 'HTTPS' ? serverNames : []
  return [
    ...addresses.map((address) => ({ address, port, chains: upToAll(chains) })),
    ...(anywhere
      ? [
          {
            address: anyAddress,
            port,
            chains: upToAll(
              chains.map((chain) => ({
                ...chain,
                serverNames: chain.serverNames.length > 0 ? chain.serverNames : named,
                subnets: chain.subnets.length > 0 ? chain.subnets : subnets,
              })),
            ),
          },
        ]
      : []),
  ]
}

const routedChain = (
  route: ConnectionRoute,
  ownNames: readonly string[],
  port: number,
  protocol: Protocol,
  accessLog: string,
): ConnectionChain => ({
  serverNames: route.serverNames.length > 0 || route.lookUpPort === undefined ? route.serverNames : ownNames,
  subnets: route.subnets,
  ...(route.sources && { sources: route.sources }),
  ...(route.inOrder && { inOrder: route.inOrder }),
  filters: connectionFilters(route, { protocol, accessLog, port }),
  clusters: route.destinations.map(({ cluster }) => cluster),
  rule: route.rule,
})
