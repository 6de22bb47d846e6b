import { expect, test } from 'vitest'
import type { Envelope } from '../../../src/model/event.ts'
import type { Kind, Resource } from '../../../src/model/resource.ts'
import type { RouteRuleSpec } from '../../../src/model/routeRule.ts'
import { allDiagnostics } from '../../../src/projections/diagnostics/allDiagnostics.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createRegistry } from '../../../src/projections/registry/createRegistry.ts'
import { emptySnapshot, reduceMesh } from '../../../src/reducers/mesh.ts'
import { applied } from '../../reducers/given.ts'
import { stored } from '../given.ts'

/** The diagnostics that `resource` has in a mesh of it and the others, as code and path. */
const found = <K extends Kind>(resource: Resource<K>, ...others: readonly Resource[]) =>
  messages(resource, ...others).map(({ code, path }) => (path === undefined ? [code] : [code, path]))

const messages = <K extends Kind>(resource: Resource<K>, ...others: readonly Resource[]) =>
  diagnosticsOf(resource, standing(resource as Resource, ...others).registry)

/** A mesh of these resources, and a registry that stands at it. */
const standing = (...resources: readonly Resource[]) => {
  const events = resources.map(
    (one, i): Envelope => ({
      ...applied(one),
      id: `${i}`,
      at: '2026-01-01T00:00:00.000Z',
      actor: 'a',
      source: 's',
    }),
  )
  const registry = createRegistry()
  const { mesh } = reduceMesh(emptySnapshot, [{ position: 1, hash: '', events }])
  registry.moveTo(mesh)
  return { mesh, registry }
}

const service = (name: string, ports = [{ name: 'http', port: 9080 }]) =>
  stored('Service', name, { ports }).resource
const instance = (of: string, version: string) =>
  stored('Instance', `${of}-${version}`, {
    service: of,
    address: `10.0.0.${version.slice(1)}`,
    labels: { version },
    ports: { http: 9080 },
  }).resource
const rule = (name: string, spec: Partial<RouteRuleSpec> = {}) =>
  stored('RouteRule', name, { destination: { name: 'reviews' }, ...spec }).resource
const policy = (name: string, labels?: Record<string, string>) =>
  stored('DestinationPolicy', name, { destination: { name: 'reviews', ...(labels && { labels }) } }).resource

const mesh = [
  service('reviews'),
  instance('reviews', 'v1'),
  instance('reviews', 'v2'),
  service('ratings', [{ name: 'http', port: 9080 }]),
  service('db', [{ name: 'mysql', port: 3306 }]),
  service('odd', [{ name: 'web', port: 7 }]),
]
const v1 = { labels: { version: 'v1' } }
type Headers = NonNullable<NonNullable<NonNullable<RouteRuleSpec['match']>['request']>['headers']>

const byUser = { request: { headers: { user: { exact: 'jason' } } } }

test('P26: a rule that names what is there has no diagnostics', () => {
  const source = { name: 'reviews', labels: { version: 'v2' } }
  expect(found(rule('a', { route: [v1], mirror: { name: 'ratings' }, match: { source } }), ...mesh)).toEqual(
    [],
  )
})

test('P26: services that there are none of are named where the rule names them', () => {
  const nobody = { name: 'nobody' }
  expect(found(rule('a', { destination: nobody, route: [v1] }), ...mesh)).toEqual([
    ['RUT2001', '/spec/destination'],
  ])
  expect(
    found(
      rule('a', {
        match: { source: nobody },
        route: [{ destination: nobody, weight: 50 }, { weight: 50 }],
        mirror: nobody,
      }),
      ...mesh,
    ),
  ).toEqual([
    ['RUT2001', '/spec/match/source'],
    ['RUT2001', '/spec/route/0/destination'],
    ['RUT2001', '/spec/mirror'],
  ])
})

test('P26: labels that no instance has are named', () => {
  expect(
    found(
      rule('a', {
        match: { source: { name: 'reviews', labels: { version: 'v9' } } },
        route: [
          { labels: { version: 'v3' }, weight: 50 },
          { destination: { name: 'ratings', labels: { a: 'b' } }, weight: 50 },
        ],
      }),
      ...mesh,
    ),
  ).toEqual([
    ['RUT2002', '/spec/match/source/labels'],
    ['RUT2002', '/spec/route/0/labels'],
    ['RUT2002', '/spec/route/1/destination/labels'],
  ])
})

test('P26: a rule for a service without HTTP, or to one without the port, says so', () => {
  expect(found(rule('a', { destination: { name: 'db' } }), ...mesh)).toEqual([
    ['RUT2004', '/spec/destination'],
  ])
  expect(found(rule('a', { route: [{ destination: { name: 'odd' } }] }), ...mesh)).toEqual([
    ['RUT2008', '/spec/route/0/destination'],
  ])
})

