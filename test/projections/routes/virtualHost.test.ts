import { expect, test } from 'vitest'
import type { RouteRuleSpec } from '../../../src/model/routeRule.ts'
import { compileRouteRule } from '../../../src/projections/routes/compileRouteRule.ts'
import { defaultRoute } from '../../../src/projections/routes/defaultRoute.ts'
import type { HttpRoute } from '../../../src/projections/routes/httpRoute.ts'
import { undeclaredVirtualHostJson, virtualHostJson } from '../../../src/projections/routes/virtualHost.ts'
import { http, reviews, stored } from '../given.ts'

const route = (name: string, spec: Omit<RouteRuleSpec, 'destination'>): HttpRoute => {
  const rule = stored('RouteRule', name, { destination: { name: 'reviews' }, ...spec })
  const compiled = compileRouteRule(rule, { hostname: reviews, port: http }, 'cluster.local', () => undefined)
  if (compiled.route === undefined) throw new Error('no route')
  return compiled.route
}

const byUser = { request: { headers: { user: { exact: 'jason' } } } }
const service = { kind: 'Service', namespace: 'default', name: 'reviews', position: 3 } as const

const built = (...routes: readonly HttpRoute[]) =>
  virtualHostJson({
    name: `${reviews}:9080`,
    domains: ['reviews:9080'],
    routes,
    defaultRoute: defaultRoute(reviews, 9080, service),
  })

const order = (...routes: readonly HttpRoute[]) => built(...routes).routes.map(({ name }) => name)

test('P15: without rules everything goes to the whole service', () => {
  expect(built()).toMatchObject({
    json: {
      name: `${reviews}:9080`,
      domains: ['reviews:9080'],
      routes: [
        {
          name: 'default',
          match: { prefix: '/' },
          route: { cluster: `outbound|9080||${reviews}`, timeout: '15s' },
          metadata: { filter_metadata: { rutter: { rule: 'Service/default/reviews', position: 3 } } },
        },
      ],
    },
    clusters: [`outbound|9080||${reviews}`],
    shadowed: [],
  })
})

test('P15: precedence falls, then keys rise, and what no rule takes goes to the whole service', () => {
  const [a, b, c] = [
    route('a', { match: byUser }),
    route('b', { match: byUser, precedence: 2 }),
    route('c', { match: byUser, precedence: 2 }),
  ]
  const expected = ['RouteRule/default/b', 'RouteRule/default/c', 'RouteRule/default/a', 'default']
  expect(order(a, b, c)).toEqual(expected)
  expect(order(c, b, a)).toEqual(expected)
})

test('P15: routes of one rule stay in the order given', () => {
  const [first, second] = [
    { ...route('a', { match: byUser }), name: 'first' },
    { ...route('a', { match: byUser }), name: 'second' },
  ]
  expect(order(first, second)).toEqual(['first', 'second', 'default'])
  expect(order(second, first)).toEqual(['second', 'first', 'default'])
})

test('P15: nothing comes after a rule that takes everything, and what it hides is told', () => {
  const all = route('m', { match: { request: { headers: { uri: { prefix: '/' } } } }, precedence: 1 })
  const low = route('low', { match: byUser })
  const { routes, shadowed } = built(low, all, route('high', { match: byUser, precedence: 2 }))
  expect(routes.map(({ name }) => name)).toEqual(['RouteRule/default/high', 'RouteRule/default/m'])
  expect(shadowed).toEqual([low])
})

test.each([
  { uri: { prefix: '/a' } },
  { uri: { exact: '/' } },
  { uri: { regex: '.*' } },
  { method: { exact: 'GET' } },
  { authority: { prefix: '' } },
  { scheme: { exact: 'http' } },
  { 'x-a': { prefix: '' } },
])('P15: a rule that takes %j does not take everything', (headers) => {
  expect(order(route('a', { match: { request: { headers } } }))).toEqual(['RouteRule/default/a', 'default'])
})

test('P15: it names every cluster that its routes need, mirrors included, each once', () => {
  const rule = route('a', {
    match: byUser,
    route: [
      { labels: { version: 'v2' }, weight: 50 },
      { labels: { version: 'v1' }, weight: 50 },
    ],
    mirror: { name: 'shadow' },
  })
  expect(built(rule, { ...rule, name: 'again' }).clusters).toEqual([
    `outbound|9080|version=v1|${reviews}`,
    `outbound|9080|version=v2|${reviews}`,
    `outbound|9080||${reviews}`,
    'outbound|9080||shadow.default.svc.cluster.local',
  ])
})

test('P15: an authority that no service has may go where it was going', () => {
  expect(undeclaredVirtualHostJson()).toMatchObject({
    domains: ['*'],
    routes: [{ route: { cluster: 'PassthroughCluster', timeout: '0s' } }],
  })
})
