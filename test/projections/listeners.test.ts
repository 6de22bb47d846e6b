import { expect, test } from 'vitest'
import type { Protocol } from '../../src/model/service.ts'
import { accessLogJson } from '../../src/projections/accessLogJson.ts'
import { httpProxyListenerJson } from '../../src/projections/httpProxyListener.ts'
import { inboundListenerJson } from '../../src/projections/inboundListeners.ts'
import {
  outboundHttpListenerJson,
  outboundTcpListenerJson,
  outboundTcpPorts,
} from '../../src/projections/outboundListeners.ts'
import {
  virtualInboundListenerJson,
  virtualOutboundListenerJson,
} from '../../src/projections/virtualListeners.ts'

const rule = { kind: 'Service', namespace: 'default', name: 'reviews' } as const
const metadata = { filter_metadata: { rutter: { rule: 'Service/default/reviews' } } }
const address = (address: string, port_value: number) => ({ socket_address: { address, port_value } })
type Service = Omit<Parameters<typeof outboundTcpPorts>[0], 'rule'>

const db: Service = { hostname: 'db.x', addresses: ['10.1.0.4'] }

/** The captured listeners of port 3306 of these services, which find each other at one address. */
const captured = (protocol: Protocol, ...services: readonly Service[]) => {
  const ports = services.flatMap((service) =>
    outboundTcpPorts({ ...service, rule: { ...rule, position: 1 } }, { port: 3306, protocol }, [], ''),
  )
  return [...new Set(ports.map((port) => port.address))].map((at) =>
    outboundTcpListenerJson({
      address: at,
      port: 3306,
      chains: ports.flatMap((port) => (port.address === at ? port.chains : [])),
      undeclaredOutbound: 'refuse',
      accessLog: '',
      rule,
    }),
  )
}

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
  expect(captured('TCP', db)[0]).toEqual({
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
  expect(captured('TCP', { ...db, addresses: [] })).toMatchObject([{ name: '0.0.0.0_3306' }])
  expect(captured('TCP', { ...db, addresses: ['10.1.0.4', 'fd00::1'] })).toMatchObject([
    { name: '10.1.0.4_3306' },
    { name: 'fd00::1_3306' },
  ])
})

test('P19: an HTTPS service outside of the mesh only gets connections that name it', () => {
  const external = { hostname: 'db.x', addresses: [], serverNames: ['db.x', 'x.org'] }
  expect(captured('HTTPS', external)[0]).toMatchObject({
    listener_filters: [{ name: 'envoy.filters.listener.tls_inspector' }],
    filter_chains: [
      {
        filter_chain_match: { server_names: ['db.x', 'x.org'] },
        filters: [{ typed_config: { cluster: 'outbound|3306||db.x' } }],
      },
    ],
    default_filter_chain: { filters: [{ typed_config: { cluster: 'BlackHoleCluster' } }] },
  })
  for (const [all] of [
    captured('HTTPS', { hostname: 'db.x', addresses: [] }),
    captured('HTTPS', { ...external, addresses: ['10.1.0.4'] }),
    captured('TCP', external),
  ])
    expect(all).not.toHaveProperty('default_filter_chain')
})

test('P19: services that find each other at one port share it; the first has what two of them want', () => {
  const at = (hostname: string, more: Partial<Service>) => ({ hostname, addresses: [], ...more })
  const byName = captured(
    'HTTPS',
    at('a.org', { serverNames: ['a.org', 'x.org'] }),
    at('b.org', { serverNames: ['x.org', '*.b.org'] }),
    at('c.org', {}),
    at('d.org', {}),
  )
  const seen = (listener: Readonly<Record<string, unknown>> | undefined) =>
    ((listener?.['filter_chains'] ?? []) as { filter_chain_match?: object; filters: object[] }[]).map(
      ({ filter_chain_match, filters }) => [
        (filters[0] as { typed_config: { cluster: string } }).typed_config.cluster.split('|').at(-1),
        filter_chain_match,
      ],
    )
  expect(seen(byName[0])).toEqual([
    ['a.org', { server_names: ['a.org', 'x.org'] }],
    ['b.org', { server_names: ['*.b.org'] }],
    ['c.org', undefined],
  ])
  const range = (address_prefix: string, prefix_len: number) => ({ address_prefix, prefix_len })
  const bySubnet = captured(
    'TCP',
    at('a', { subnets: ['10.0.0.0/8'] }),
    at('b', { subnets: ['10.0.0.0/8', '11.0.0.0/8', 'fd00::/8'] }),
  )
  expect(seen(bySubnet[0])).toEqual([
    ['a', { prefix_ranges: [range('10.0.0.0', 8)] }],
    ['b', { prefix_ranges: [range('11.0.0.0', 8), range('fd00::', 8)] }],
  ])
})

test('P19: Mongo is watched on its way, Redis is TCP', () => {
  const filters = (protocol: 'Mongo' | 'Redis') => JSON.stringify(captured(protocol, db))
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