test('P27: a rule behind one that takes everything is told which', () => {
  const all = rule('all', { precedence: 1 })
  const low = rule('low', { match: byUser })
  expect(messages(low, all, ...mesh)).toMatchObject([
    { code: 'RUT2005', message: expect.stringContaining('RouteRule/default/all (precedence 1)') },
  ])
  expect(found(all, low, ...mesh)).toEqual([])
  expect(found(rule('high', { match: byUser, precedence: 2 }), all, ...mesh)).toEqual([])
})

test('P27: so is one that matches the same as one before it', () => {
  const [a, b] = [rule('a', { match: byUser }), rule('b', { match: byUser })]
  expect(found(b, a, ...mesh)).toEqual([['RUT2005']])
  expect(found(a, b, ...mesh)).toEqual([])
})

test.each<[covers: boolean, first: Headers, second: Headers]>([
  [true, { uri: { prefix: '/a' } }, { uri: { prefix: '/a/b' } }],
  [true, { uri: { prefix: '/a' } }, { uri: { exact: '/ab' }, user: { exact: 'jason' } }],
  [true, { uri: { prefix: '/' } }, { uri: { regex: '/a.*' } }],
  [true, { user: { prefix: 'j' } }, { user: { exact: 'jason' }, method: { exact: 'GET' } }],
  [true, { user: { regex: '.*' } }, { user: { prefix: 'j' } }],
  [true, { uri: { regex: '/a.*' } }, { uri: { regex: '/a.*' } }],
  [false, { uri: { prefix: '/a/b' } }, { uri: { prefix: '/a' } }],
  [false, { uri: { exact: '/a' } }, { uri: { prefix: '/a' } }],
  [false, { uri: { prefix: '/a' } }, {}],
  [false, { user: { prefix: 'j' } }, { method: { exact: 'GET' } }],
  [false, { user: { exact: 'jason' }, method: { exact: 'GET' } }, { user: { exact: 'jason' } }],
  [false, { uri: { regex: '/a.*' } }, { uri: { exact: '/ab' } }],
])('P27: that one match covers the other is %j for %j before %j', (covers, first, second) => {
  const of = (headers: Headers) => ({ match: { request: { headers } } })
  const before = rule('first', { precedence: 1, ...of(first) })
  expect(found(rule('second', of(second)), before, ...mesh)).toEqual(covers ? [['RUT2005']] : [])
})

test('P27: a rule for some callers does not hide one for others', () => {
  const from = (labels?: Record<string, string>) => ({
    source: { name: 'reviews', ...(labels && { labels }) },
  })
  const all = (match: RouteRuleSpec['match']) => rule('all', { precedence: 1, ...(match && { match }) })
  const toV1 = (match?: RouteRuleSpec['match']) => rule('low', { ...(match && { match }) })
  expect(found(toV1(), all(from()), ...mesh)).toEqual([])
  expect(found(toV1(from()), all(from({ version: 'v1' })), ...mesh)).toEqual([])
  expect(found(toV1(from({ version: 'v1' })), all(from()), ...mesh)).toEqual([['RUT2005']])
  expect(found(toV1(from()), all(undefined), ...mesh)).toEqual([['RUT2005']])
})

test('P28: a policy for labels that no rule routes to says so', () => {
  const labels = { version: 'v1' }
  expect(found(policy('a', labels), ...mesh)).toEqual([['RUT2007', '/spec/destination/labels']])
  expect(found(policy('a', labels), rule('r', { route: [v1] }), ...mesh)).toEqual([])
  const elsewhere = rule('r', {
    destination: { name: 'ratings' },
    route: [{ destination: { name: 'reviews' }, ...v1 }],
  })
  expect(found(policy('a', labels), elsewhere, ...mesh)).toEqual([])
  expect(found(policy('a'), ...mesh)).toEqual([])
})

test('P28: a policy behind another for the same destination is told which', () => {
  expect(messages(policy('b'), policy('a'), ...mesh)).toMatchObject([
    { code: 'RUT2006', message: expect.stringContaining('DestinationPolicy/default/a') },
  ])
  expect(found(policy('a'), policy('b'), ...mesh)).toEqual([])
  expect(found(policy('b'), policy('a', { version: 'v1' }), ...mesh)).toEqual([])
})

test('P28: a policy for nothing that is there says so', () => {
  expect(found(policy('a', { version: 'v9' }), ...mesh)).toEqual([['RUT2002', '/spec/destination/labels']])
  expect(found(policy('a'))).toEqual([['RUT2001', '/spec/destination']])
})

test('P29: mutual TLS that is not in force is an error', () => {
  const ports = [{ name: 'http', port: 1, authPolicy: 'enable' }] as const
  const outside = stored('Service', 'a', { ports, externalName: 'x.org' }).resource
  expect(messages(outside)).toMatchObject([
    { code: 'RUT2030', severity: 'error', path: '/spec/ports/0/authPolicy' },
  ])
  expect(found(stored('Service', 'a', { ports }).resource)).toEqual([])
})

test('P30: a host of a Sidecar that takes no service is named', () => {
  const hosts = ['*/*', './reviews.default.svc.cluster.local', 'other/*', '*/*.example.org', '~/*']
  const sidecar = stored('Sidecar', 'a', { egress: [{ hosts }] }).resource
  expect(found(sidecar, ...mesh)).toEqual([
    ['RUT2021', '/spec/egress/0/hosts/2'],
    ['RUT2021', '/spec/egress/0/hosts/3'],
  ])
})

