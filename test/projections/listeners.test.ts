import { expect, test } from 'vitest'
import { accessLogJson } from '../../src/projections/accessLogJson.ts'
import { httpProxyListenerJson } from '../../src/projections/httpProxyListener.ts'
import { inboundListenerJson } from '../../src/projections/inboundListeners.ts'
import { outboundHttpListenerJson, outboundTcpListenerJson } from '../../src/projections/outboundListeners.ts'
import {
  virtualInboundListenerJson,
  virtualOutboundListenerJson,
} from '../../src/projections/virtualListeners.ts'

const rule = { kind: 'Service', namespace: 'default', name: 'reviews' } as const
const metadata = { filter_metadata: { rutter: { rule: 'Service/default/reviews' } } }
const address = (address: string, port_value: number) => ({ socket_address: { address, port_value } })
const tcp = {
  hostname: 'db.x',
  port: 3306,
  protocol: 'TCP',
  virtualIp: '10.1.0.4',
  accessLog: '',
  rule,
} as const

test('P19: captured HTTP is routed by the configuration of its port', () => {
  expect(outboundHttpListenerJson({ port: 9080, accessLog: '', rule })).toMatchObject({
    name: '0.0.0.0_9080',
    address: address('0.0.0.0', 9080),
    traffic_direction: 'OUTBOUND',
    bind_to_port: false,
    metadata,
    filter_chains: [
      {
        filters: [
          {
            typed_config: {
              rds: { route_config_name: '9080', config_source: { ads: {}, resource_api_version: 'V3' } },
              http_filters: [
                { name: 'envoy.filters.http.cors' },
                { name: 'envoy.filters.http.fault' },
                { name: 'envoy.filters.http.router' },
              ],
              normalize_path: true,
              merge_slashes: true,
              generate_request_id: true,
              use_remote_address: false,
              upgrade_configs: [{ upgrade_type: 'websocket', enabled: false }],
            },
          },
        ],
      },
    ],
  })
})

test('P19: other protocols have a listener at their virtual IP, else at any address', () => {
  expect(outboundTcpListenerJson(tcp)).toEqual({
    name: '10.1.0.4_3306',
    address: address('10.1.0.4', 3306),
    traffic_direction: 'OUTBOUND',
    bind_to_port: false,
    metadata,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.tcp_proxy',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
              stat_prefix: 'outbound|3306||db.x',
              cluster: 'outbound|3306||db.x',
            },
          },
        ],
      },
    ],
  })
  const { virtualIp: _, ...headless } = tcp
  expect(outboundTcpListenerJson(headless)).toMatchObject({ name: '0.0.0.0_3306' })
})

test('P19: an HTTPS service outside of the mesh only gets connections that name it', () => {
  const { virtualIp: _, ...anywhere } = { ...tcp, protocol: 'HTTPS' as const }
  const external = { name: 'x.org', undeclaredOutbound: 'refuse' } as const
  expect(outboundTcpListenerJson({ ...anywhere, external })).toMatchObject({
    listener_filters: [{ name: 'envoy.filters.listener.tls_inspector' }],
    filter_chains: [
      {
        filter_chain_match: { server_names: ['db.x', 'x.org'] },
        filters: [{ typed_config: { cluster: 'outbound|3306||db.x' } }],
      },
    ],
    default_filter_chain: { filters: [{ typed_config: { cluster: 'BlackHoleCluster' } }] },
  })
  for (const all of [anywhere, { ...tcp, external }, { ...anywhere, external, protocol: 'TCP' as const }])
    expect(outboundTcpListenerJson(all)).not.toHaveProperty('default_filter_chain')
})

test('P19: Mongo is watched on its way, Redis is TCP', () => {
  const filters = (protocol: 'Mongo' | 'Redis') =>
    JSON.stringify(outboundTcpListenerJson({ ...tcp, protocol }))
  expect(filters('Mongo')).toMatch(/mongo_proxy.*tcp_proxy/)
  expect(filters('Redis')).not.toMatch(/redis_proxy|mongo_proxy/)
})

