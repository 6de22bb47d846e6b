import type { ProxyMetadata } from '../model/proxy.ts'

/** Where a server listens. */
export type HostPort = { readonly host: string; readonly port: number }

export type BootstrapOptions = {
  /** The node id. */
  readonly node: string
  /** The xDS server: a controller's by name or IP, or an agent's Unix socket. */
  readonly xds: HostPort | { readonly path: string }
  /** Sent as `rutter.dev/http-proxy`, `rutter.dev/labels` and `rutter.dev/ips`. */
  readonly metadata?: ProxyMetadata
  /** Envoy's admin: a path is a Unix socket that only its user may open. */
  readonly admin: HostPort | { readonly path: string }
  /** PEM files: with `ca`, xDS goes over TLS; with `cert` and `key` the proxy shows who it is. */
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string }
}

/** The cluster of a bootstrap through which Envoy reaches its xDS server. */
export const xdsClusterName = 'rutter-xds'

/** The bootstrap of an Envoy that takes its whole configuration over ADS, in Envoy's canonical JSON. It waits for its
 *  first clusters and listeners as long as it takes (else an Envoy that starts, or hot restarts, while no controller
 *  answers goes live without any), and connects anew within a second (the default back-off reaches some 8 s). */
export const bootstrap = (options: BootstrapOptions): Readonly<Record<string, unknown>> => ({
  node: { id: options.node, cluster: 'rutter', metadata: metadataJson(options.metadata ?? {}) },
  admin: { address: adminAddress(options.admin) },
  dynamic_resources: {
    ads_config: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      // Envoy's description of itself is 61 kB, and would ride on every request.
      set_node_on_first_message_only: true,
      grpc_services: [
        {
          envoy_grpc: {
            cluster_name: xdsClusterName,
            retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '1s' } },
          },
        },
      ],
    },
    cds_config: overAds,
    lds_config: overAds,
  },
  static_resources: { clusters: [xdsCluster(options)] },
  layered_runtime: {
    layers: [
      { name: 'rutter', static_layer: regexLimit },
      { name: 'admin', admin_layer: {} },
    ],
  },
})

// Envoy refuses regexes of more than 100 RE2 instructions unless told otherwise, which 34 letters in any order reach.
// Admission holds them to 1,024 characters instead.
const regexLimit = { re2: { max_program_size: { error_level: 32_768 } } }

const overAds = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' }

const metadataJson = ({ httpProxy, labels, ips }: ProxyMetadata): Readonly<Record<string, unknown>> => ({
  ...(httpProxy === undefined
    ? {}
    : { 'rutter.dev/http-proxy': hostPortText({ host: httpProxy.address, port: httpProxy.port }) }),
  ...(labels === undefined ? {} : { 'rutter.dev/labels': labels }),
  ...(ips === undefined ? {} : { 'rutter.dev/ips': ips }),
})

/** `127.0.0.1:80`, `[::1]:80`. */
export const hostPortText = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

const adminAddress = (admin: BootstrapOptions['admin']): object =>
  'path' in admin ? { pipe: { path: admin.path, mode: 0o600 } } : socketAddress(admin)

const xdsAddress = (xds: BootstrapOptions['xds']): object =>
  'path' in xds ? { pipe: { path: xds.path } } : socketAddress(xds)

const socketAddress = ({ host, port }: HostPort): object => ({
  socket_address: { address: host, port_value: port },
})

const xdsCluster = ({ xds, tls }: BootstrapOptions): object => ({
  name: xdsClusterName,
  type: 'path' in xds || isIp(xds.host) ? 'STATIC' : 'STRICT_DNS',
  connect_timeout: '1s',
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: {
        // Finds out within seconds that a controller's machine is gone; TCP alone takes minutes.
        http2_protocol_options: { connection_keepalive: { interval: '10s', timeout: '5s' } },
      },
    },
  },
  load_assignment: {
    cluster_name: xdsClusterName,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: xdsAddress(xds) } }] }],
  },
  ...(tls === undefined || 'path' in xds ? {} : { transport_socket: tlsSocket(xds.host, tls) }),
})

const tlsSocket = (host: string, { ca, cert, key }: NonNullable<BootstrapOptions['tls']>): object => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    ...(isIp(host) ? {} : { sni: host }),
    common_tls_context: {
      alpn_protocols: ['h2'],
      ...(cert === undefined || key === undefined
        ? {}
        : { tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }] }),
      validation_context: {
        trusted_ca: { filename: ca },
        match_typed_subject_alt_names: [
          { san_type: isIp(host) ? 'IP_ADDRESS' : 'DNS', matcher: { exact: host } },
        ],
      },
    },
  },
})

/** Names of hosts hold no colon, and do not end in a number (RFC 1123 §2.1 as read by WHATWG's URL standard). */
const isIp = (host: string): boolean => host.includes(':') || /^\d+(\.\d+){3}$/.test(host)
