import { expect, test } from 'vitest'
import type { RouteRuleSpec } from '../../../src/model/routeRule.ts'
import type { ServicePort } from '../../../src/model/service.ts'
import { compileRouteRule } from '../../../src/projections/routes/compileRouteRule.ts'
import { routeJson } from '../../../src/projections/routes/routesJson.ts'
import { http, reviews, stored } from '../given.ts'

const others: Record<string, readonly ServicePort[]> = {
  'other.default.svc.cluster.local': [
    { name: 'tcp', port: 1 },
    { name: 'http', port: 8080 },
  ],
  'elsewhere.default.svc.cluster.local': [{ name: 'web', port: 7 }],
}

const compiled = (spec: Omit<RouteRuleSpec, 'destination'>) =>
  compileRouteRule(
    stored('RouteRule', 'x', { destination: { name: 'reviews' }, ...spec }),
    { hostname: reviews, port: http },
    'cluster.local',
    (hostname) => others[hostname],
  )

const json = (spec: Omit<RouteRuleSpec, 'destination'>): Record<string, unknown> => {
  const { route } = compiled(spec)
  if (route === undefined) throw new Error('no route')
  return { ...routeJson(route) }
}

const codes = (spec: Omit<RouteRuleSpec, 'destination'>) =>
  compiled(spec).diagnostics.map(({ code, path }) => [code, path])

test('P8: a rule without anything sends everything to the whole service, for at most 15 s', () => {
  expect(json({})).toEqual({
    name: 'RouteRule/default/x',
    match: { prefix: '/' },
    route: { cluster: `outbound|9080||${reviews}`, timeout: '15s' },
    metadata: { filter_metadata: { rutter: { rule: 'RouteRule/default/x', position: 17 } } },
    decorator: { operation: 'RouteRule/default/x' },
  })
})

test('P8: several destinations keep their weights and order, of one the weight does not matter', () => {
  const labels = (version: string) => ({ version })
  const cluster = (version: string) => `outbound|9080|version=${version}|${reviews}`
  expect(
    json({
      route: [
        { labels: labels('v2'), weight: 10 },
        { labels: labels('v1'), weight: 90 },
      ],
    })['route'],
  ).toMatchObject({
    weighted_clusters: {
      clusters: [
        { name: cluster('v2'), weight: 10 },
        { name: cluster('v1'), weight: 90 },
      ],
    },
  })
  expect(json({ route: [{ labels: labels('v1'), weight: 0 }] })['route']).toMatchObject({
    cluster: cluster('v1'),
  })
  expect(compiled({ route: [{ labels: labels('v1'), weight: 0 }] }).route?.action).toMatchObject({
    destinations: [{ weight: 100 }],
  })
})

test('P8: another service is reached at its port of the same name, else of the same number', () => {
  const to = (name: string) => json({ route: [{ destination: { name, labels: { a: 'b' } } }] })['route']
  expect(to('other')).toMatchObject({ cluster: 'outbound|8080|a=b|other.default.svc.cluster.local' })
  expect(to('elsewhere')).toMatchObject({ cluster: 'outbound|9080|a=b|elsewhere.default.svc.cluster.local' })
  expect(to('absent')).toMatchObject({ cluster: 'outbound|9080|a=b|absent.default.svc.cluster.local' })
})

test.each([
  [{ exact: '/a' }, { path: '/a' }],
  [{ prefix: '/a' }, { prefix: '/a' }],
  [{ regex: '/a.*' }, { safe_regex: { regex: '/a.*' } }],
])('P9: uri %j matches the path', (uri, match) => {
  expect(json({ match: { request: { headers: { uri } } } })['match']).toEqual(match)
})

