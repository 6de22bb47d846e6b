import { describe, expect, test } from 'vitest'
import type { MeshSettingsSpec } from '../../../src/model/meshSettings.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { XdsType } from '../../../src/model/xds.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { showResource } from '../../../src/projections/showResource.ts'
import { applied, given, routeRule, service } from '../../reducers/given.ts'
import { stored } from '../given.ts'

const egress = (
  name: string,
  host: string,
  ports: Readonly<Record<number, string>>,
): Resource<'EgressRule'> =>
  stored('EgressRule', name, {
    destination: { service: host },
    ports: Object.entries(ports).map(([port, protocol]) => ({ port: Number(port), protocol })),
  }).resource

const settings = (spec: MeshSettingsSpec) => stored('MeshSettings', 'mesh', spec).resource

const caller: ProxyIdentity = {
  type: 'sidecar',
  node: 'sidecar~10.1.0.1~caller.default~default.svc.cluster.local',
  ip: '10.1.0.1',
  id: 'caller.default',
  domain: 'default.svc.cluster.local',
}
const explicit: ProxyMetadata = { httpProxy: { address: '127.0.0.1', port: 15_002 } }

const project = (metadata: ProxyMetadata, ...resources: readonly Resource[]) => {
  const projector = createProjector(given(...resources.map(applied)))
  const proxy = projector.follow(caller, metadata)
  const show = (type: XdsType, name: string) => {
    const resource = proxy.get(type, name)
    return resource === undefined ? undefined : (showResource(type, resource) as Record<string, unknown>)
  }
  const hosts = (table: string) =>
    (show('routes', table)?.['virtual_hosts'] ?? []) as {
      name: string
      domains: string[]
      routes: { name: string; route: { cluster: string } }[]
    }[]
  return { projector, proxy, show, hosts, names: (type: XdsType) => [...proxy.names(type)].sort() }
}

const captured = (...resources: readonly Resource[]) => project({}, ...resources)

describe('HTTP to hosts outside of the mesh', () => {
  test('J1: a declared host answers to its name, with and without port, and is found by DNS', () => {
    const { show, hosts } = captured(egress('org', 'httpbin.org', { 80: 'HTTP', 8080: 'HTTP2' }))
    expect(hosts('80')[0]).toMatchObject({
      name: 'httpbin.org:80',
      domains: ['httpbin.org:80', 'httpbin.org'],
      routes: [{ route: { cluster: 'outbound|80||httpbin.org' } }],
    })
    expect(show('clusters', 'outbound|80||httpbin.org')).toMatchObject({
      type: 'STRICT_DNS',
      metadata: { filter_metadata: { rutter: { rule: 'EgressRule/default/org' } } },
    })
    expect(show('clusters', 'outbound|8080||httpbin.org')).toHaveProperty('typed_extension_protocol_options')
  })

  test('J2: a domain with * has one cluster for each port: to where the request was going, or by its authority', () => {
    const rule = egress('wild', '*.example.org', { 80: 'HTTP', 81: 'HTTP' })
    const inCapture = captured(rule)
    expect(inCapture.hosts('80')[0]?.domains).toEqual(['*.example.org:80', '*.example.org'])
    for (const port of [80, 81])
      expect(inCapture.show('clusters', `outbound|${port}||*.example.org`)).toMatchObject({
        type: 'ORIGINAL_DST',
        lb_policy: 'CLUSTER_PROVIDED',
      })
    const behindProxy = project(explicit, rule)
    expect(behindProxy.hosts('http_proxy').map(({ domains }) => domains)).toEqual([
      ['*.example.org:80', '*.example.org'],
      ['*.example.org:81'],
    ])
    expect(behindProxy.show('clusters', 'outbound|81||*.example.org')).toMatchObject({
      cluster_type: { name: 'envoy.clusters.dynamic_forward_proxy' },
      lb_policy: 'CLUSTER_PROVIDED',
    })
  })

  test('J2: a rule for * takes the place of what passes undeclared', () => {
    const passing = captured(service('reviews'), egress('one', 'httpbin.org', { 9080: 'HTTP' }))
    expect(passing.hosts('9080').map(({ name }) => name)).toContain('undeclared')
    const all = captured(service('reviews'), egress('all', '*', { 9080: 'HTTP' }))
    expect(all.hosts('9080').flatMap(({ domains }) => domains)).toContain('*')
    expect(all.hosts('9080').map(({ name }) => name)).not.toContain('undeclared')
  })

  test('J3: route rules and policies for the host hold', () => {
    const { show, hosts } = captured(
      egress('org', 'httpbin.org', { 80: 'HTTP' }),
      routeRule('slow', {
        destination: { service: 'httpbin.org' },
        httpReqTimeout: { simpleTimeout: { timeout: '3s' } },
      }),
      stored('DestinationPolicy', 'some', {
        destination: { service: 'httpbin.org' },
        circuitBreaker: { simpleCb: { maxConnections: 7 } },
      }).resource,
    )
    expect(hosts('80')[0]?.routes).toMatchObject([
      { name: 'RouteRule/default/slow', route: { timeout: '3s' } },
    ])
    expect(show('clusters', 'outbound|80||httpbin.org')).toMatchObject({
      circuit_breakers: { thresholds: [{ max_connections: 7 }] },
    })
  })

  test('J4: to an HTTPS port the proxy adds TLS, with the host’s name, verified by the mesh’s authorities', () => {
    const trusted = settings({ trustedCaPath: '/etc/ca.pem' })
    const tls = { 443: 'HTTPS' }
    const context = (host: string) =>
      (
        captured(trusted, egress('e', host, tls)).show('clusters', `outbound|443||${host}`) as {
          transport_socket: { typed_config: Record<string, unknown> }
        }
      ).transport_socket.typed_config
    expect(context('httpbin.org')).toMatchObject({
      sni: 'httpbin.org',
      common_tls_context: {
        validation_context: {
          trusted_ca: { filename: '/etc/ca.pem' },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'httpbin.org' } }],
        },
      },
    })
    expect(context('10.0.0.100')).not.toHaveProperty('sni')
    expect(context('10.0.0.100')).toMatchObject({
      common_tls_context: {
        validation_context: { match_typed_subject_alt_names: [{ san_type: 'IP_ADDRESS' }] },
      },
    })
    expect(
      JSON.stringify(captured(egress('e', '*.org', tls)).show('clusters', 'outbound|443||*.org')),
    ).toContain('"auto_sni":true,"auto_san_validation":true')
  })
})

