import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { explain } from '../../../src/explain/explain.ts'
import { readRequest } from '../../../src/explain/sentRequest.ts'
import type { ClientTls } from '../../../src/model/istio/destinationRule.ts'
import type { ServiceEntrySpec } from '../../../src/model/istio/serviceEntry.ts'
import type { ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { emittedTo } from '../../explain/emittedTo.ts'
import { instance, service } from '../../reducers/given.ts'
import { istio, proxyOf, seen, virtualHost } from './following.ts'

const http = { number: 80, name: 'http' } as const
const tls = { number: 443, name: 'tls', protocol: 'TLS', targetPort: 8443 } as const
const tcp = { number: 5432, name: 'tcp' } as const
const explicit: ProxyMetadata = { httpProxy: { address: '127.0.0.1', port: 15_002 } }
const entry = (more: Partial<ServiceEntrySpec> = {}) =>
  istio('ServiceEntry', 'entry', {
    hosts: ['*.b.org'],
    ports: [http, tls],
    resolution: 'DYNAMIC_DNS',
    ...more,
  })

const byName = { cluster_type: { name: 'envoy.clusters.dynamic_forward_proxy' } }
const lookUp = 'envoy.filters.http.dynamic_forward_proxy'
const lookUpPort = 'envoy.filters.http.set_filter_state'
const lookUpTls = 'envoy.filters.network.sni_dynamic_forward_proxy'

type World = ReturnType<typeof seen>
type Filter = { readonly name: string; readonly typed_config: Readonly<Record<string, unknown>> }
type Chain = { readonly filter_chain_match?: object; readonly filters: readonly Filter[] }
const chains = (world: World, listener: string) =>
  (world.json('listeners', listener)?.['filter_chains'] ?? []) as readonly Chain[]
/** The names of the HTTP filters of each listener of `world` that has any, but for the router's. */
const httpFilters = (world: World, listener: string): readonly string[] =>
  chains(world, listener).flatMap(({ filters }) =>
    filters.flatMap(({ typed_config }) =>
      ((typed_config['http_filters'] ?? []) as readonly Filter[]).map(({ name }) => name),
    ),
  )

describe('ServiceEntries whose proxies look up the name that is asked for', () => {
  test('Y40: requests go to what their authority says, captured, behind an explicit proxy and by routers', () => {
    const captured = seen([entry()])
    expect(captured.json('clusters', 'outbound|80||*.b.org')).toMatchObject(byName)
    expect(virtualHost(captured, '*.b.org:80', '80')?.domains).toEqual(['*.b.org:80', '*.b.org'])
    expect(httpFilters(captured, '0.0.0.0_80').slice(0, 2)).toEqual([lookUpPort, lookUp])
    expect(seen([entry()], proxyOf('router')).json('clusters', 'outbound|80||*.b.org')).toMatchObject(byName)
    const behindProxy = seen([entry()], proxyOf(), explicit)
    expect(behindProxy.json('clusters', 'outbound|80||*.b.org')).toMatchObject(byName)
    expect(httpFilters(behindProxy, 'http_proxy').slice(0, 2)).toEqual([lookUpPort, lookUp])
    expect(captured.diagnostics(entry())).toEqual([])
  })

  test('Y40: the filter is where requests can go there, and nowhere else', () => {
    const other = istio('ServiceEntry', 'other', {
      hosts: ['*.c.org'],
      ports: [{ number: 81, name: 'http' }],
    })
    const world = seen([entry(), other, service('reviews')])
    expect(httpFilters(world, '0.0.0.0_81')).not.toContain(lookUp)
    expect(httpFilters(world, '0.0.0.0_9080')).not.toContain(lookUp)
    const led = istio('VirtualService', 'led', {
      hosts: ['reviews'],
      http: [{ route: [{ destination: { host: '*.b.org', port: { number: 80 } } }] }],
    })
    expect(httpFilters(seen([entry(), other, service('reviews'), led]), '0.0.0.0_9080')).toContain(lookUp)
  })

  test('Y41: TLS goes to what it names, at the targetPort, where its name is of the domain', () => {
    for (const [more, at] of [
      [{}, '0.0.0.0_443'],
      [{ addresses: ['10.7.0.1'] }, '10.7.0.1_443'],
    ] as const) {
      const world = seen([entry(more)])
      expect(world.json('clusters', 'outbound|443||*.b.org')).toMatchObject(byName)
      expect(chains(world, at)).toMatchObject([
        {
          filter_chain_match: { server_names: ['*.b.org'] },
          filters: [
            { name: lookUpTls, typed_config: { port_value: 8443 } },
            { typed_config: { cluster: 'outbound|443||*.b.org' } },
          ],
        },
      ])
      expect(JSON.stringify(world.json('listeners', at))).toContain('tls_inspector')
    }
  })

  test('Y41: a tls route that leads there looks the name up too, in the mesh and at Gateways', () => {
    const gateways = ['edge', 'mesh']
    const rules: readonly Resource[] = [
      entry(),
      service('gate'),
      instance('gate-1', 'gate', '10.9.0.1', { labels: { app: 'edge' } }),
      istio('Gateway', 'edge', {
        selector: { app: 'edge' },
        servers: [
          {
            port: { number: 443, name: 'tls', protocol: 'TLS' },
            hosts: ['*.b.org'],
            tls: { mode: 'PASSTHROUGH' },
          },
        ],
      }),
      istio('VirtualService', 'api', {
        gateways,
        hosts: ['*.b.org'],
        tls: [{ match: [{ sniHosts: ['api.b.org'] }], route: [{ destination: { host: '*.b.org' } }] }],
      }),
    ]
    const api = {
      filter_chain_match: { server_names: ['api.b.org'] },
      filters: [{ name: lookUpTls }, { typed_config: { cluster: 'outbound|443||*.b.org' } }],
    }
    expect(chains(seen(rules), '0.0.0.0_443')[0]).toMatchObject(api)
    const gate = seen(rules, proxyOf('router', 'default', '10.9.0.1'))
    expect(chains(gate, '0.0.0.0_443')).toMatchObject([api])
  })

  const withTls = (given: ClientTls, ...more: readonly Resource[]) =>
    JSON.stringify(
      seen([
        entry(),
        istio('DestinationRule', 'b', { host: '*.b.org', trafficPolicy: { tls: given } }),
        ...more,
      ]).json('clusters', 'outbound|80||*.b.org'),
    )

  test('Y40: TLS that a policy begins names and verifies the authority, or what the policy says instead', () => {
    const own = withTls({ mode: 'SIMPLE' })
    expect(own).toContain('"auto_sni":true,"auto_san_validation":true')
    expect(own).not.toContain('allow_insecure_cluster_options')
    const named = withTls({ mode: 'SIMPLE', sni: 'x.org' })
    expect(named).toContain('"sni":"x.org"')
    expect(named).not.toContain('auto_s')
    const verified = withTls({ mode: 'SIMPLE', subjectAltNames: ['x.org'] })
    expect(verified).toContain('"auto_sni":true')
    expect(verified).not.toContain('auto_san_validation')
    for (const some of [named, verified]) expect(some).toContain('"allow_insecure_cluster_options":true')
  })

  test('Y40: a route that gives a request another authority has that looked up', () => {
    const world = seen([
      entry(),
      istio('VirtualService', 'b', {
        hosts: ['*.b.org'],
        http: [{ rewrite: { authority: 'c.b.org' }, route: [{ destination: { host: '*.b.org' } }] }],
      }),
    ])
    expect(virtualHost(world, '*.b.org:80', '80')?.routes[0]).toMatchObject({
      route: { host_rewrite_literal: 'c.b.org' },
      typed_per_filter_config: { [lookUp]: { host_rewrite_literal: 'c.b.org' } },
    })
  })

  test('Y40: a route says the port for authorities without one; where destinations have several, each says its own', () => {
    const at = (number: number) => ({ destination: { host: '*.b.org', port: { number } } })
    const said = (port: string) => ({
      [lookUpPort]: {
        on_request_headers: [
          {
            object_key: 'envoy.upstream.dynamic_port',
            format_string: { text_format_source: { inline_string: port } },
          },
        ],
      },
    })
    const ports = [http, { number: 8080, name: 'http-alt' }]
    const rule = istio('VirtualService', 'b', {
      hosts: ['*.b.org'],
      http: [
        { match: [{ uri: { prefix: '/one' } }], route: [at(8080)] },
        {
          route: [
            { ...at(80), weight: 1 },
            { ...at(8080), weight: 2 },
          ],
        },
      ],
    })
    const [one, split] = virtualHost(seen([entry({ ports }), rule]), '*.b.org:80', '80')?.routes ?? []
    expect(one).toMatchObject({ typed_per_filter_config: said('8080') })
    expect(split).not.toHaveProperty('typed_per_filter_config')
    expect(split).toMatchObject({
      route: {
        weighted_clusters: {
          clusters: [{ typed_per_filter_config: said('80') }, { typed_per_filter_config: said('8080') }],
        },
      },
    })
  })

  test('Y40, Q6: explain says what DNS is asked for, and at which port', () => {
    const ports = [http, { number: 8080, name: 'http-alt' }]
    const emitted = emittedTo(proxyOf(), {}, [entry({ ports })])
    const asked = (host: string) => {
      const sent = readRequest({ method: 'GET', url: 'http://198.51.100.7:8080/', headers: { host } })
      if (isLeft(sent)) throw new Error(sent.left)
      const { steps } = explain(emitted, proxyOf(), sent.right)
      return [steps.at(-1)?.why, steps.filter(({ why }) => why?.startsWith('not evaluated')).length]
    }
    expect(asked('a.b.org')).toEqual(['DNS is asked for a.b.org, port 8080', 0])
    expect(asked('a.b.org:8080')).toEqual(['DNS is asked for a.b.org, port 8080', 0])
  })

  test('Y42: ports whose connections name nobody have no effect, nor a targetPort of requests, and both are told', () => {
    const told = (more: Partial<ServiceEntrySpec>) => seen([entry(more)]).diagnostics(entry(more))
    expect(told({ ports: [http, tcp] })).toEqual([['RUT2060', '/spec/ports/1']])
    expect(told({ ports: [tcp], addresses: ['10.7.0.1'] })).toEqual([['RUT2060', '/spec/ports/0']])
    for (const protocol of ['MONGO', 'REDIS', 'MYSQL'] as const)
      expect(told({ ports: [{ ...tcp, protocol }] })).toEqual([['RUT2060', '/spec/ports/0']])
    expect(told({ ports: [{ ...http, targetPort: 8080 }] })).toEqual([
      ['RUT2011', '/spec/ports/0/targetPort'],
    ])
    expect(seen([entry({ ports: [tcp], addresses: ['10.7.0.1'] })]).names('listeners')).not.toContain(
      '10.7.0.1_5432',
    )
  })

  test('Y42: a tcp route whose connections name nobody is told, one for the hosts’ own connections is not', () => {
    const led = (host: string) =>
      istio('VirtualService', 'led', {
        hosts: [host],
        tcp: [{ route: [{ destination: { host: '*.b.org', port: { number: 443 } } }] }],
      })
    const store = service('store', { ports: [{ name: 'tcp', port: 5432 }] })
    expect(seen([entry(), store, led('store')]).diagnostics(led('store'))).toEqual([
      ['RUT2060', '/spec/tcp/0/route/0/destination/host'],
    ])
    expect(seen([entry(), led('*.b.org')]).diagnostics(led('*.b.org'))).toEqual([])
  })

  test('Y18: a Sidecar that does not name it spares its proxies filter and cluster', () => {
    const world = seen([
      entry(),
      service('reviews'),
      istio('Sidecar', 'default', { egress: [{ hosts: ['./reviews.default.svc.cluster.local'] }] }),
    ])
    expect(world.names('clusters')).not.toContain('outbound|80||*.b.org')
    expect(httpFilters(world, '0.0.0.0_9080')).not.toContain(lookUp)
  })
})
