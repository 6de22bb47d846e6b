import { expect, test } from 'vitest'
import type { IngressRuleSpec } from '../../../src/model/ingressRule.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { StringMatch } from '../../../src/model/routeRule.ts'
import type { XdsType } from '../../../src/model/xds.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { showResource } from '../../../src/projections/showResource.ts'
import { applied, given, instance, routeRule, service } from '../../reducers/given.ts'

const ingressRule = (
  name: string,
  to: string,
  spec: Partial<IngressRuleSpec> = {},
): Resource<'IngressRule'> => ({
  apiVersion: 'config.istio.io/v1alpha2',
  kind: 'IngressRule',
  metadata: { name, namespace: 'default' },
  spec: { destination: { name: to }, ...spec },
})

const headers = (some: Record<string, StringMatch>) => ({ match: { request: { headers: some } } })

const gate: ProxyIdentity = {
  type: 'ingress',
  node: 'ingress~10.1.0.9~gate.default~default.svc.cluster.local',
  ip: '10.1.0.9',
  id: 'gate.default',
  domain: 'default.svc.cluster.local',
}

const project = (resources: readonly Resource[], metadata: ProxyMetadata = {}) => {
  const projector = createProjector(given(...resources.map(applied)))
  const proxy = projector.follow(gate, metadata)
  const show = (type: XdsType, name: string) => {
    const resource = proxy.get(type, name)
    return resource === undefined ? undefined : (showResource(type, resource) as Record<string, unknown>)
  }
  return { projector, proxy, show, names: (type: XdsType) => [...proxy.names(type)].sort() }
}

type Host = { name: string; domains: string[]; routes: Record<string, unknown>[] }

const hostsOf = (resources: readonly Resource[], table = '80'): Host[] =>
  (project(resources).show('routes', table)?.['virtual_hosts'] ?? []) as Host[]

/** What the routes of the first virtual host match, and where they lead. */
const routesOf = (...resources: readonly Resource[]) =>
  (hostsOf([service('reviews'), service('ratings'), ...resources])[0]?.routes ?? []).map(
    ({ name, match }) => [name, match] as const,
  )

const codes = (rule: Resource<'IngressRule'>, ...others: readonly Resource[]) => {
  const { projector } = project([...others, rule])
  return diagnosticsOf(rule, projector.registry()).map(({ code, path }) => (path ? [code, path] : [code]))
}

test('I1: an ingress listens on port 80 whatever rules there are, and on every port that a rule names', () => {
  const { names, show } = project([service('reviews'), ingressRule('a', 'reviews', { port: 8080 })])
  expect(names('listeners')).toEqual(['0.0.0.0_80', '0.0.0.0_8080'])
  expect(show('routes', '80')).toEqual({ name: '80' })
  expect(show('routes', '8080')).toHaveProperty('virtual_hosts')
  expect(show('listeners', '0.0.0.0_80')).toMatchObject({
    address: { socket_address: { address: '0.0.0.0', port_value: 80 } },
  })
})

test('I1: with an explicit address everything is bound there', () => {
  const explicit = { httpProxy: { address: '127.0.9.1', port: 15_080 } }
  const { show } = project([service('reviews'), ingressRule('a', 'reviews', { port: 8080 })], explicit)
  const place = (name: string) => show('listeners', name)?.['address']
  expect(place('0.0.0.0_80')).toEqual({ socket_address: { address: '127.0.9.1', port_value: 15_080 } })
  expect(place('0.0.0.0_8080')).toEqual({ socket_address: { address: '127.0.9.1', port_value: 8080 } })
})

