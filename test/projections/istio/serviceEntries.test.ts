import { describe, expect, test } from 'vitest'
import type { ClientTls } from '../../../src/model/istio/destinationRule.ts'
import type { ServiceEntrySpec } from '../../../src/model/istio/serviceEntry.ts'
import type { WorkloadEntrySpec } from '../../../src/model/istio/workloadEntry.ts'
import type { ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { instance, service } from '../../reducers/given.ts'
import { stored } from '../given.ts'
import { istio, proxyOf, seen, virtualHost } from './following.ts'

const entry = (spec: ServiceEntrySpec, name = 'entry', namespace = 'default') =>
  istio('ServiceEntry', name, spec, namespace)
const workload = (name: string, spec: WorkloadEntrySpec, namespace = 'default') =>
  istio('WorkloadEntry', name, spec, namespace)

const http = { number: 80, name: 'http' } as const
const tls = { number: 443, name: 'tls', protocol: 'TLS' } as const
const tcp = { number: 5432, name: 'tcp' } as const
const explicit: ProxyMetadata = { httpProxy: { address: '127.0.0.1', port: 15_002 } }

type Chain = { filter_chain_match?: object; filters: readonly { typed_config: { cluster: string } }[] }
/** Whom the connections of a listener go to, and which. */
const chains = (world: ReturnType<typeof seen>, name: string) =>
  ((world.json('listeners', name)?.['filter_chains'] ?? []) as readonly Chain[]).map(
    ({ filter_chain_match, filters }) => [filters.at(-1)?.typed_config.cluster, filter_chain_match],
  )
/** Address and port of each endpoint of a load assignment. */
const places = (assignment: unknown): readonly string[] =>
  (
    (assignment ?? {}) as {
      endpoints?: {
        lb_endpoints: { endpoint: { address: { socket_address: { address: string; port_value: number } } } }[]
      }[]
    }
  ).endpoints?.flatMap(({ lb_endpoints }) =>
    lb_endpoints.map(({ endpoint: { address } }) =>
      address.socket_address === undefined
        ? JSON.stringify(address)
        : `${address.socket_address.address}:${address.socket_address.port_value}`,
    ),
  ) ?? []

describe('ServiceEntry', () => {
  test('Y13: each host is a service of its own, reached by its name and its virtual IPs', () => {
    const addresses = ['10.7.0.1', 'fd00::7']
    const one = seen(
      [entry({ hosts: ['a.org'], ports: [http, tcp], addresses })],
      proxyOf('sidecar', 'default', 'fd00::1'),
    )
    expect(virtualHost(one, 'a.org:80', '80')?.domains).toEqual([
      'a.org:80',
      'a.org',
      '10.7.0.1:80',
      '10.7.0.1',
      '[fd00::7]:80',
      '[fd00::7]',
    ])
    const two = seen([entry({ hosts: ['a.org', 'b.org'], ports: [http] })])
    expect(virtualHost(two, 'b.org:80', '80')?.domains).toEqual(['b.org:80', 'b.org'])
    for (const at of ['10.7.0.1_5432', 'fd00::7_5432'])
      expect(chains(one, at)).toEqual([['outbound|5432||a.org', undefined]])
    expect(one.json('clusters', 'outbound|80||a.org')).toMatchObject({
      metadata: { filter_metadata: { rutter: { rule: 'ServiceEntry/default/entry' } } },
    })
  })

  test('Y14: without resolution connections go where the caller wants, requests behind an explicit proxy by authority', () => {
    const spec: ServiceEntrySpec = { hosts: ['a.org', '*.b.org'], ports: [http, tls] }
    const captured = seen([entry(spec)])
    expect(captured.json('clusters', 'outbound|80||a.org')).toMatchObject({ type: 'ORIGINAL_DST' })
    expect(virtualHost(captured, '*.b.org:80', '80')?.domains).toEqual(['*.b.org:80', '*.b.org'])
    expect(chains(captured, '0.0.0.0_443')).toEqual([
      ['outbound|443||*.b.org', { server_names: ['*.b.org'] }],
      ['outbound|443||a.org', { server_names: ['a.org'] }],
    ])
    const behindProxy = seen([entry(spec)], proxyOf(), explicit)
    expect(behindProxy.json('clusters', 'outbound|80||a.org')).toMatchObject({
      cluster_type: { name: 'envoy.clusters.dynamic_forward_proxy' },
    })
  })

  test('Y14: STATIC takes the endpoints given, at the port that each names, the targetPort, or the service’s', () => {
    const world = seen([
      entry({
        hosts: ['db.org'],
        ports: [tcp, { ...http, targetPort: 8080 }],
        resolution: 'STATIC',
        endpoints: [
          { address: '10.0.0.1', ports: { tcp: 15_432 }, locality: 'eu/eu-1a/rack', weight: 0 },
          { address: '10.0.0.2', labels: { version: 'v2' }, weight: 3 },
          { address: 'unix:///run/db.sock' },
        ],
      }),
      istio('DestinationRule', 'db', {
        host: 'db.org',
        subsets: [{ name: 'two', labels: { version: 'v2' } }],
      }),
    ])
    expect(places(world.json('endpoints', 'outbound|5432||db.org'))).toEqual([
      '10.0.0.2:5432',
      '{"pipe":{"path":"/run/db.sock"}}',
      '10.0.0.1:15432',
    ])
    expect(places(world.json('endpoints', 'outbound|80||db.org')).slice(0, 1)).toEqual(['10.0.0.2:8080'])
    expect(places(world.json('endpoints', 'outbound|5432|two|db.org'))).toEqual(['10.0.0.2:5432'])
    expect(world.json('endpoints', 'outbound|5432||db.org')).toMatchObject({
      endpoints: [{}, { locality: { region: 'eu', zone: 'eu-1a', sub_zone: 'rack' } }],
    })
  })

  test('Y14: DNS asks for the endpoints’ names, or the host’s own; DNS_ROUND_ROBIN for one', () => {
    const spec: ServiceEntrySpec = { hosts: ['a.org'], ports: [{ ...http, targetPort: 8080 }] }
    const cluster = (more: Partial<ServiceEntrySpec>) =>
      seen([entry({ ...spec, ...more })]).json('clusters', 'outbound|80||a.org') as {
        load_assignment: unknown
      }
    const own = cluster({ resolution: 'DNS' })
    expect(own).toMatchObject({ type: 'STRICT_DNS' })
    expect(places(own.load_assignment)).toEqual(['a.org:8080'])
    const endpoints = [{ address: 'x.org' }, { address: 'y.org', ports: { http: 81 } }]
    expect(places(cluster({ resolution: 'DNS', endpoints }).load_assignment)).toEqual([
      'x.org:8080',
      'y.org:81',
    ])
    const once = cluster({ resolution: 'DNS_ROUND_ROBIN', endpoints: endpoints.slice(1) })
    expect(once).toMatchObject({ type: 'LOGICAL_DNS' })
    expect(places(once.load_assignment)).toEqual(['y.org:81'])
  })

  test('Y15: a selector takes WorkloadEntries and Instances of its namespace with its labels', () => {
    const chosen = { app: 'vm' }
    const world = seen([
      entry({ hosts: ['vm.org'], ports: [http], resolution: 'STATIC', workloadSelector: { labels: chosen } }),
      workload('a', { address: '10.0.0.1', labels: { ...chosen, version: 'v1' }, ports: { http: 8081 } }),
      workload('b', { address: '10.0.0.2', labels: { app: 'other' } }),
      workload('c', { address: '10.0.0.3', labels: chosen }, 'other'),
      instance('d', 'reviews', '10.0.0.4', { labels: chosen, ports: {} }),
    ])
    expect(places(world.json('endpoints', 'outbound|80||vm.org'))).toEqual(['10.0.0.1:8081', '10.0.0.4:80'])
    const names = seen([
      entry({ hosts: ['vm.org'], ports: [http], resolution: 'DNS', workloadSelector: { labels: chosen } }),
      workload('a', { address: 'vm1.org', labels: chosen }),
    ]).json('clusters', 'outbound|80||vm.org') as { load_assignment: unknown }
    expect(places(names.load_assignment)).toEqual(['vm1.org:80'])
  })

  test('Y15: a WorkloadEntry is a workload: the proxy at its address has its labels, namespace and ports', () => {
    const world = seen(
      [
        entry({
          hosts: ['vm.org'],
          ports: [http],
          resolution: 'STATIC',
          workloadSelector: { labels: { app: 'vm' } },
        }),
        workload('a', { address: '10.1.0.1', labels: { app: 'vm' }, ports: { http: 8081 } }),
        service('reviews'),
        istio('VirtualService', 'reviews', {
          hosts: ['reviews'],
          http: [
            { match: [{ sourceLabels: { app: 'vm' } }], directResponse: { status: 418 } },
            { route: [{ destination: { host: 'reviews' } }] },
          ],
        }),
      ],
      proxyOf('sidecar', 'default', '10.1.0.1'),
    )
    expect(world.json('listeners', '10.1.0.1_8081')).toMatchObject({ traffic_direction: 'INBOUND' })
    expect(virtualHost(world, 'reviews.default.svc.cluster.local:9080')?.routes[0]).toMatchObject({
      direct_response: { status: 418 },
    })
  })

  test('Y16: exportTo narrows who gets it; a host is the Service’s first, then a ServiceEntry’s, then an EgressRule’s', () => {
    const spec: ServiceEntrySpec = { hosts: ['a.org'], ports: [http], resolution: 'DNS', exportTo: ['.'] }
    const cluster = 'outbound|80||a.org'
    expect(seen([entry(spec)]).names('clusters')).toContain(cluster)
    expect(seen([entry(spec)], proxyOf('sidecar', 'other')).names('clusters')).not.toContain(cluster)
    const own = { ...service('a'), spec: { hostname: 'a.org', ports: [{ name: 'http', port: 80 }] } }
    const egress = stored('EgressRule', 'a', {
      destination: { service: 'a.org' },
      ports: [{ port: 80, protocol: 'HTTP' }],
    }).resource
    const world = seen([egress, entry(spec), own])
    expect(world.json('clusters', cluster)).toMatchObject({ type: 'EDS' })
    for (const hidden of [egress, entry(spec)])
      expect(world.diagnostics(hidden).map(([code]) => code)).toContain('RUT2031')
    expect(seen([egress, entry(spec)]).json('clusters', cluster)).toMatchObject({
      metadata: { filter_metadata: { rutter: { rule: 'ServiceEntry/default/entry' } } },
    })
  })

  const static_ = (address: string, ports = [http] as ServiceEntrySpec['ports']): ServiceEntrySpec => ({
    hosts: ['a.org'],
    ...(ports && { ports }),
    resolution: 'STATIC',
    endpoints: [{ address }],
  })

  test('Y26: entries of one namespace for one host are one service, of all their ports and endpoints', () => {
    const rules = [
      entry({ ...static_('10.0.0.1', [{ ...http, targetPort: 8080 }]), addresses: ['10.7.0.1'] }, 'a'),
      entry({ ...static_('10.0.0.2', [http, tcp]), addresses: ['10.7.0.2'] }, 'b'),
      entry({ hosts: ['a.org'], ports: [tls], resolution: 'DNS' }, 'c'),
    ]
    const world = seen(rules)
    expect(places(world.json('endpoints', 'outbound|80||a.org'))).toEqual(['10.0.0.1:8080', '10.0.0.2:80'])
    expect(places(world.json('endpoints', 'outbound|5432||a.org'))).toEqual(['10.0.0.2:5432'])
    expect(world.json('clusters', 'outbound|443||a.org')).toMatchObject({
      type: 'STRICT_DNS',
      metadata: { filter_metadata: { rutter: { rule: 'ServiceEntry/default/c' } } },
    })
    expect(virtualHost(world, 'a.org:80', '80')?.domains).toEqual([
      'a.org:80',
      'a.org',
      '10.7.0.1:80',
      '10.7.0.1',
      '10.7.0.2:80',
      '10.7.0.2',
    ])
    expect(world.names('listeners').filter((name) => name.endsWith('_5432'))).toEqual(['10.7.0.2_5432'])
    expect(chains(world, '0.0.0.0_443')).toEqual([['outbound|443||a.org', { server_names: ['a.org'] }]])
    for (const rule of rules) expect(world.diagnostics(rule)).toEqual([])
  })

  test('Y26: names that DNS is asked for are put together too', () => {
    const dns = { hosts: ['a.org'], ports: [http], resolution: 'DNS' as const }
    const world = seen([entry(dns, 'a'), entry({ ...dns, endpoints: [{ address: 'b.org' }] }, 'b')])
    const cluster = world.json('clusters', 'outbound|80||a.org') as { load_assignment: unknown }
    expect(places(cluster.load_assignment)).toEqual(['a.org:80', 'b.org:80'])
  })

  test('Y26: of a port that two declare otherwise the smaller name’s holds, and the other is told', () => {
    const dns = { hosts: ['a.org'], ports: [tls, http], resolution: 'DNS' as const }
    const other = entry(static_('10.0.0.1', [http]), 'b')
    const world = seen([entry(dns, 'a'), other])
    expect(world.json('clusters', 'outbound|80||a.org')).toMatchObject({ type: 'STRICT_DNS' })
    expect(world.diagnostics(other)).toContainEqual(['RUT2116', '/spec/ports/0'])
    expect(world.diagnostics(entry(dns, 'a'))).toEqual([])
  })

  test('Y26: of different namespaces callers mean their own, else the first that is for them', () => {
    const mine = entry(static_('10.0.0.1'), 'z', 'mine')
    const theirs = entry({ ...static_('10.0.0.2', [http, tcp]), exportTo: ['.'] }, 'a', 'alone')
    const shared = entry(static_('10.0.0.3'), 'b', 'shared')
    const rules = [mine, theirs, shared]
    const endpoints = (namespace: string) =>
      places(seen(rules, proxyOf('sidecar', namespace)).json('endpoints', 'outbound|80||a.org'))
    expect(endpoints('mine')).toEqual(['10.0.0.1:80'])
    expect(endpoints('alone')).toEqual(['10.0.0.2:80'])
    expect(endpoints('shared')).toEqual(['10.0.0.3:80'])
    expect(endpoints('default')).toEqual(['10.0.0.1:80'])
    expect(seen(rules, proxyOf('sidecar', 'mine')).names('clusters')).not.toContain('outbound|5432||a.org')
    const told = rules.map((rule) => seen(rules).diagnostics(rule))
    expect(told).toEqual([[], [], [['RUT2031', '/spec/hosts/0']]])
  })

  test('Y26: a Sidecar’s egress host says which namespace’s is meant', () => {
    const rules = [
      entry(static_('10.0.0.1'), 'a', 'one'),
      entry(static_('10.0.0.2'), 'a', 'two'),
      istio('Sidecar', 'default', { egress: [{ hosts: ['two/*'] }] }),
    ]
    expect(places(seen(rules).json('endpoints', 'outbound|80||a.org'))).toEqual(['10.0.0.2:80'])
  })

  test('Y27: names of certificates hold in TLS that rules begin and in mutual TLS; else they are told', () => {
    const own = { subjectAltNames: ['spiffe://other/ns/a/sa/b', 'a.alias'] }
    const rule = (tls: ClientTls) => istio('DestinationRule', 'a', { host: 'a.org', trafficPolicy: { tls } })
    const context = (resources: readonly Resource[]) =>
      JSON.stringify(seen(resources).json('clusters', 'outbound|80||a.org')?.['transport_socket'] ?? '')
    const outside = entry({ ...static_('10.0.0.1'), ...own })
    const inside = entry({ ...static_('10.0.0.1'), location: 'MESH_INTERNAL', ...own })
    const safe = stored('MeshSettings', 'mesh', { authPolicy: 'MUTUAL_TLS' }).resource
    const account = 'spiffe://cluster.local/ns/default/sa/default'
    for (const name of own.subjectAltNames) {
      expect(context([outside, rule({ mode: 'SIMPLE' })])).toContain(name)
      expect(context([inside, safe])).toContain(name)
    }
    expect(context([inside, safe])).toContain(account)
    const told = (resources: readonly Resource[]) => seen(resources).diagnostics(resources[0] as Resource)
    const unused = [['RUT2011', '/spec/subjectAltNames']]
    for (const fine of [
      [inside, safe],
      [outside, rule({ mode: 'SIMPLE' })],
      [inside, rule({ mode: 'ISTIO_MUTUAL' })],
    ])
      expect(told(fine)).toEqual([])
    expect(told([outside])).toEqual(unused)
    expect(told([outside, rule({ mode: 'DISABLE' })])).toEqual(unused)
    expect(told([outside, rule({ mode: 'SIMPLE', subjectAltNames: ['x'] })])).toEqual(unused)
  })

  test('Y16: a host outside of the mesh gives a name up to a service of the mesh', () => {
    const reviews = service('reviews')
    const shadow: ServiceEntrySpec = { hosts: ['reviews'], ports: [{ number: 9080, name: 'http' }] }
    const outside = seen([reviews, entry(shadow)])
    expect(virtualHost(outside, 'reviews:9080')?.domains).toEqual(['reviews:9080', 'reviews'])
    const inside = seen([reviews, entry({ ...shadow, location: 'MESH_INTERNAL' })])
    expect(virtualHost(inside, 'reviews:9080')?.domains).toEqual(['reviews:9080', 'reviews'])
  })

  test('Y14: connections to a subnet go to the entry that has it', () => {
    const world = seen([
      entry({ hosts: ['db.org'], ports: [tcp], addresses: ['10.64.0.0/16', '10.7.0.1'] }),
      entry({ hosts: ['*.wide.org'], ports: [tcp], addresses: ['10.65.0.0/16'] }, 'wide'),
    ])
    expect(chains(world, '0.0.0.0_5432')).toEqual([
      ['outbound|5432||db.org', { prefix_ranges: [{ address_prefix: '10.64.0.0', prefix_len: 16 }] }],
      ['outbound|5432||*.wide.org', { prefix_ranges: [{ address_prefix: '10.65.0.0', prefix_len: 16 }] }],
    ])
    expect(chains(world, '10.7.0.1_5432')).toEqual([['outbound|5432||db.org', undefined]])
  })

  test('Y11: what of a ServiceEntry or WorkloadEntry has no effect is told', () => {
    const found = (spec: ServiceEntrySpec, ...more: Parameters<typeof seen>[0]) =>
      seen([entry(spec), ...more]).diagnostics(entry(spec))
    const hosts = ['a.org']
    expect(found({ hosts, ports: [http], resolution: 'DNS' })).toEqual([])
    expect(found({ hosts })).toEqual([['RUT2113', '/spec']])
    expect(found({ hosts, ports: [http], resolution: 'STATIC' })).toEqual([['RUT2113', '/spec']])
    expect(found({ hosts: ['*.org'], ports: [tcp, tls, http] })).toEqual([['RUT2060', '/spec/ports/0']])
    expect(
      found({
        hosts,
        ports: [
          { number: 53, name: 'dns', protocol: 'UDP' },
          { number: 81, name: 'web', protocol: 'GRPC-WEB', targetPort: 82 },
        ],
      }),
    ).toEqual([
      ['RUT2011', '/spec/ports/0/protocol'],
      ['RUT2011', '/spec/ports/1/protocol'],
      ['RUT2011', '/spec/ports/1/targetPort'],
    ])
    const network = [{ address: '10.0.0.1', network: 'n1' }]
    expect(found({ hosts, ports: [http], resolution: 'STATIC', endpoints: network })).toEqual([
      ['RUT2011', '/spec/endpoints/0/network'],
    ])
    const off = { ...static_('10.0.0.1', [http]), endpoints: [{ address: '10.0.0.1', ports: { web: 1 } }] }
    expect(found(off)).toEqual([['RUT2032', '/spec/endpoints/0/ports/web']])
    const labels = { app: 'vm' }
    expect(found({ hosts, ports: [http], workloadSelector: { labels } })).toEqual([
      ['RUT2011', '/spec/workloadSelector'],
    ])
    const both = { labels, matchLabels: { app: 'no' } }
    expect(found({ hosts, ports: [http], resolution: 'DNS', workloadSelector: both })).toEqual([
      ['RUT2011', '/spec/workloadSelector/matchLabels'],
    ])
    const named = workload('w', {
      address: 'vm.org',
      labels: { app: 'vm' },
      ports: { other: 1 },
      network: 'n',
    })
    expect(seen([named]).diagnostics(named)).toEqual([
      ['RUT2114', '/spec/labels'],
      ['RUT2011', '/spec/network'],
    ])
    const selecting: ServiceEntrySpec = {
      hosts,
      ports: [http],
      resolution: 'STATIC',
      workloadSelector: { labels: { app: 'vm' } },
    }
    expect(found(selecting, named)).toEqual([['RUT2113', '/spec/workloadSelector']])
    expect(seen([entry(selecting), named]).diagnostics(named)).toEqual([
      ['RUT2032', '/spec/ports/other'],
      ['RUT2115', '/spec/address'],
      ['RUT2011', '/spec/network'],
    ])
  })
})
