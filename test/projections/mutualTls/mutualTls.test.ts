import { describe, expect, test } from 'vitest'
import type { MeshSettingsSpec } from '../../../src/model/meshSettings.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { applied, given, instance, removed, service } from '../../reducers/given.ts'
import { sidecar } from '../anyMesh.ts'
import { stored } from '../given.ts'
import { istio, proxyOf, seen } from '../istio/following.ts'

const settings = (spec: MeshSettingsSpec) => stored('MeshSettings', 'mesh', spec).resource
const secure = settings({ authPolicy: 'MUTUAL_TLS' })
const reviews = 'outbound|9080||reviews.default.svc.cluster.local'
const ports = (authPolicy?: 'enable' | 'disable') => [
  { name: 'http', port: 9080, ...(authPolicy && { authPolicy }) },
]
const mesh = (authPolicy?: 'enable' | 'disable'): readonly Resource[] => [
  service('reviews', { ports: ports(authPolicy) }),
  instance('a', 'reviews', '10.1.0.1', { serviceAccount: 'reviews' }),
  instance('b', 'reviews', '10.1.0.2'),
]
const socket = (json: unknown): unknown => (json as { transport_socket?: unknown }).transport_socket
const namesIn = (json: unknown): string[] =>
  [...JSON.stringify(socket(json) ?? '').matchAll(/"exact":"([^"]*)"/g)].map(([, name = '']) => name)