test('P30: a Sidecar behind another that selects all of its proxies is told which', () => {
  const sidecar = (name: string, labels?: Record<string, string>) =>
    stored('Sidecar', name, labels === undefined ? {} : { workloadSelector: { labels } }).resource
  expect(found(sidecar('b'), sidecar('a'))).toEqual([['RUT2022', '/spec/workloadSelector']])
  expect(found(sidecar('b', { app: 'x', v: '1' }), sidecar('a', { app: 'x' }))).toHaveLength(1)
  expect(found(sidecar('b', { app: 'x' }), sidecar('a', { app: 'x', v: '1' }))).toEqual([])
  expect(found(sidecar('b', { app: 'x' }), sidecar('a'))).toEqual([])
})

test('P31: a service whose names others have the better claim to is told', () => {
  const named = (name: string, spec: { hostname?: string; address?: string }) =>
    stored('Service', name, { ports: [{ name: 'http', port: 80 }], ...spec }).resource
  expect(found(named('b', { hostname: 'x.org' }), named('a', { hostname: 'x.org' }))).toEqual([
    ['RUT2031', '/spec/hostname'],
  ])
  expect(found(named('b', { address: '10.1.0.1' }), named('a', { address: '10.1.0.1' }))).toEqual([
    ['RUT2034', '/spec'],
  ])
  expect(found(named('a', { address: '10.1.0.1' }), named('b', { address: '10.1.0.1' }))).toEqual([])
})

test('P31: an instance without service, or with a port that none has, is told', () => {
  expect(found(instance('nobody', 'v1'))).toEqual([['RUT2001', '/spec/service']])
  const spec = { service: ['reviews', 'nobody'], address: '10.0.0.1', ports: { http: 1, web: 2 } }
  expect(found(stored('Instance', 'a', spec).resource, ...mesh)).toEqual([
    ['RUT2001', '/spec/service/1'],
    ['RUT2032', '/spec/ports/web'],
  ])
  const dns = stored('Service', 'out', {
    ports: [{ name: 'http', port: 80 }],
    externalName: 'x.org',
  }).resource
  expect(found(instance('out', 'v1'), dns)).toEqual([['RUT2033', '/spec/service']])
})

test('P32: an EnvoyResource with the name of a generated resource says that it takes its place', () => {
  const raw = (type: string, name: string, ids: readonly string[] = ['sidecar~10.0.0.1~a~b']) =>
    stored('EnvoyResource', 'a', {
      proxies: { ids },
      resource: { '@type': `type.googleapis.com/envoy.config.${type}`, name },
    }).resource
  const replaced = [['RUT2040', '/spec/resource/name']]
  expect(found(raw('cluster.v3.Cluster', 'outbound|80||a'))).toEqual(replaced)
  expect(found(raw('cluster.v3.Cluster', 'BlackHoleCluster'))).toEqual(replaced)
  expect(found(raw('listener.v3.Listener', '0.0.0.0_80'))).toEqual(replaced)
  expect(found(raw('listener.v3.Listener', 'http_proxy'))).toEqual(replaced)
  expect(found(raw('route.v3.RouteConfiguration', '80'))).toEqual(replaced)
  expect(found(raw('cluster.v3.Cluster', 'mine'))).toEqual([])
  expect(found(raw('route.v3.RouteConfiguration', 'mine'))).toEqual([])
  expect(found(raw('cluster.v3.Cluster', 'outbound|80||a', ['edge-1']))).toEqual([])
})

test('P33: all diagnostics that hold now are there, by resource in order', () => {
  const resources = [policy('b'), rule('z', { mirror: { name: 'nobody' } }), policy('a'), ...mesh]
  const at = standing(...resources)
  expect(allDiagnostics(at.mesh, at.registry)).toMatchObject([
    {
      name: { kind: 'DestinationPolicy', namespace: 'default', name: 'b' },
      diagnostics: [{ code: 'RUT2006' }],
    },
    { name: { kind: 'RouteRule', namespace: 'default', name: 'z' }, diagnostics: [{ code: 'RUT2001' }] },
  ])
})

test('P34: what Envoy’s limits would refuse is told, at its place', () => {
  const others = [service('reviews'), instance('reviews', 'v1')]
  const broken = { redirect: { uri: '/a\r\nset-cookie: b' } }
  expect(found(rule('broken', broken), ...others)).toEqual([['RUT2015', '/spec']])
  const beyond = stored('DestinationPolicy', 'beyond', {
    destination: { name: 'reviews' },
    circuitBreaker: { simpleCb: { httpMaxEjectionPercent: 101 } },
  }).resource
  expect(found(beyond, ...others)).toEqual([['RUT2015', '/spec']])
  const raw = stored('EnvoyResource', 'raw', {
    proxies: { all: true },
    resource: { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: '' },
  }).resource
  expect(found(raw)).toEqual([['RUT2015', '/spec/resource']])
})
