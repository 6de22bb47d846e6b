import { Agent, request } from 'node:http'
import type { Answer } from '../../e2e/mesh.ts'

/** A bootstrap whose one listener answers `body`, late where the request says `x-envoy-fault-delay-request: MS`. */
export const answering = (body: string, port: number, adminPath: string) => ({
  node: { id: 'test', cluster: 'test' },
  admin: { address: { pipe: { path: adminPath, mode: 0o600 } } },
  static_resources: {
    listeners: [
      {
        name: 'in',
        address: { socket_address: { address: '127.0.0.1', port_value: port } },
        filter_chains: [{ filters: [connectionManager([route({ direct_response: direct(body) })])] }],
      },
    ],
  },
})

/** The same, waiting for clusters from an xDS server that is not there. */
export const waitingForXds = (port: number, adminPath: string) => ({
  ...answering('never', port, adminPath),
  dynamic_resources: {
    cds_config: {
      resource_api_version: 'V3',
      initial_fetch_timeout: '0s',
      api_config_source: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ google_grpc: { target_uri: 'unix:/nowhere.sock', stat_prefix: 'nowhere' } }],
      },
    },
  },
})

/** A bootstrap that listens at `port` and spreads requests over the endpoints of the file `eds`. */
export const balancing = (port: number, eds: string) => ({
  node: { id: 'front', cluster: 'test' },
  static_resources: {
    listeners: [
      {
        name: 'front',
        address: { socket_address: { address: '127.0.0.1', port_value: port } },
        filter_chains: [{ filters: [connectionManager([route({ route: { cluster: 'backs' } })])] }],
      },
    ],
    clusters: [
      {
        name: 'backs',
        type: 'EDS',
        eds_cluster_config: {
          eds_config: { resource_api_version: 'V3', path_config_source: { path: eds } },
        },
      },
    ],
  },
})

/** What the file of `balancing` holds. */
export const endpointsAt = (ports: readonly number[]) => ({
  resources: [
    {
      '@type': 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
      cluster_name: 'backs',
      endpoints: [
        {
          lb_endpoints: ports.map((port_value) => ({
            endpoint: { address: { socket_address: { address: '127.0.0.1', port_value } } },
          })),
        },
      ],
    },
  ],
})

const direct = (body: string) => ({ status: 200, body: { inline_string: body } })
const route = (action: object) => ({ match: { prefix: '/' }, ...action })

const connectionManager = (routes: readonly object[]) => ({
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'in',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [
      {
        name: 'envoy.filters.http.fault',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
          delay: { header_delay: {}, percentage: { numerator: 100 } },
        },
      },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  },
})

/** Ways to send a request to `port`: on kept connections, on new ones, late ones, and POSTs. `close` ends the kept. */
export const sendersTo = (port: number) => {
  const kept = new Agent({ keepAlive: true, maxSockets: 8 })
  const send = (agent: Agent | false, method = 'GET', headers = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now()
      const asked = request({ host: '127.0.0.1', port, agent, method, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          body += chunk
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            ms: performance.now() - startedAt,
          }),
        )
      })
      asked.on('error', reject)
      asked.end(method === 'POST' ? 'given' : undefined)
    })
  const late = (ms: string) => send(false, 'GET', { 'x-envoy-fault-delay-request': ms })
  return {
    mixed: [
      () => send(kept),
      () => send(false),
      () => send(kept, 'POST'),
      () => late('700'),
      () => send(false, 'POST'),
    ],
    /** What a new connection gets; '' when it gets none. */
    body: (): Promise<string> =>
      send(false).then(
        ({ body }) => body,
        () => '',
      ),
    /** What comes after so many milliseconds. */
    late,
    close: () => kept.destroy(),
  }
}