describe('connections to hosts outside of the mesh', () => {
  test('J5: a subnet gets what goes to its addresses, on to where it was going; the rest is undeclared', () => {
    const rule = egress('db', '10.0.0.0/8', { 5432: 'TCP' })
    const { show } = captured(rule)
    expect(show('clusters', 'outbound|5432||10.0.0.0/8')).toMatchObject({ type: 'ORIGINAL_DST' })
    const listener = show('listeners', '0.0.0.0_5432')
    expect(listener).toMatchObject({
      filter_chains: [
        { filter_chain_match: { prefix_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] } },
      ],
    })
    expect(JSON.stringify(listener?.['default_filter_chain'])).toContain('PassthroughCluster')
    const refusing = captured(settings({ undeclaredOutbound: 'refuse' }), rule)
    expect(JSON.stringify(refusing.show('listeners', '0.0.0.0_5432')?.['default_filter_chain'])).toContain(
      'BlackHoleCluster',
    )
  })

  test('J5: an address has a listener of its own', () => {
    const { names } = captured(egress('db', '10.0.0.100', { 5432: 'Mongo' }))
    expect(names('listeners')).toContain('10.0.0.100_5432')
  })
})

describe('what has no effect', () => {
  const codes = (rule: Resource<'EgressRule'>, ...others: readonly Resource[]) =>
    diagnosticsOf(rule, captured(...others, rule).projector.registry()).map(({ code, path }) => [code, path])

  test('J6: of two rules for one host the smaller key holds, and a service of the mesh before both', () => {
    const [a, b] = [egress('a', 'x.org', { 80: 'HTTP' }), egress('b', 'x.org', { 81: 'HTTP' })]
    expect(captured(a, b).names('clusters')).not.toContain('outbound|81||x.org')
    expect(codes(a, b)).toEqual([])
    expect(codes(b, a)).toEqual([['RUT2031', '/spec/destination/service']])
    expect(codes(a, service('x', { hostname: 'x.org' }))).toEqual([['RUT2031', '/spec/destination/service']])
  })

  test('J7: connections do not say which domain they are for', () => {
    expect(codes(egress('w', '*.org', { 80: 'HTTP', 81: 'TCP', 82: 'Mongo' }))).toEqual([
      ['RUT2060', '/spec/ports/1/protocol'],
      ['RUT2060', '/spec/ports/2/protocol'],
    ])
  })
})
