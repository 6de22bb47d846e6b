import { describe, expect, test } from 'vitest'
import type { ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { SidecarEgress, SidecarSpec } from '../../../src/model/sidecar.ts'
import type { XdsResource } from '../../../src/model/xds.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { showResource } from '../../../src/projections/showResource.ts'
import { reduceMesh } from '../../../src/reducers/mesh.ts'
import { applied, entriesOf, given, instance, removed, service } from '../../reducers/given.ts'
import { settings } from '../anyMesh.ts'
import { istio, proxyOf, seen } from './following.ts'

const ports = [
  { name: 'http', port: 9080 },
  { name: 'tcp', port: 3306 },
]
const services = [
  service('a', { address: '10.9.0.1', ports }),
  service('b', { address: '10.9.0.2', ports }),
  { ...service('a', { ports }), metadata: { name: 'a', namespace: 'other' } },
]
const hosts = (...names: readonly string[]) => names.map((name) => `./${name}.default.svc.cluster.local`)
const sidecar = (egress: readonly SidecarEgress[], more: SidecarSpec = {}) =>
  istio('Sidecar', 's', { ...more, egress })
const explicit: ProxyMetadata = { httpProxy: { address: '127.0.0.1', port: 15_002 } }
const world = (
  egress: readonly SidecarEgress[],
  metadata: ProxyMetadata = {},
  more: readonly Resource[] = [],
) => seen([...services, ...more, sidecar(egress)], proxyOf(), metadata)
const names = (of: ReturnType<typeof seen>) =>
  of.names('listeners').filter((name) => !/^virtual|^http_proxy/.test(name))
const hostNames = (of: ReturnType<typeof seen>, table: string) =>
  ((of.json('routes', table)?.['virtual_hosts'] ?? []) as { name: string; domains: string[] }[]).map(
    ({ name, domains }) => `${name.split('.')[0]} ${domains.includes('a') ? 'a' : domains[0]}`,
  )

describe('places of a Sidecar’s egress', () => {
  test('Y55: hosts with a place are reached there alone, captured or behind an explicit proxy', () => {
    const place = { port: { number: 9080 }, captureMode: 'NONE' } as const
    const egress = [{ ...place, hosts: hosts('a') }, { hosts: hosts('b') }]
    const captured = world(egress)
    expect(names(captured)).toEqual(['0.0.0.0_9080', '10.9.0.2_3306', '127.0.0.1_9080'])
    expect(captured.json('listeners', '127.0.0.1_9080')).toMatchObject({
      address: { socket_address: { address: '127.0.0.1', port_value: 9080 } },
      traffic_direction: 'OUTBOUND',
      metadata: { filter_metadata: { rutter: { rule: 'Sidecar/default/s' } } },
    })
    expect(captured.json('listeners', '127.0.0.1_9080')).not.toHaveProperty('bind_to_port')
    expect(hostNames(captured, '127.0.0.1_9080')).toEqual(['a a'])
    expect(hostNames(captured, '9080')).toEqual(['b b:9080', 'undeclared *'])
    const behind = world(egress, explicit)
    expect(names(behind)).toEqual(['127.0.0.1_9080'])
    expect(hostNames(behind, 'http_proxy')).toEqual(['b b:9080'])
    // A router calls all of it at its ports.
    const router = seen([...services, sidecar(egress)], proxyOf('router'))
    expect(names(router)).toEqual(['0.0.0.0_3306', '0.0.0.0_9080'])
  })

  test('Y55: without a port each has its own; one that is named goes before', () => {
    const every = { captureMode: 'NONE', hosts: hosts('a') } as const
    const one = { captureMode: 'NONE', hosts: hosts('b'), port: { number: 9080 } } as const
    const both = world([every, one])
    expect(names(both)).toEqual(['127.0.0.1_3306', '127.0.0.1_9080'])
    expect(hostNames(both, '127.0.0.1_9080')).toEqual(['b b:9080'])
    expect(JSON.stringify(both.json('listeners', '127.0.0.1_3306'))).toContain('outbound|3306||a.default')
  })

  test('Y55: at a socket requests and connections are told apart, unless its protocol leaves out the ones', () => {
    const bind = 'unix:///run/e.sock'
    const kinds = (port?: SidecarEgress['port']) => {
      const text = JSON.stringify(
        world([{ bind, hosts: hosts('a'), ...(port && { port }) }]).json('listeners', bind),
      )
      return ['HttpConnectionManager', 'TcpProxy', 'HttpInspector'].filter((kind) => text.includes(kind))
    }
    expect(kinds()).toEqual(['HttpConnectionManager', 'TcpProxy', 'HttpInspector'])
    expect(kinds({ number: 0, protocol: 'HTTP' })).toEqual(['HttpConnectionManager'])
    expect(kinds({ number: 0, name: 'tcp-x' })).toEqual(['TcpProxy'])
    expect(kinds({ number: 9080 })).toEqual(['HttpConnectionManager'])
    expect(world([{ bind, hosts: hosts('a') }]).json('listeners', bind)?.['address']).toEqual({
      pipe: { path: '/run/e.sock' },
    })
    const all = world([{ bind, port: { number: 0, protocol: 'HTTP' }, hosts: ['*/*'] }])
    expect(hostNames(all, bind)).toEqual(['a a:9080', 'a a.other:9080', 'b b:9080'])
  })

  test('Y55: hosts contend for a name only where they are', () => {
    const outer = { ...service('x', { hostname: 'a', ports }), metadata: { name: 'x', namespace: 'default' } }
    const place = { port: { number: 9080 }, captureMode: 'NONE' } as const
    const alone = world([{ ...place, hosts: hosts('a') }, { hosts: ['./a'] }], {}, [outer])
    expect(hostNames(alone, '127.0.0.1_9080')).toEqual(['a a'])
    const together = world([{ ...place, hosts: ['./*'] }], {}, [outer])
    expect(hostNames(together, '127.0.0.1_9080')).toEqual(['a a.default:9080', 'a:9080 a', 'b b:9080'])
    const labelled = { workloadSelector: { labels: { app: 'x' } } }
    const two = [
      sidecar([{ ...place, hosts: ['./*'] }], labelled),
      sidecar([{ ...place, hosts: hosts('a') }]),
    ]
    two[1] = { ...(two[1] as Resource<'Sidecar'>), metadata: { name: 'default', namespace: 'default' } }
    const resources = [...services, outer, ...two]
    // Both in one projector, which shares what is alike.
    const projector = createProjector(given(...resources.map(applied)))
    const version = (metadata: ProxyMetadata): string | undefined =>
      projector.follow(proxyOf(), metadata).get('routes', '127.0.0.1_9080')?.version
    for (const metadata of [{ labels: { app: 'x' } }, {}])
      expect(version(metadata)).toBe(
        seen(resources, proxyOf(), metadata).proxy.get('routes', '127.0.0.1_9080')?.version,
      )
  })

  test('Y55: TLS to several hosts at one place is told apart by the names in it', () => {
    const outside = (name: string, addresses: readonly string[] = []) =>
      istio('ServiceEntry', name, {
        hosts: [`${name}.org`],
        addresses,
        ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
        resolution: 'DNS',
      })
    const entries = [outside('one', ['10.7.0.1', '10.7.1.0/24']), outside('two')]
    const of = world([{ bind: '127.0.0.5', captureMode: 'NONE', hosts: ['*/*'] }], {}, entries)
    const chains = of.json('listeners', '127.0.0.5_443')?.['filter_chains'] as {
      filter_chain_match: object
    }[]
    expect(chains.map((chain) => chain.filter_chain_match)).toEqual([
      { server_names: ['one.org'] },
      { server_names: ['two.org'] },
    ])
  })

  test('Y55: a place follows the hosts that come and go, and the mesh’s settings', () => {
    const place = sidecar([{ captureMode: 'NONE', port: { number: 3306 }, hosts: ['./*'] }])
    const [a, b] = services as [Resource, Resource]
    let snapshot = given(applied(b), applied(place))
    const projector = createProjector(snapshot)
    const proxy = projector.follow(proxyOf(), {})
    const step = (...resources: readonly ReturnType<typeof applied>[]): boolean => {
      snapshot = reduceMesh(snapshot, entriesOf(resources, snapshot.position + 1))
      return projector.advance(snapshot).get(proxy)?.listeners.includes('127.0.0.1_3306') === true
    }
    const listener = () => proxy.get('listeners', '127.0.0.1_3306')
    const text = () => JSON.stringify(listener() && showResource('listeners', listener() as XdsResource))
    expect(text()).toContain('outbound|3306||b.')
    expect(step(applied(a))).toBe(true)
    expect(text()).toContain('outbound|3306||a.')
    expect(step(applied(settings({ accessLog: '/tmp/log' })))).toBe(true)
    expect(text()).toContain('/tmp/log')
    expect(step(removed(a))).toBe(true)
    expect(text()).toContain('outbound|3306||b.')
    expect(step(removed(b))).toBe(true)
    expect(listener()).toBeUndefined()
    expect([...proxy.names('listeners')]).not.toContain('127.0.0.1_3306')
  })

  test('Y56: bind takes the place of the hosts’ own addresses where connections are captured, else it is bound', () => {
    const egress = [{ bind: '10.8.0.1', port: { number: 3306 }, hosts: hosts('a') }]
    const captured = world(egress)
    expect(names(captured)).toEqual(['10.8.0.1_3306'])
    expect(captured.json('listeners', '10.8.0.1_3306')).toMatchObject({ bind_to_port: false })
    const bound = world(egress, explicit)
    expect(bound.json('listeners', '10.8.0.1_3306')).not.toHaveProperty('bind_to_port')
    const requests = world([{ bind: '10.8.0.1', hosts: hosts('a') }])
    // What nobody declares goes on only where it was going somewhere.
    expect(hostNames(requests, '10.8.0.1_9080')).toEqual(['a a', 'undeclared *'])
  })

  test('Y55: a host without an address of its own that goes where its caller wants is found by its authority', () => {
    const anywhere = istio('ServiceEntry', 'any', {
      hosts: ['any.org'],
      ports: [{ number: 80, name: 'http' }],
      resolution: 'NONE',
    })
    const place = { captureMode: 'NONE', port: { number: 80 }, hosts: ['*/any.org'] } as const
    const cluster = (egress: readonly SidecarEgress[]) =>
      JSON.stringify(world(egress, {}, [anywhere]).json('clusters', 'outbound|80||any.org'))
    expect(cluster([place])).toContain('dynamic_forward_proxy')
    expect(cluster([place, { hosts: ['*/*'] }])).toContain('ORIGINAL_DST')
    expect(JSON.stringify(world([place], {}, [anywhere]).json('listeners', '127.0.0.1_80'))).toContain(
      'dynamic_forward_proxy',
    )
  })

  test('Y55: proxies of one Sidecar share its places, and an event beyond costs them nothing', () => {
    const place = sidecar([{ captureMode: 'NONE', hosts: hosts('a') }])
    const start = given(...[...services, place].map(applied))
    const projector = createProjector(start)
    for (let i = 0; i < 20; i += 1) projector.follow(proxyOf('sidecar', 'default', `10.2.0.${i}`), {})
    expect(projector.counters()).toMatchObject({ proxies: 20, views: 1 })
    const step = projector.step(
      reduceMesh(start, entriesOf([applied(instance('b', 'b', '10.3.0.1', { ports: { tcp: 3306 } }))], 9)),
    )
    expect([step.views.size, step.reassessed.size]).toEqual([0, 0])
  })

  test('Y57: what the proxy itself has goes first: inbound ports, its explicit proxy, ports of capture', () => {
    const ip = '10.1.0.1'
    const at = (egress: SidecarEgress, metadata: ProxyMetadata = {}, more: readonly Resource[] = []) => {
      const resource = sidecar([egress])
      const all = [
        ...services,
        instance('me', 'a', ip, { ports: { http: 9080, tcp: 3306 } }),
        ...more,
        resource,
      ]
      const of = seen(all, proxyOf('sidecar', 'default', ip), metadata)
      return { names: names(of), told: of.diagnostics(resource) }
    }
    const everywhere = { captureMode: 'NONE', hosts: hosts('b') } as const
    const inbound = [`${ip}_3306`, `${ip}_9080`]
    expect(at({ ...everywhere, bind: ip })).toEqual({
      names: inbound,
      told: [
        ['RUT2131', '/spec/egress/0/bind'],
        ['RUT2131', '/spec/egress/0/bind'],
      ],
    })
    const port = { number: 9080 }
    const capture = settings({ proxyListenPort: 9080 })
    expect(at({ ...everywhere, port }, {}, [capture])).toEqual({
      names: inbound,
      told: [['RUT2131', '/spec/egress/0/port/number']],
    })
    const forAll = settings({ proxyHttpPort: 9080 })
    expect(at(everywhere, {}, [forAll])).toEqual({
      names: [...inbound, '127.0.0.1_3306'].sort(),
      told: [['RUT2131', '/spec/egress/0/captureMode']],
    })
    const own: ProxyMetadata = { httpProxy: { address: '127.0.0.1', port: 9080 } }
    expect(at(everywhere, own).names).toEqual([...inbound, '127.0.0.1_3306'].sort())
    expect(at(everywhere).told).toEqual([])
  })

  test('Y57: what another host hides at a place, or what goes nowhere from there, is told', () => {
    const told = (egress: readonly SidecarEgress[], ...more: readonly Resource[]) => {
      const resource = sidecar(egress)
      return seen([...services, ...more, resource]).diagnostics(resource)
    }
    const place = { captureMode: 'NONE', port: { number: 3306 } } as const
    expect(told([{ ...place, hosts: hosts('a') }])).toEqual([])
    expect(
      told([
        { ...place, hosts: hosts('a') },
        { ...place, hosts: hosts('b') },
      ]),
    ).toEqual([['RUT2132', '/spec/egress/1/hosts']])
    const any = istio('ServiceEntry', 'any', {
      hosts: ['any.org'],
      ports: [{ number: 3306, name: 'tcp' }],
      resolution: 'NONE',
    })
    expect(told([{ ...place, hosts: ['*/any.org'] }], any)).toEqual([['RUT2133', '/spec/egress/0/hosts']])
    expect(told([{ bind: '10.8.0.1', hosts: ['*/any.org'] }], any)).toEqual([])
  })
})
