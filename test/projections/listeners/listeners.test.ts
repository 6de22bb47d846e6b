import { expect, test } from 'vitest'
import type { MeshSettingsSpec } from '../../../src/model/meshSettings.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { L4Match, RouteRuleSpec } from '../../../src/model/routeRule.ts'
import type { Protocol } from '../../../src/model/service.ts'
import { outboundListenerJson } from '../../../src/projections/connections/outboundListener.ts'
import { outboundTcpPorts } from '../../../src/projections/connections/outboundTcpPorts.ts'
import { accessLogJson } from '../../../src/projections/listeners/accessLogJson.ts'
import { httpProxyListenerJson } from '../../../src/projections/listeners/httpProxyListener.ts'
import { inboundListenerJson } from '../../../src/projections/listeners/inboundListeners.ts'
import {
  virtualInboundListenerJson,
  virtualOutboundListenerJson,
} from '../../../src/projections/listeners/virtualListeners.ts'
import { stored } from '../given.ts'
import { proxyOf, seen } from '../istio/following.ts'

const rule = { kind: 'Service', namespace: 'default', name: 'reviews' } as const
const metadata = { filter_metadata: { rutter: { rule: 'Service/default/reviews' } } }
const address = (address: string, port_value: number) => ({ socket_address: { address, port_value } })
const sidecar = { accessLog: '', captured: true } as const
const refusing = {
  undeclaredOutbound: 'refuse',
  accessLog: '',
  come: 'captured',
  byAuthority: false,
  rule,
} as const

type Service = Omit<Parameters<typeof outboundTcpPorts>[0], 'rule'>

const db: Service = { hostname: 'db.x', addresses: ['10.1.0.4'] }

/** The captured listeners of port 3306 of these services, which find each other at one address. */
const captured = (protocol: Protocol, ...services: readonly Service[]) => {
  const ports = services.flatMap((service) =>
    outboundTcpPorts({ ...service, rule: { ...rule, position: 1 } }, { port: 3306, protocol }, [], sidecar),
  )
  return [...new Set(ports.map((port) => port.address))].map(
    (at) =>
      outboundListenerJson({
        address: at,
        port: 3306,
        chains: ports.flatMap((port) => (port.address === at ? port.chains : [])),
        ...refusing,
        http: false,
      }).json,
  )
}