test('P20: captured inbound is not bound; without capture it is, at the instance’s own address', () => {
  const inbound = { address: '127.0.1.5', port: 9080, protocol: 'HTTP', accessLog: '', rule } as const
  expect(inboundListenerJson({ ...inbound, captured: true })).toMatchObject({
    name: '127.0.1.5_9080',
    address: address('127.0.1.5', 9080),
    traffic_direction: 'INBOUND',
    bind_to_port: false,
  })
  expect(inboundListenerJson({ ...inbound, captured: false })).not.toHaveProperty('bind_to_port')
})

test('P20: every inbound request goes to the application, as long as it takes', () => {
  const inbound = { address: 'a', port: 9080, captured: true, accessLog: '', rule } as const
  expect(inboundListenerJson({ ...inbound, protocol: 'GRPC' })).toMatchObject({
    filter_chains: [
      {
        filters: [
          {
            typed_config: {
              route_config: {
                validate_clusters: false,
                virtual_hosts: [
                  {
                    domains: ['*'],
                    routes: [{ match: { prefix: '/' }, route: { cluster: 'inbound|9080||', timeout: '0s' } }],
                  },
                ],
              },
              upgrade_configs: [{ upgrade_type: 'websocket', enabled: true }],
            },
          },
        ],
      },
    ],
  })
  expect(JSON.stringify(inboundListenerJson({ ...inbound, protocol: 'TCP' }))).toMatch(
    /tcp_proxy.*"cluster":"inbound\|9080\|\|"/,
  )
})

test('P21: captured connections are handed to the listener of their destination; the rest passes or is closed', () => {
  const settings = { proxyListenPort: 15_001, accessLog: '' }
  const outbound = virtualOutboundListenerJson({ ...settings, undeclaredOutbound: 'passthrough' })
  expect(outbound).toMatchObject({
    address: address('0.0.0.0', 15_001),
    use_original_dst: true,
    default_filter_chain: { filters: [{ typed_config: { cluster: 'PassthroughCluster' } }] },
  })
  expect(virtualOutboundListenerJson({ ...settings, undeclaredOutbound: 'refuse' })).toMatchObject({
    default_filter_chain: { filters: [{ typed_config: { cluster: 'BlackHoleCluster' } }] },
  })
  expect(virtualInboundListenerJson({ proxyInboundPort: 15_006, accessLog: '' })).toMatchObject({
    address: address('0.0.0.0', 15_006),
    traffic_direction: 'INBOUND',
    default_filter_chain: { filters: [{ typed_config: { cluster: 'InboundPassthroughCluster' } }] },
  })
})

test('P21: a connection to the capture port itself is closed, or it would come back for ever', () => {
  expect(virtualInboundListenerJson({ proxyInboundPort: 15_006, accessLog: '' })).toMatchObject({
    filter_chains: [
      {
        filter_chain_match: { destination_port: 15_006 },
        filters: [{ typed_config: { cluster: 'BlackHoleCluster' } }],
      },
    ],
  })
})

test('P22: the explicit HTTP proxy binds where the proxy says', () => {
  expect(httpProxyListenerJson({ address: '127.0.1.1', port: 15_002, accessLog: '' })).toMatchObject({
    name: 'http_proxy',
    address: address('127.0.1.1', 15_002),
    filter_chains: [{ filters: [{ typed_config: { rds: { route_config_name: 'http_proxy' } } }] }],
  })
})

test('P23: the access log names route, rule and cluster; Envoy’s own streams are not opened by name', () => {
  const [file] = [accessLogJson('/var/log/a.log')]
  expect(file).toMatchObject({
    access_log: [{ name: 'envoy.access_loggers.file', typed_config: { path: '/var/log/a.log' } }],
  })
  expect(JSON.stringify(file)).toContain('%METADATA(ROUTE:rutter:rule)%')
  expect(accessLogJson('/dev/stdout')).toMatchObject({
    access_log: [{ name: 'envoy.access_loggers.stdout' }],
  })
  expect(accessLogJson('/dev/stderr')).toMatchObject({
    access_log: [{ name: 'envoy.access_loggers.stderr' }],
  })
  expect(accessLogJson('')).toEqual({})
})