test('I2: an exact authority is a virtual host, anything else is in the one of every host', () => {
  const hosts = hostsOf([
    service('reviews'),
    ingressRule('a', 'reviews', headers({ authority: { exact: 'Shop.example' } })),
    ingressRule('b', 'reviews', headers({ authority: { exact: '*.shop.example' } })),
    ingressRule('c', 'reviews', headers({ authority: { prefix: 'api.' } })),
    ingressRule('d', 'reviews', headers({ authority: { exact: 'shop.example:8080' }, uri: { exact: '/d' } })),
  ])
  expect(hosts.map(({ domains }) => domains)).toEqual([
    ['*.shop.example', '*.shop.example:80'],
    ['*'],
    ['shop.example', 'shop.example:80', 'shop.example:*'],
  ])
  expect(hosts[1]?.routes[0]?.['match']).toEqual({
    prefix: '/',
    headers: [{ name: ':authority', string_match: { prefix: 'api.' } }],
  })
  expect(hosts[2]?.routes[0]?.['match']).toEqual({
    path: '/d',
    headers: [{ name: ':authority', string_match: { exact: 'shop.example:8080' } }],
  })
})

test('I3: precedence first, then the more exact and the longer path, then the more conditions', () => {
  const names = routesOf(
    ingressRule('all', 'reviews'),
    ingressRule('short', 'reviews', headers({ uri: { prefix: '/a' } })),
    ingressRule('long', 'reviews', headers({ uri: { prefix: '/a/b' } })),
    ingressRule('user', 'reviews', headers({ uri: { prefix: '/a/b' }, user: { exact: 'x' } })),
    ingressRule('regex', 'reviews', headers({ uri: { regex: '/a.' } })),
    ingressRule('exact', 'reviews', headers({ uri: { exact: '/a' } })),
    ingressRule('first', 'reviews', { precedence: 1, ...headers({ uri: { prefix: '/z' } }) }),
  ).map(([name]) => name)
  expect(names).toEqual(
    ['first', 'exact', 'regex', 'user', 'long', 'short', 'all'].map((name) => `IngressRule/default/${name}`),
  )
})

test('I4: the destination’s rules hold behind the ingress rule, for the requests that both take', () => {
  const uri = (match: StringMatch) => ({ match: { request: { headers: { uri: match } } } })
  const to = { destination: { name: 'reviews' } }
  expect(
    routesOf(
      ingressRule('in', 'reviews', headers({ uri: { prefix: '/api' } })),
      routeRule('other', { ...to, ...uri({ prefix: '/other' }), redirect: { uri: '/' } }),
      routeRule('deep', { ...to, precedence: 3, ...uri({ exact: '/api/deep' }), redirect: { uri: '/' } }),
      routeRule('regex', { ...to, precedence: 2, ...uri({ regex: '/.*x' }), redirect: { uri: '/' } }),
      routeRule('post', {
        ...to,
        precedence: 1,
        match: { request: { headers: { method: { exact: 'POST' } } } },
      }),
    ),
  ).toEqual([
    ['RouteRule/default/deep', { path: '/api/deep' }],
    [
      'RouteRule/default/regex',
      { safe_regex: { regex: '/.*x' }, headers: [{ name: ':path', string_match: { prefix: '/api' } }] },
    ],
    [
      'RouteRule/default/post',
      { prefix: '/api', headers: [{ name: ':method', string_match: { exact: 'POST' } }] },
    ],
    ['IngressRule/default/in', { prefix: '/api' }],
  ])
})

test('I4: an exact path of the ingress and a regex of the destination are both asked for', () => {
  expect(
    routesOf(
      ingressRule('in', 'reviews', headers({ uri: { exact: '/a.b' } })),
      routeRule('r', {
        destination: { name: 'reviews' },
        match: { request: { headers: { uri: { regex: '/.*b' } } } },
        redirect: { uri: '/' },
      }),
    )[0]?.[1],
  ).toEqual({
    safe_regex: { regex: '/.*b' },
    headers: [{ name: ':path', string_match: { safe_regex: { regex: '/a\\.b(\\?.*)?' } } }],
  })
})

test('I4: a rewrite replaces what the destination’s own rule matched', () => {
  const [host] = hostsOf([
    service('reviews'),
    ingressRule('in', 'reviews', headers({ uri: { prefix: '/api/v1' } })),
    routeRule('r', {
      destination: { name: 'reviews' },
      match: { request: { headers: { uri: { prefix: '/api' } } } },
      rewrite: { uri: '/new' },
    }),
  ])
  expect(host?.routes[0]).toMatchObject({
    match: { prefix: '/api/v1' },
    route: { prefix_rewrite: '/new/v1' },
  })
})