test('P9: method, authority and scheme are pseudo-headers, real headers come sorted', () => {
  const headers = {
    'x-b': { regex: 'b+' },
    scheme: { exact: 'http' },
    method: { regex: 'GET|HEAD' },
    authority: { prefix: 'reviews' },
    'x-a': { exact: '1' },
  }
  expect(json({ match: { request: { headers } } })['match']).toEqual({
    prefix: '/',
    headers: [
      { name: ':authority', string_match: { prefix: 'reviews' } },
      { name: ':method', string_match: { safe_regex: { regex: 'GET|HEAD' } } },
      { name: ':scheme', string_match: { exact: 'http' } },
      { name: 'x-a', string_match: { exact: '1' } },
      { name: 'x-b', string_match: { safe_regex: { regex: 'b+' } } },
    ],
  })
})

test('P9: an empty prefix takes every value, an empty regex the empty one: Envoy has neither', () => {
  const headers = { 'x-a': { prefix: '' }, 'x-b': { regex: '' } }
  expect(json({ match: { request: { headers } } })['match']).toMatchObject({
    headers: [{ string_match: { safe_regex: { regex: '(?s).*' } } }, { string_match: { exact: '' } }],
  })
})

test('P10: a redirect answers 301 and goes nowhere', () => {
  const redirected = json({ redirect: { uri: '/new', authority: 'there' } })
  expect(redirected['redirect']).toEqual({
    host_redirect: 'there',
    path_redirect: '/new',
    response_code: 'MOVED_PERMANENTLY',
  })
  expect(redirected['route']).toBeUndefined()
  expect(json({ redirect: { authority: 'there', uri: '' } })['redirect']).toEqual({
    host_redirect: 'there',
    response_code: 'MOVED_PERMANENTLY',
  })
})

test('P10: a rewrite replaces what the path matched, and the authority', () => {
  expect(json({ rewrite: { uri: '/new', authority: 'there' } })['route']).toMatchObject({
    prefix_rewrite: '/new',
    host_rewrite_literal: 'there',
  })
})

test.each([
  ['250ms', '0.25s'],
  ['1m', '60s'],
  ['0s', '0s'],
  ['0.0004s', '0.001s'],
])('P11: a timeout of %s is %s, zero is none', (timeout, duration) => {
  expect(json({ httpReqTimeout: { simpleTimeout: { timeout } } })['route']).toMatchObject({
    timeout: duration,
  })
})

test('P11: retries are for failures, each try as long as the rule says', () => {
  expect(
    json({ httpReqRetries: { simpleRetry: { attempts: 3, perTryTimeout: '2s' } } })['route'],
  ).toMatchObject({
    retry_policy: {
      retry_on: '5xx,connect-failure,refused-stream',
      num_retries: 3,
      per_try_timeout: '2s',
    },
  })
  expect(json({ httpReqRetries: { simpleRetry: { attempts: 1 } } })['route']).toMatchObject({
    retry_policy: { num_retries: 1 },
  })
  expect(json({ httpReqRetries: { simpleRetry: { attempts: 0 } } })['route']).not.toHaveProperty(
    'retry_policy',
  )
})

test('P12: a fault is its own route’s alone, and keeps fractions of a percent', () => {
  const httpFault = { delay: { percent: 0.5, fixedDelay: '1.5s' }, abort: { httpStatus: 503 } }
  expect(json({ httpFault })['typed_per_filter_config']).toEqual({
    'envoy.filters.http.fault': {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
      delay: { fixed_delay: '1.5s', percentage: { numerator: 5_000, denominator: 'MILLION' } },
      abort: { http_status: 503, percentage: { numerator: 1_000_000, denominator: 'MILLION' } },
    },
  })
  expect(json({})['typed_per_filter_config']).toBeUndefined()
})

test('P13: a mirror gets every request, by the name of its cluster', () => {
  expect(json({ mirror: { name: 'other', labels: { v: '2' } } })['route']).toMatchObject({
    request_mirror_policies: [
      {
        cluster: 'outbound|8080|v=2|other.default.svc.cluster.local',
        runtime_fraction: { default_value: { numerator: 1_000_000, denominator: 'MILLION' } },
      },
    ],
  })
})

