import { describe, expect, test } from 'vitest'
import type { ServerTls } from '../../../src/model/istio/serverTls.ts'
import type { ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { SidecarSpec } from '../../../src/model/sidecar.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { reduceMesh } from '../../../src/reducers/mesh.ts'
import { applied, entriesOf, given, instance, service } from '../../reducers/given.ts'
import { settings } from '../anyMesh.ts'
import { stored } from '../given.ts'
import { istio, proxyOf, seen } from './following.ts'

const sidecar = (spec: SidecarSpec, name = 'default', namespace = 'default') =>
  istio('Sidecar', name, spec, namespace)
const entry = istio('ServiceEntry', 'db', {
  hosts: ['db.org'],
  ports: [
    { number: 443, name: 'tls', protocol: 'TLS' },
    { number: 9080, name: 'http' },
  ],
  resolution: 'DNS',
})

/** The last cluster that a listener has: where goes what nobody declares. */
const otherwise = (world: ReturnType<typeof seen>, listener: string): string => {
  const json = world.json('listeners', listener) as {
    default_filter_chain: { filters: readonly { typed_config: { cluster: string } }[] }
  }
  return json.default_filter_chain.filters.at(-1)?.typed_config.cluster ?? ''
}
const hostNames = (world: ReturnType<typeof seen>) =>
  ((world.json('routes', '9080')?.['virtual_hosts'] ?? []) as { name: string }[]).map(({ name }) => name)

describe('Sidecar', () => {
  test('Y18: what nobody declares is the proxy’s own business, whatever the mesh says', () => {
    const refusing = sidecar({ outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })
    const only = seen([entry, refusing])
    expect(otherwise(only, 'virtualOutbound')).toBe('BlackHoleCluster')
    expect(otherwise(only, '0.0.0.0_443')).toBe('BlackHoleCluster')
    expect(hostNames(only)).not.toContain('undeclared')
    expect(otherwise(seen([sidecar({ outboundTrafficPolicy: {} })]), 'virtualOutbound')).toBe(
      'BlackHoleCluster',
    )
    const allowing = sidecar({ outboundTrafficPolicy: { mode: 'ALLOW_ANY' } })
    const any = seen([entry, allowing, settings({ undeclaredOutbound: 'refuse' })])
    expect(otherwise(any, 'virtualOutbound')).toBe('PassthroughCluster')
    expect(otherwise(any, '0.0.0.0_443')).toBe('PassthroughCluster')
    expect(hostNames(any)).toContain('undeclared')
    const elsewhere = seen([entry, refusing], proxyOf('sidecar', 'other'))
    expect(otherwise(elsewhere, 'virtualOutbound')).toBe('PassthroughCluster')
  })

  test('Y18: a proxy gets the hosts that its Sidecar names, also of ServiceEntries, and what their rules lead to', () => {
    const world = seen([
      entry,
      service('reviews'),
      service('ratings'),
      { ...service('far'), metadata: { name: 'far', namespace: 'other' } },
      istio('VirtualService', 'reviews', {
        hosts: ['reviews'],
        http: [{ route: [{ destination: { host: 'ratings' } }] }],
      }),
      sidecar({ egress: [{ hosts: ['./reviews.default.svc.cluster.local', '*/db.org', 'other/*'] }] }),
    ])
    expect(hostNames(world).filter((name) => name !== 'undeclared')).toEqual([
      'db.org:9080',
      'far.other.svc.cluster.local:9080',
      'reviews.default.svc.cluster.local:9080',
    ])
    expect(world.names('endpoints')).toContain('outbound|9080||ratings.default.svc.cluster.local')
  })

  test('Y18: an event out of the scope of proxies costs them nothing', () => {
    const near = sidecar({ egress: [{ hosts: ['./*'] }] }, 'default', 'near')
    const far = { ...service('far'), metadata: { name: 'far', namespace: 'far' } }
    const start = given(applied(near), applied(far))
    const projector = createProjector(start)
    const proxies = Array.from({ length: 20 }, (_, i) =>
      projector.follow(proxyOf('sidecar', 'near', `10.2.0.${i}`), {}),
    )
    expect(projector.counters()).toMatchObject({ proxies: 20, views: 1 })
    const step = projector.step(
      reduceMesh(start, entriesOf([applied(instance('a', 'far', '10.3.0.1', {}, 'far'))], 3)),
    )
    expect([step.views.size, step.reassessed.size, step.advance().size]).toEqual([0, 0, 0])
    for (const proxy of proxies) expect(projector.concerned(proxy, 3)).toBe(false)
  })

  test('Y28: the root namespace’s default is for every namespace without one', () => {
    const root = sidecar({ egress: [{ hosts: ['./*'] }] }, 'default', 'istio-system')
    const services = ['one', 'two'].map((namespace) => ({
      ...service('a'),
      metadata: { name: 'a', namespace },
    }))
    const names = (namespace: string, ...more: Parameters<typeof seen>[0]) =>
      hostNames(seen([root, ...services, ...more], proxyOf('sidecar', namespace))).filter(
        (name) => name !== 'undeclared',
      )
    expect(names('one')).toEqual(['a.one.svc.cluster.local:9080'])
    const own = sidecar({ egress: [{ hosts: ['two/*'] }] }, 'default', 'one')
    expect(names('one', own)).toEqual(['a.two.svc.cluster.local:9080'])
    const selecting = sidecar({ workloadSelector: { labels: { app: 'x' } }, egress: [] }, 'x', 'one')
    expect(names('one', selecting)).toEqual(['a.one.svc.cluster.local:9080'])
    expect(names('one', settings({ rootNamespace: 'elsewhere' }))).toHaveLength(2)
    expect(seen([root]).diagnostics(root)).toEqual([])
  })

  test('Y28: the root namespace’s default comes, changes and goes', () => {
    const root = (hosts: readonly string[]) =>
      applied(sidecar({ egress: [{ hosts }] }, 'default', 'istio-system'))
    const start = given(applied(service('a')))
    const projector = createProjector(start)
    const proxy = projector.follow(proxyOf(), {})
    const has = () => [...proxy.names('clusters')].includes('outbound|9080||a.default.svc.cluster.local')
    expect(has()).toBe(true)
    const narrow = reduceMesh(start, entriesOf([root(['~/*'])], 2))
    expect(projector.step(narrow).reassessed.size).toBe(1)
    expect(has()).toBe(false)
    projector.step(reduceMesh(narrow, entriesOf([root(['*/*'])], 3)))
    expect(has()).toBe(true)
  })

  test('Y30: hosts with a port are taken on that port alone, of others on all', () => {
    const ports = [
      { name: 'http', port: 9080 },
      { name: 'http-two', port: 9081 },
      { name: 'tcp', port: 3306 },
    ]
    const resources = [service('reviews', { ports, address: '10.9.0.1' }), service('ratings', { ports })]
    const egress = [
      { hosts: ['./reviews.default.svc.cluster.local'], port: { number: 9081 } },
      { hosts: ['./reviews.default.svc.cluster.local'], port: { number: 3306 } },
      { hosts: ['./ratings.default.svc.cluster.local'] },
    ]
    const world = seen([...resources, sidecar({ egress })])
    const outbound = (name: string) => world.names('clusters').filter((one) => one.includes(`|${name}.`))
    expect(outbound('reviews').map((name) => name.split('|')[1])).toEqual(['3306', '9081'])
    expect(outbound('ratings')).toHaveLength(3)
    expect(hostNames(world)).toEqual(['ratings.default.svc.cluster.local:9080', 'undeclared'])
    expect(world.names('listeners')).toContain('10.9.0.1_3306')
  })

  test('Y30: of several ServiceEntries of a host the port in scope is found too', () => {
    const spec = { hosts: ['a.org'], resolution: 'STATIC' as const, endpoints: [{ address: '10.0.0.1' }] }
    const world = seen([
      istio('ServiceEntry', 'a', { ...spec, ports: [{ number: 80, name: 'http' }] }),
      istio('ServiceEntry', 'b', { ...spec, ports: [{ number: 81, name: 'http' }] }),
      sidecar({ egress: [{ hosts: ['*/a.org'], port: { number: 81 } }] }),
    ])
    expect(world.names('endpoints')).toEqual(['outbound|81||a.org'])
  })

  test('Y30: a host without the port, and another protocol than the service’s, are told', () => {
    const bad = sidecar({
      egress: [
        { hosts: ['./*'], port: { number: 1 } },
        { hosts: ['./*'], port: { number: 9080, protocol: 'TCP' } },
        { hosts: ['./*'], port: { number: 9080, protocol: 'HTTP' } },
        { hosts: ['./*'], port: { number: 9080, name: 'tcp-web' } },
        { hosts: ['./*'], port: { number: 9080, name: 'http-web' } },
        { hosts: ['./*'], port: { number: 9080, name: 'web' } },
      ],
    })
    expect(seen([service('reviews'), bad]).diagnostics(bad)).toEqual([
      ['RUT2021', '/spec/egress/0/hosts/0'],
      ['RUT2011', '/spec/egress/1/port/protocol'],
      ['RUT2011', '/spec/egress/3/port/name'],
    ])
  })

  const ip = '10.1.0.1'
  const inbound = (spec: SidecarSpec, metadata: ProxyMetadata = {}, resources: readonly Resource[] = []) => {
    const own = [
      service('reviews', {
        ports: [
          { name: 'http', port: 9080 },
          { name: 'tcp', port: 9090 },
        ],
      }),
      instance('me', 'reviews', ip, { ports: { http: 9080, tcp: 9090 }, labels: { app: 'me' } }),
      ...resources,
    ]
    const world = seen([...own, sidecar(spec)], proxyOf('sidecar', 'default', ip), metadata)
    const app = (port: number): string => {
      const { load_assignment } = (world.json('clusters', `inbound|${port}||`) ?? {}) as {
        load_assignment?: { endpoints: { lb_endpoints: { endpoint: { address: object } }[] }[] }
      }
      return JSON.stringify(load_assignment?.endpoints[0]?.lb_endpoints[0]?.endpoint.address)
    }
    const ports = world.names('clusters').filter((name) => name.startsWith('inbound|'))
    return { world, app, ports }
  }

  test('Y29: an ingress says where the application listens; a proxy has no other inbound listeners then', () => {
    const endpoints: readonly (readonly [string | undefined, object])[] = [
      ['127.0.0.1:8080', { socket_address: { address: '127.0.0.1', port_value: 8080 } }],
      ['[::1]:8080', { socket_address: { address: '::1', port_value: 8080 } }],
      ['0.0.0.0:8080', { socket_address: { address: ip, port_value: 8080 } }],
      ['unix:///run/app.sock', { pipe: { path: '/run/app.sock' } }],
      [undefined, { socket_address: { address: '127.0.0.1', port_value: 9080 } }],
    ]
    for (const [defaultEndpoint, address] of endpoints) {
      const one = inbound({
        ingress: [{ port: { number: 9080 }, ...(defaultEndpoint && { defaultEndpoint }) }],
      })
      expect(one.app(9080)).toBe(JSON.stringify(address))
      expect(one.ports).toEqual(['inbound|9080||'])
      expect(one.world.json('listeners', `${ip}_9080`)).toMatchObject({
        bind_to_port: false,
        metadata: { filter_metadata: { rutter: { rule: 'Sidecar/default/default' } } },
      })
    }
    expect(inbound({}).ports).toEqual(['inbound|9080||', 'inbound|9090||'])
    const both = [
      { port: { number: 9080, protocol: 'TCP' as const } },
      { port: { number: 7, name: 'http-more' } },
    ]
    const { world, ports } = inbound({ ingress: both })
    expect(ports).toEqual(['inbound|7||', 'inbound|9080||'])
    expect(JSON.stringify(world.json('listeners', `${ip}_9080`))).toContain('TcpProxy')
    expect(JSON.stringify(world.json('listeners', `${ip}_7`))).toContain('HttpConnectionManager')
  })

  test('Y29: bind and captureMode say where a port is bound by the proxy itself', () => {
    const port = { number: 9080 }
    const explicit: ProxyMetadata = { httpProxy: { address: ip, port: 15_002 } }
    expect(inbound({ ingress: [{ port, bind: '10.1.0.7' }] }, explicit).world.names('listeners')).toContain(
      '10.1.0.7_9080',
    )
    const none = inbound({ ingress: [{ port, captureMode: 'NONE' }] })
    expect(none.world.json('listeners', `${ip}_9080`)).not.toHaveProperty('bind_to_port')
  })

  test('Y29: mutual TLS stays what services ask for', () => {
    const safe = settings({ authPolicy: 'MUTUAL_TLS' })
    const { world } = inbound({ ingress: [{ port: { number: 9080 } }, { port: { number: 7 } }] }, {}, [safe])
    const listener = (port: number) => JSON.stringify(world.json('listeners', `${ip}_${port}`))
    expect(listener(9080)).toContain('require_client_certificate')
    expect(listener(7)).not.toContain('require_client_certificate')
  })

  test('Y29: connections to the application are limited as its ingress, else the Sidecar, says', () => {
    const pool = (maxConnections: number) => ({ tcp: { maxConnections } })
    const ingress = [{ port: { number: 9080 }, connectionPool: pool(1) }, { port: { number: 9090 } }]
    const { world } = inbound({ ingress, inboundConnectionPool: pool(2) })
    const limit = (from: typeof world, port: number) =>
      JSON.stringify(from.json('clusters', `inbound|${port}||`)?.['circuit_breakers'])
    expect(limit(world, 9080)).toContain('"max_connections":1')
    expect(limit(world, 9090)).toContain('"max_connections":2')
    expect(limit(inbound({ inboundConnectionPool: pool(3) }).world, 9080)).toContain('"max_connections":3')
  })

  test('Y29: connections in end that are idle for as long as the pool says', () => {
    const ingress = [
      { port: { number: 7, protocol: 'TCP' as const }, connectionPool: { tcp: { idleTimeout: '2s' } } },
    ]
    expect(JSON.stringify(inbound({ ingress }).world.json('listeners', `${ip}_7`))).toContain(
      '"idle_timeout":"2s"',
    )
  })

  test('Y11: what of a Sidecar has no effect is told', () => {
    const full = sidecar({
      egress: [
        {
          hosts: ['*/*'],
          port: { number: 9080, protocol: 'TCP', targetPort: 1 },
        },
        { hosts: ['*/*'], captureMode: 'IPTABLES' },
      ],
      ingress: [
        { port: { number: 80, targetPort: 81 }, tls: { mode: 'PASSTHROUGH' } },
        { port: { number: 53, protocol: 'UDP' } },
      ],
      outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy: { host: 'x' } },
    })
    expect(seen([service('reviews'), full]).diagnostics(full)).toEqual(
      [
        '/spec/egress/0/port/targetPort',
        '/spec/ingress/0/port/targetPort',
        '/spec/outboundTrafficPolicy/egressProxy',
        '/spec/egress/0/port/protocol',
        '/spec/ingress/1/port/protocol',
        '/spec/ingress/0/tls/mode',
      ].map((path) => ['RUT2011', path]),
    )
  })

  test('Y39: what keeps TLS of an ingress, or a part of it, from an effect is told', () => {
    const files = { serverCertificate: '/c.pem', privateKey: '/k.pem' }
    const at = (tls: ServerTls): SidecarSpec => ({
      ingress: [{ port: { number: 9080, protocol: 'HTTPS' }, tls }],
    })
    const told = (tls: ServerTls, authPolicy?: 'enable') => {
      const resource = sidecar(at(tls))
      const reviews = stored('Service', 'reviews', {
        ports: [{ name: 'http', port: 9080, ...(authPolicy && { authPolicy }) }],
      }).resource
      return seen([reviews, instance('a', 'reviews', '10.0.0.1'), resource]).diagnostics(resource)
    }
    expect(told({ mode: 'SIMPLE', ...files })).toEqual([])
    expect(told({ mode: 'MUTUAL', ...files, httpsRedirect: true, credentialName: 'a' })).toEqual([
      ['RUT2125', '/spec/ingress/0/tls'],
      ['RUT2011', '/spec/ingress/0/tls/credentialName'],
      ['RUT2011', '/spec/ingress/0/tls/httpsRedirect'],
    ])
    expect(told({ mode: 'SIMPLE', ...files, caCrl: '/crl.pem' })).toEqual([
      ['RUT2011', '/spec/ingress/0/tls/caCrl'],
    ])
    expect(told({ mode: 'ISTIO_MUTUAL' })).toEqual([['RUT2011', '/spec/ingress/0/tls/mode']])
    expect(told({ mode: 'SIMPLE', ...files }, 'enable')).toEqual([['RUT2011', '/spec/ingress/0/tls']])
  })
})