test('P19: captured HTTP is routed by the configuration of its port', () => {
  const { json } = outboundListenerJson({
    ...refusing,
    address: '0.0.0.0',
    port: 9080,
    chains: [],
    http: true,
  })
  expect(json).toMatchObject({
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

test('P19: services that find each other at one port share it; of what two of them want, the first has it', () => {
  const at = (hostname: string, more: Partial<Service>) => ({ hostname, addresses: [], ...more })
  const byName = captured(
    'HTTPS',
    at('a.org', { serverNames: ['a.org', 'x.org'] }),
    at('b.org', { serverNames: ['x.org', '*.b.org'] }),
    at('c.org', {}),
    at('d.org', {}),
  )
  const shown = (listener: Readonly<Record<string, unknown>> | undefined) =>
    ((listener?.['filter_chains'] ?? []) as { filter_chain_match?: object; filters: object[] }[]).map(
      ({ filter_chain_match, filters }) => [
        (filters[0] as { typed_config: { cluster: string } }).typed_config.cluster.split('|').at(-1),
        filter_chain_match,
      ],
    )
  expect(shown(byName[0])).toEqual([
    ['a.org', { server_names: ['a.org', 'x.org'] }],
    ['b.org', { server_names: ['*.b.org'] }],
    ['PassthroughCluster', undefined],
  ])
  // Nothing tells c.org from d.org but where their connections were going.
  expect(JSON.stringify(byName[0])).toContain('"cluster":"PassthroughCluster"')
  const range = (address_prefix: string, prefix_len: number) => ({ address_prefix, prefix_len })
  const bySubnet = captured(
    'TCP',
    at('a', { subnets: ['10.0.0.0/8'] }),
    at('b', { subnets: ['10.0.0.0/8', '11.0.0.0/8', 'fd00::/8'] }),
  )
  expect(shown(bySubnet[0])).toEqual([
    ['a', { prefix_ranges: [range('10.0.0.0', 8)] }],
    ['b', { prefix_ranges: [range('11.0.0.0', 8), range('fd00::', 8)] }],
  ])
})

test('P19: Mongo is watched on its way, Redis is TCP', () => {
  const filters = (protocol: 'Mongo' | 'Redis') => JSON.stringify(captured(protocol, db))
  expect(filters('Mongo')).toMatch(/mongo_proxy.*tcp_proxy/)
  expect(filters('Redis')).not.toMatch(/redis_proxy|mongo_proxy/)
})

const service = (name: string, spec: Resource<'Service'>['spec']) => stored('Service', name, spec).resource
const quiet = (spec: MeshSettingsSpec = {}) =>
  stored('MeshSettings', 'mesh', { accessLog: '', ...spec }).resource
const store = () => service('db', { address: '10.1.0.4', ports: [{ name: 'tcp', port: 3306 }] })
const dbHost = 'db.default.svc.cluster.local'

test('P36: HTTP and TCP at one port of any address are told apart by what comes first, and it is told', () => {
  const [web, db] = [
    service('web', { ports: [{ name: 'http', port: 3306 }] }),
    service('db', { ports: [{ name: 'tcp', port: 3306 }] }),
  ]
  const world = seen([quiet(), web, db])
  expect(world.json('listeners', '0.0.0.0_3306')).toMatchObject({
    listener_filters: [{ name: 'envoy.filters.listener.http_inspector' }],
    continue_on_listener_filters_timeout: true,
    filter_chains: [
      {
        filter_chain_match: { application_protocols: ['http/1.0', 'http/1.1', 'h2c'] },
        filters: [{ typed_config: { rds: { route_config_name: '3306' } } }],
      },
    ],
    default_filter_chain: {
      filters: [{ typed_config: { cluster: 'outbound|3306||db.default.svc.cluster.local' } }],
    },
  })
  expect(world.diagnostics(db)).toEqual([['RUT2067', '/spec/ports/0']])
  expect(world.diagnostics(web)).toEqual([])
})

test('P36: services that nothing tells apart share a port: each connection goes where it was going', () => {
  const ports = [{ name: 'tcp', port: 3306 }]
  const [a, b] = [service('a', { ports }), service('b', { ports })]
  const world = seen([quiet(), a, b])
  expect(JSON.stringify(world.json('listeners', '0.0.0.0_3306'))).toContain('"cluster":"PassthroughCluster"')
  expect(world.diagnostics(a)).toEqual([['RUT2066', '/spec/ports/0']])
  expect(world.diagnostics(b)).toEqual([['RUT2066', '/spec/ports/0']])
  expect(world.messages(a)[0]).toContain('Service/default/b')
})

test('P36: of two services with one virtual IP and port the smaller has the connections, and the other says so', () => {
  const [a, b] = [store(), service('eb', { address: '10.1.0.4', ports: [{ name: 'tcp', port: 3306 }] })]
  const world = seen([quiet(), b, a])
  expect(JSON.stringify(world.json('listeners', '10.1.0.4_3306'))).toContain(`outbound|3306||${dbHost}`)
  expect(world.diagnostics(a)).toEqual([])
  expect(world.diagnostics(b)).toEqual([['RUT2065', '/spec/ports/0']])
  expect(world.messages(b)[0]).toContain('Service/default/db')
})

test('P36: of two HTTP services with one virtual IP each has its name, and one the IP; the other says so', () => {
  const ports = [{ name: 'http', port: 80 }]
  const [a, b] = [service('a', { address: '10.1.0.4', ports }), service('b', { address: '10.1.0.4', ports })]
  const world = seen([quiet(), a, b])
  const domains = JSON.stringify(world.json('routes', '80'))
  expect(domains.match(/"10\.1\.0\.4:80"/g)).toHaveLength(1)
  expect(domains).toContain('"b.default:80"')
  expect(world.diagnostics(b)).toEqual([['RUT2034', '/spec']])
  expect(world.messages(b)[0]).toContain('Service/default/a')
})

test('P41: a port at which connections are captured has a listener at a virtual IP alone, and says so', () => {
  const web = service('web', { ports: [{ name: 'http', port: 15_001 }] })
  const open = service('open', { ports: [{ name: 'tcp', port: 15_006 }] })
  const own = service('own', { address: '10.1.0.4', ports: [{ name: 'tcp', port: 15_006 }] })
  const world = seen([quiet(), web, open, own])
  expect(world.names('listeners')).toEqual(['10.1.0.4_15006', 'virtualInbound', 'virtualOutbound'])
  expect(world.json('routes', '15001')).toBeUndefined()
  expect(world.diagnostics(web)).toEqual([['RUT2035', '/spec/ports/0/port']])
  expect(world.diagnostics(open)).toEqual([['RUT2035', '/spec/ports/0/port']])
  expect(world.diagnostics(own)).toEqual([])
  const others = seen([quiet(), web, open], proxyOf('router'))
  expect(others.names('listeners')).toEqual(['0.0.0.0_15001', '0.0.0.0_15006'])
})

test('P37: a router listens at every address on the ports of every service', () => {
  const world = seen(
    [
      quiet(),
      service('web', { ports: [{ name: 'http', port: 80 }] }),
      store(),
      stored('EgressRule', 'e', {
        destination: { service: 'x.org' },
        ports: [{ port: 81, protocol: 'HTTP' }],
      }).resource,
      stored('Instance', 'r', { service: 'web', address: '10.1.0.1', ports: { http: 80 } }).resource,
    ],
    proxyOf('router'),
  )
  expect(world.names('listeners')).toEqual(['0.0.0.0_3306', '0.0.0.0_80'])
  expect(world.names('routes')).toEqual(['80'])
  expect(world.names('clusters')).toEqual([
    `outbound|3306||${dbHost}`,
    'outbound|80||web.default.svc.cluster.local',
  ])
  for (const name of world.names('listeners'))
    expect(world.json('listeners', name)).not.toHaveProperty('bind_to_port')
  expect(world.json('listeners', '0.0.0.0_80')).toMatchObject({
    address: address('0.0.0.0', 80),
    traffic_direction: 'INBOUND',
    filter_chains: [{ filters: [{ typed_config: { use_remote_address: true } }] }],
  })
})

test('P37: a router with an HTTP proxy binds nothing else', () => {
  const httpProxy = { address: '127.0.0.9', port: 15_080 }
  const world = seen([service('web', { ports: [{ name: 'http', port: 80 }] })], proxyOf('router'), {
    httpProxy,
  })
  expect(world.names('listeners')).toEqual(['http_proxy'])
  expect(world.names('routes')).toEqual(['http_proxy'])
})

const ruled = (name: string, match: L4Match, more: Partial<RouteRuleSpec> = {}) =>
  stored('RouteRule', name, {
    destination: { name: 'db' },
    match: { tcp: match },
    route: [{ labels: { version: name } }],
    ...more,
  }).resource

test('P38: rules for connections send them by where they go and who makes them, in their order', () => {
  const world = seen([
    quiet(),
    store(),
    ruled('a', { sourceSubnet: ['10.0.0.0/8', '192.168.0.1'], destinationSubnet: ['10.1.0.0/16'] }),
    ruled('b', { sourceSubnet: ['10.9.0.0/16'] }, { precedence: 1 }),
  ])
  const json = world.json('listeners', '10.1.0.4_3306') as Record<string, never>
  expect(json).toMatchObject({
    filter_chains: [
      { filters: [{ typed_config: { cluster: `outbound|3306|version=b|${dbHost}` } }] },
      { filters: [{ typed_config: { cluster: `outbound|3306|version=a|${dbHost}` } }] },
    ],
    default_filter_chain: { filters: [{ typed_config: { cluster: `outbound|3306||${dbHost}` } }] },
    filter_chain_matcher: {
      matcher_list: {
        matchers: [
          { on_match: { action: { name: '1' } } },
          { predicate: { and_matcher: { predicate: [{}, {}] } } },
        ],
      },
    },
  })
  expect(world.names('clusters')).toContain(`outbound|3306|version=a|${dbHost}`)
})

test('P38: weights share out connections; a rule that takes all of them ends the list', () => {
  const route = [
    { labels: { version: 'v1' }, weight: 30 },
    { labels: { version: 'v2' }, weight: 70 },
    { labels: { version: 'v3' }, weight: 0 },
  ]
  const world = seen([quiet(), store(), ruled('a', {}, { route })])
  expect(world.json('listeners', '10.1.0.4_3306')).toMatchObject({
    filter_chains: [
      {
        filters: [
          {
            typed_config: {
              weighted_clusters: {
                clusters: [
                  { name: `outbound|3306|version=v1|${dbHost}`, weight: 30 },
                  { name: `outbound|3306|version=v2|${dbHost}`, weight: 70 },
                ],
              },
            },
          },
        ],
      },
    ],
  })
})

test('P38: a rule for connections says what of it is for requests, and where nothing is routed by connection', () => {
  const odd = ruled('odd', {}, { httpReqTimeout: { simpleTimeout: { timeout: '1s' } } })
  const world = seen([store(), odd])
  expect(world.diagnostics(odd)).toContainEqual(['RUT2011', '/spec/httpReqTimeout'])
  const web = service('db', { ports: [{ name: 'http', port: 80 }] })
  expect(seen([web, odd]).diagnostics(odd)).toContainEqual(['RUT2010', '/spec/match/tcp'])
  const both = ruled('both', {}, { match: { tcp: {}, request: { headers: { a: { exact: 'b' } } } } })
  expect(seen([store(), both]).diagnostics(both)).toContainEqual(['RUT2010', '/spec/match/tcp'])
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
  const settings = { proxyListenPort: 15_001, ipv6: false, accessLog: '' }
  const outbound = virtualOutboundListenerJson({ ...settings, undeclaredOutbound: 'passthrough' })
  expect(outbound).toMatchObject({
    address: address('0.0.0.0', 15_001),
    use_original_dst: true,
    default_filter_chain: { filters: [{ typed_config: { cluster: 'PassthroughCluster' } }] },
  })
  expect(virtualOutboundListenerJson({ ...settings, undeclaredOutbound: 'refuse' })).toMatchObject({
    default_filter_chain: { filters: [{ typed_config: { cluster: 'BlackHoleCluster' } }] },
  })
  expect(virtualInboundListenerJson({ proxyInboundPort: 15_006, ipv6: false, accessLog: '' })).toMatchObject({
    address: address('0.0.0.0', 15_006),
    traffic_direction: 'INBOUND',
    default_filter_chain: { filters: [{ typed_config: { cluster: 'InboundPassthroughCluster' } }] },
  })
})

test('P21: a connection to the capture port itself is closed, or it would come back for ever', () => {
  expect(virtualInboundListenerJson({ proxyInboundPort: 15_006, ipv6: false, accessLog: '' })).toMatchObject({
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