test('P13: CORS is the route’s own', () => {
  const corsPolicy = {
    allowOrigin: ['http://a', '*'],
    allowMethods: ['GET', 'PUT'],
    allowHeaders: ['x-a', 'x-b'],
    exposeHeaders: ['x-c'],
    maxAge: '5m',
    allowCredentials: true,
  }
  expect(json({ corsPolicy })['typed_per_filter_config']).toEqual({
    'envoy.filters.http.cors': {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy',
      allow_origin_string_match: [{ exact: 'http://a' }, { exact: '*' }],
      allow_methods: 'GET,PUT',
      allow_headers: 'x-a,x-b',
      expose_headers: 'x-c',
      max_age: '300',
      allow_credentials: true,
    },
  })
})

test('P13: appended headers are text, not Envoy’s variables', () => {
  expect(json({ appendHeaders: { 'x-a': '100%' } })['request_headers_to_add']).toEqual([
    { header: { key: 'x-a', value: '100%%' }, append_action: 'APPEND_IF_EXISTS_OR_ADD' },
  ])
})

test('P13: only a route that says so lets WebSockets through', () => {
  expect(json({ websocketUpgrade: true })['route']).toMatchObject({
    upgrade_configs: [{ upgrade_type: 'websocket', enabled: true }],
  })
  expect(json({})['route']).not.toHaveProperty('upgrade_configs')
})

test('P14: a rule with a condition that cannot be checked takes nothing, and says so', () => {
  const spec = { match: { tcp: { sourceSubnet: ['10.0.0.0/8'] } } }
  expect(compiled(spec).route).toBeUndefined()
  expect(codes(spec)).toEqual([['RUT2010', '/spec/match/tcp']])
})

test('P14: every part that Envoy cannot express is named', () => {
  expect(
    codes({
      match: { request: { headers: { uri: { prefix: 'a' } } } },
      httpReqTimeout: { simpleTimeout: { timeout: '1s', overrideHeaderName: 'x' } },
      httpReqRetries: { simpleRetry: { attempts: 1, overrideHeaderName: 'x' } },
      httpFault: { delay: { exponentialDelay: '1s' }, abort: { grpcStatus: '1', http2Error: 'x' } },
      l4Fault: {},
    }),
  ).toEqual([
    ['RUT2011', '/spec/httpReqTimeout/simpleTimeout/overrideHeaderName'],
    ['RUT2011', '/spec/httpReqRetries/simpleRetry/overrideHeaderName'],
    ['RUT2011', '/spec/httpFault/delay/exponentialDelay'],
    ['RUT2011', '/spec/httpFault/abort/grpcStatus'],
    ['RUT2011', '/spec/httpFault/abort/http2Error'],
    ['RUT2011', '/spec/l4Fault'],
    ['RUT2012', '/spec/match/request/headers/uri'],
  ])
  expect(codes({ redirect: { uri: '/' }, corsPolicy: { allowOrigin: ['*'] } })).toEqual([
    ['RUT2011', '/spec/corsPolicy'],
  ])
  expect(codes({ route: [{ labels: { version: 'v1' } }] })).toEqual([])
})

test('P14: a rewrite that runs into the rest of the path is pointed out', () => {
  expect(codes({ rewrite: { uri: '/v2' } })).toEqual([['RUT2014', '/spec/rewrite/uri']])
  const under = (prefix: string, uri: string) =>
    codes({ match: { request: { headers: { uri: { prefix } } } }, rewrite: { uri } })
  expect(under('/a/', '/b')).toEqual([['RUT2014', '/spec/rewrite/uri']])
  expect(under('/a', '/b')).toEqual([])
  expect(under('/a/', '/b/')).toEqual([])
})

test('P13: host and pseudo-headers are not appended to', () => {
  expect(json({ appendHeaders: { host: 'a', ok: 'c' } })['request_headers_to_add']).toHaveLength(1)
})