describe('mutual TLS', () => {
  test('M1: the mesh asks for it, or a port; a port that says no has none', () => {
    const has = (...resources: readonly Resource[]) => {
      const world = seen(resources)
      const parts = [
        world.json('clusters', reviews),
        (world.json('listeners', '10.1.0.1_9080') as { filter_chains: unknown[] }).filter_chains[0],
      ]
      return parts.map((part) => socket(part) !== undefined)
    }
    expect(has(...mesh())).toEqual([false, false])
    expect(has(secure, ...mesh())).toEqual([true, true])
    expect(has(secure, ...mesh('disable'))).toEqual([false, false])
    expect(has(...mesh('enable'))).toEqual([true, true])
  })

  test('M1: hosts outside of the mesh, and connections to nobody in particular, have none', () => {
    const world = seen([
      secure,
      service('out', { ports: ports(), externalName: 'example.org' }),
      stored('EgressRule', 'e', {
        destination: { service: 'x.org' },
        ports: [{ port: 81, protocol: 'HTTP' }],
      }).resource,
    ])
    const all = world.names('clusters').map((name) => world.json('clusters', name))
    expect(all.length).toBeGreaterThan(3)
    expect(all.filter((json) => socket(json) !== undefined)).toEqual([])
    expect(world.names('secrets')).toEqual([])
  })

  test('M1: an ingress and a DestinationRule with ISTIO_MUTUAL have it too', () => {
    const rule = stored('IngressRule', 'in', { destination: { name: 'reviews' } }).resource
    const gate = seen([secure, ...mesh(), rule], proxyOf('ingress', 'default', '10.1.0.9'))
    expect(namesIn(gate.json('clusters', reviews))).toHaveLength(2)
    expect(gate.names('secrets')).toEqual(['workload-authorities', 'workload-certificate'])
    for (const server of [
      { port: { number: 80, name: 'http', protocol: 'HTTP' as const }, hosts: ['*'] },
      { port: { number: 81, name: 'tcp', protocol: 'TCP' as const }, hosts: ['*'] },
    ]) {
      const route = [{ destination: { host: 'reviews', port: { number: 9080 } } }]
      const bound = istio('VirtualService', 'in', {
        gateways: ['edge'],
        hosts: ['*'],
        http: [{ route }],
        tcp: [{ route }],
      })
      const edge = istio('Gateway', 'edge', { servers: [server] })
      const router = seen([secure, ...mesh(), edge, bound], proxyOf('router', 'default', '10.1.0.9'))
      expect(namesIn(router.json('clusters', reviews))).toHaveLength(2)
      expect(router.names('secrets')).toEqual(['workload-authorities', 'workload-certificate'])
    }
    const asked = istio('DestinationRule', 'r', {
      host: 'reviews',
      trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
    })
    expect(namesIn(seen([...mesh(), asked]).json('clusters', reviews))).toHaveLength(2)
    const refused = istio('DestinationRule', 'r', {
      host: 'reviews',
      trafficPolicy: { tls: { mode: 'DISABLE' } },
    })
    expect(socket(seen([secure, ...mesh(), refused]).json('clusters', reviews))).toBeUndefined()
  })

  test('M2: a caller takes the accounts that run an instance of the service, and no other', () => {
    expect(namesIn(seen([secure, ...mesh()]).json('clusters', reviews))).toEqual([
      'spiffe://cluster.local/ns/default/sa/default',
      'spiffe://cluster.local/ns/default/sa/reviews',
    ])
    const other = settings({ authPolicy: 'MUTUAL_TLS', domain: 'b.example' })
    const [, a] = mesh()
    expect(
      namesIn(
        seen([other, service('reviews'), a as Resource]).json(
          'clusters',
          'outbound|9080||reviews.default.svc.b.example',
        ),
      ),
    ).toEqual(['spiffe://b.example/ns/default/sa/reviews'])
  })

  test('M2: a service without instances trusts nobody', () =>
    expect(namesIn(seen([secure, service('reviews')]).json('clusters', reviews))).toEqual([
      'spiffe://cluster.local',
    ]))

  test('M2: an account that comes or goes changes the clusters; an instance of a known one the endpoints alone', () => {
    const events = [secure, ...mesh()].map(applied)
    const projector = createProjector(given(...events))
    const proxy = projector.follow(sidecar('10.1.0.9', 'x'), {})
    for (const type of ['clusters', 'endpoints'] as const)
      for (const name of proxy.names(type)) proxy.get(type, name)
    const step = (...more: Parameters<typeof given>) => {
      events.push(...more)
      return [...projector.advance(given(...events))].flatMap(([, { clusters, endpoints }]) => [
        ...(clusters.length > 0 ? ['clusters'] : []),
        ...(endpoints.length > 0 ? ['endpoints'] : []),
      ])
    }
    const known = instance('c', 'reviews', '10.1.0.3', { serviceAccount: 'reviews' })
    const strange = instance('d', 'reviews', '10.1.0.4', { serviceAccount: 'new' })
    expect(step(applied(known))).toEqual(['endpoints'])
    expect(step(applied(strange))).toEqual(['clusters', 'endpoints'])
    expect(step(removed(known))).toEqual(['endpoints'])
    expect(step(removed(strange))).toEqual(['clusters', 'endpoints'])
  })

  test('M3: callers must show a certificate; management ports stay plain', () => {
    const probed = instance('a', 'reviews', '10.1.0.1', {
      managementPorts: [{ port: 3333, protocol: 'HTTP' }, { port: 4444 }],
    })
    const world = seen([secure, service('reviews'), probed])
    expect(world.json('listeners', '10.1.0.1_9080')).toMatchObject({
      filter_chains: [
        {
          transport_socket: {
            typed_config: {
              require_client_certificate: true,
              common_tls_context: {
                tls_certificate_sds_secret_configs: [{ name: 'workload-certificate' }],
                validation_context_sds_secret_config: { name: 'workload-authorities' },
              },
            },
          },
        },
      ],
    })
    for (const port of [3333, 4444]) {
      const listener = world.json('listeners', `10.1.0.1_${port}`) as { filter_chains: unknown[] }
      expect(JSON.stringify(listener)).toContain(`inbound|${port}||`)
      expect(socket(listener.filter_chains[0])).toBeUndefined()
    }
  })

  test('M4: certificates are files of the proxy’s machine, read again when they are replaced', () => {
    const world = seen([settings({ authPolicy: 'MUTUAL_TLS', certificatesPath: '/run/certs' }), ...mesh()])
    expect(world.json('secrets', 'workload-certificate')).toEqual({
      name: 'workload-certificate',
      tls_certificate: {
        certificate_chain: { filename: '/run/certs/cert-chain.pem' },
        private_key: { filename: '/run/certs/key.pem' },
        watched_directory: { path: '/run/certs' },
      },
    })
    expect(world.json('secrets', 'workload-authorities')).toEqual({
      name: 'workload-authorities',
      validation_context: {
        trusted_ca: { filename: '/run/certs/root-cert.pem' },
        watched_directory: { path: '/run/certs' },
      },
    })
  })

  test('M4: another path is told to proxies that have them', () => {
    const before = [secure, ...mesh()].map(applied)
    const projector = createProjector(given(...before))
    const proxy = projector.follow(sidecar('10.1.0.9', 'x'), {})
    const after = settings({ authPolicy: 'MUTUAL_TLS', certificatesPath: '/elsewhere' })
    const advance = projector.advance(given(...before, applied(after)))
    expect(advance.get(proxy)?.secrets).toEqual(['workload-certificate', 'workload-authorities'])
  })
})

