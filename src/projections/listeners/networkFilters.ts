import type { Protocol } from '../../model/service.ts'
import { forwardByServerNameFilter } from '../egress/forwardByAuthority.ts'
import { envoyDuration } from '../envoyDuration.ts'
import type { JsonObject } from '../json.ts'
import { accessLogJson } from './accessLogJson.ts'
import { type ClientCertificateHeader, clientCertificateHeaderJson } from './clientCertificateHeader.ts'

const filters = 'type.googleapis.com/envoy.extensions.filters.network'

/** A way through an HTTP proxy to `target`, such as `a.example:443`: by CONNECT, or by POST. */
export type Tunnel = { readonly target: string; readonly post: boolean }

/** The network filters that carry connections of a protocol that is not routed by request to `cluster`; Mongo is
 *  watched on its way. */
export const tcpFiltersJson = (connection: {
  readonly statPrefix: string
  readonly protocol: Protocol
  /** One, or several by their weights. */
  readonly cluster: string | readonly { readonly name: string; readonly weight: number }[]
  readonly tunnel?: Tunnel
  /** The name in their TLS is looked up first, at this port. */
  readonly lookUpPort?: number
  /** Connections end that are idle for so long; 0 never, absent Envoy's hour. */
  readonly idleTimeoutMs?: number
  readonly accessLog: string
}): readonly JsonObject[] => [
  ...(connection.lookUpPort === undefined ? [] : [forwardByServerNameFilter(connection.lookUpPort)]),
  ...(connection.protocol === 'Mongo' ? [mongoProxyJson(connection.statPrefix)] : []),
  {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: {
      '@type': `${filters}.tcp_proxy.v3.TcpProxy`,
      stat_prefix: connection.statPrefix,
      ...(typeof connection.cluster === 'string'
        ? { cluster: connection.cluster }
        : { weighted_clusters: { clusters: connection.cluster } }),
      ...(connection.idleTimeoutMs === undefined
        ? {}
        : { idle_timeout: envoyDuration(connection.idleTimeoutMs) }),
      ...(connection.tunnel === undefined ? {} : { tunneling_config: tunnelJson(connection.tunnel) }),
      ...accessLogJson(connection.accessLog),
    },
  },
]

const tunnelJson = ({ target, post }: Tunnel): JsonObject => ({
  hostname: target,
  ...(post ? { use_post: true } : {}),
})

const mongoProxyJson = (statPrefix: string): JsonObject => ({
  name: 'envoy.filters.network.mongo_proxy',
  typed_config: { '@type': `${filters}.mongo_proxy.v3.MongoProxy`, stat_prefix: statPrefix },
})

/** The HTTP connection manager. `routes` is its `rds` or `route_config` field. A stream may stay idle for ever
 *  (Envoy's 5 minutes would cut watches and WebSockets); routes limit what must be limited. */
export const httpConnectionManagerJson = (connection: {
  readonly statPrefix: string
  readonly routes: JsonObject
  readonly httpFilters: readonly JsonObject[]
  readonly accessLog: string
  /** False: only on routes that ask for it. */
  readonly websocket: boolean
  /** Callers are outside of the mesh: their address is the connection's, whatever they say. */
  readonly edge?: boolean
  /** What is told of certificates that callers show; nothing where they are asked for none. */
  readonly callers?: ClientCertificateHeader | undefined
}): JsonObject => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: {
    '@type': `${filters}.http_connection_manager.v3.HttpConnectionManager`,
    codec_type: 'AUTO',
    stat_prefix: connection.statPrefix,
    ...connection.routes,
    http_filters: connection.httpFilters,
    use_remote_address: connection.edge ?? false,
    ...clientCertificateHeaderJson(connection.callers),
    generate_request_id: true,
    normalize_path: true,
    merge_slashes: true,
    stream_idle_timeout: '0s',
    upgrade_configs: [{ upgrade_type: 'websocket', enabled: connection.websocket }],
    ...accessLogJson(connection.accessLog),
  },
})

/** The `rds` field that fetches the route configuration `name` over ADS. */
export const routesOverAds = (name: string): JsonObject => ({
  rds: { route_config_name: name, config_source: { ads: {}, resource_api_version: 'V3' } },
})
