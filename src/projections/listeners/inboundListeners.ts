import type { Protocol } from '../../model/service.ts'
import { inboundCluster } from '../clusters/clusterName.ts'
import type { ClusterPolicy } from '../clusters/clusterPolicy.ts'
import type { EndedTls } from '../istio/gateway/serverTls.ts'
import type { JsonObject } from '../json.ts'
import { downstreamMutualTlsJson } from '../mutualTls/mutualTlsJson.ts'
import type { Provenance } from '../provenance.ts'
import { isHttp } from '../registry/servicePorts.ts'
import { inboundHttpFilters } from './httpFilters.ts'
import { listenerJson, listenerName } from './listeners.ts'
import { httpConnectionManagerJson, tcpFiltersJson } from './networkFilters.ts'

/** The listener in front of the application for one port of the proxy's own instance, at the address that callers
 *  reach: captured, or bound for real. Everything goes to `inbound|<port>||`, as long as it takes: how long a
 *  caller waits is the caller's rule. With `mutualTls` it takes only callers with a certificate of the mesh, with `tls`
 *  those whose TLS it ends. */
export const inboundListenerJson = (instance: {
  readonly address: string
  readonly port: number
  readonly protocol: Protocol
  readonly captured: boolean
  readonly mutualTls?: boolean
  readonly tls?: EndedTls
  readonly pool?: Pick<ClusterPolicy, 'idleTimeoutMs'>
  readonly accessLog: string
  readonly rule: Omit<Provenance, 'position'>
}): JsonObject => {
  const cluster = inboundCluster(instance.port)
  const { accessLog, protocol, pool: { idleTimeoutMs } = {} } = instance
  return listenerJson({
    name: listenerName(instance.address, instance.port),
    address: instance.address,
    port: instance.port,
    direction: 'INBOUND',
    bind: !instance.captured,
    filters: isHttp(protocol)
      ? [
          httpConnectionManagerJson({
            statPrefix: `inbound_${instance.port}`,
            routes: inboundRoutes(cluster),
            httpFilters: inboundHttpFilters,
            accessLog,
            websocket: true,
            callers: instance.mutualTls === true ? 'mesh' : instance.tls?.callers,
          }),
        ]
      : tcpFiltersJson({
          statPrefix: cluster,
          protocol,
          cluster,
          ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
          accessLog,
        }),
    ...(instance.tls !== undefined && { tls: instance.tls.socket }),
    ...(instance.mutualTls === true && { tls: downstreamMutualTlsJson() }),
    rule: instance.rule,
  })
}

const inboundRoutes = (cluster: string): JsonObject => ({
  route_config: {
    name: cluster,
    // Envoy would refuse the whole listener for a cluster that it does not know yet.
    validate_clusters: false,
    virtual_hosts: [
      {
        name: cluster,
        domains: ['*'],
        routes: [
          {
            name: 'inbound',
            match: { prefix: '/' },
            route: { cluster, timeout: '0s' },
            decorator: { operation: 'inbound' },
          },
        ],
      },
    ],
  },
})