describe('ports of a workload that more than one claims', () => {
  const at = (name: string, of: readonly string[], more: Parameters<typeof instance>[3] = {}) =>
    instance(name, 'x', '10.1.0.1', { service: of, ...more })

  test('P35: HTTP and HTTP/2 on one port are spoken to as the caller speaks', () => {
    const world = seen([
      service('a'),
      service('b', { ports: [{ name: 'grpc', port: 9080 }] }),
      at('i', ['a', 'b'], { ports: { http: 9080, grpc: 9080 } }),
    ])
    expect(JSON.stringify(world.json('clusters', 'inbound|9080||'))).toContain('use_downstream_protocol')
    expect(JSON.stringify(world.json('listeners', '10.1.0.1_9080'))).toContain('http_connection_manager')
  })

  test('P35: HTTP and TCP on one port are passed on by connection, and told', () => {
    const i = at('i', ['a', 'b'], { ports: { http: 9080, tcp: 9080 } })
    const world = seen([service('a'), service('b', { ports: [{ name: 'tcp', port: 9080 }] }), i])
    const listener = JSON.stringify(world.json('listeners', '10.1.0.1_9080'))
    expect(listener).toContain('tcp_proxy')
    expect(listener).not.toContain('http_connection_manager')
    expect(world.diagnostics(i)).toEqual([['RUT2061', '/spec/ports']])
  })

  test('P35: a port takes mutual TLS when anybody asks for it, and says who is refused', () => {
    const i = at('i', ['a', 'b'])
    const world = seen([service('a', { ports: ports('enable') }), service('b'), i])
    expect(JSON.stringify(world.json('listeners', '10.1.0.1_9080'))).toContain('require_client_certificate')
    expect(world.diagnostics(i)).toEqual([['RUT2062', '/spec/ports']])
  })

  test('P35: a probe of a service’s port comes to the service, and says so', () => {
    const i = at('i', ['a'], { managementPorts: [{ port: 9080 }] })
    expect(seen([service('a'), i]).diagnostics(i)).toEqual([['RUT2063', '/spec/managementPorts']])
    const world = seen([secure, service('a'), i])
    expect(world.diagnostics(i)).toEqual([['RUT2063', '/spec/managementPorts']])
    expect(JSON.stringify(world.json('listeners', '10.1.0.1_9080'))).toContain('require_client_certificate')
  })

  test('P35: two instances at one address are one endpoint; applications that differ both answer', () => {
    const [i, j] = [at('i', ['a']), at('j', ['a'], { ports: { http: { port: 9080, app: '127.0.0.1:81' } } })]
    const world = seen([service('a'), i, j])
    const applications = JSON.stringify(world.json('clusters', 'inbound|9080||'))
    expect(applications).toContain('"port_value":9080')
    expect(applications).toContain('"port_value":81')
    expect(world.diagnostics(i)).toEqual([['RUT2064', '/spec/ports']])
    const same = seen([service('a'), i, at('j', ['a'])])
    expect(same.diagnostics(i)).toEqual([['RUT2064', '/spec/address']])
  })
})