test('I4: rules whose source is the ingress hold for it, others’ do not', () => {
  const from = (name: string, source: string) =>
    routeRule(name, {
      destination: { name: 'reviews' },
      match: { source: { name: source } },
      route: [{ labels: { version: name } }],
    })
  const { names } = project([
    service('gate'),
    service('reviews'),
    instance('gate', 'gate', '10.1.0.9'),
    from('v1', 'gate'),
    from('v2', 'ratings'),
    ingressRule('in', 'reviews'),
  ])
  expect(names('clusters')).toEqual(['outbound|9080|version=v1|reviews.default.svc.cluster.local'])
})

test('I5: an ingress has the clusters that its rules lead to, and no other', () => {
  const { names } = project([service('reviews'), service('ratings'), ingressRule('a', 'reviews')])
  const only = ['outbound|9080||reviews.default.svc.cluster.local']
  expect(names('clusters')).toEqual(only)
  expect(names('endpoints')).toEqual(only)
})

test('I6: the destination’s port is given by number or name, else the first that is routed by request', () => {
  const ports = [
    { name: 'mongo', port: 27017 },
    { name: 'http', port: 80 },
    { name: 'http-admin', port: 81 },
  ]
  const led = (spec: Partial<IngressRuleSpec>) =>
    project([service('reviews', { ports }), ingressRule('a', 'reviews', spec)]).names('clusters')
  const host = 'reviews.default.svc.cluster.local'
  expect(led({})).toEqual([`outbound|80||${host}`])
  expect(led({ destinationPort: 81 })).toEqual([`outbound|81||${host}`])
  expect(led({ destinationPortName: 'http-admin' })).toEqual([`outbound|81||${host}`])
  expect(led({ destinationPort: 27017 })).toEqual([])
})

test('I6, I7: a rule that leads nowhere is told where', () => {
  const reviews = service('reviews')
  expect(codes(ingressRule('a', 'nobody'))).toEqual([['RUT2001', '/spec/destination']])
  expect(codes(ingressRule('a', 'reviews', { destinationPort: 1 }), reviews)).toEqual([
    ['RUT2050', '/spec/destinationPort'],
  ])
  expect(
    codes(ingressRule('a', 'reviews'), service('reviews', { ports: [{ name: 'tcp', port: 1 }] })),
  ).toEqual([['RUT2050', '/spec/destination']])
})

test('I7: a rule about its caller takes nothing and says so', () => {
  const caller = ingressRule('b', 'reviews', { match: { source: { name: 'x' } } })
  const subnet = ingressRule('c', 'reviews', { match: { tcp: { sourceSubnet: ['10.0.0.0/8'] } } })
  expect(hostsOf([service('reviews'), caller, subnet])).toEqual([])
  expect(codes(caller, service('reviews'))).toEqual([['RUT2052', '/spec/match/source']])
  expect(codes(subnet, service('reviews'))).toEqual([['RUT2010', '/spec/match/tcp']])
})

test('I7: a rule that is never reached, and a destination’s regex behind another regex, are told', () => {
  const reviews = service('reviews')
  expect(codes(ingressRule('b', 'reviews'), reviews, ingressRule('a', 'reviews'))).toEqual([['RUT2005']])
  const deep = ingressRule('b', 'reviews', headers({ uri: { prefix: '/a/b' } }))
  const wide = ingressRule('a', 'reviews', { precedence: 1, ...headers({ uri: { prefix: '/a' } }) })
  expect(codes(deep, reviews, wide)).toEqual([['RUT2005']])
  expect(codes(deep, reviews, { ...wide, spec: { ...wide.spec, precedence: 0 } })).toEqual([])
  const regex = routeRule('r', {
    destination: { name: 'reviews' },
    match: { request: { headers: { uri: { regex: '/x.*' } } } },
  })
  expect(codes(ingressRule('c', 'reviews', headers({ uri: { regex: '/.*y' } })), reviews, regex)).toEqual([
    ['RUT2053', '/spec/match/request/headers/uri'],
  ])
})
