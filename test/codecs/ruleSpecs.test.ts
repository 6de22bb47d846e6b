import { describe, expect, test } from 'vitest'
import { problemsOf, refusals, rule } from './problemsOf.ts'

const to = { destination: { name: 'reviews' } }
const headers = (map: unknown) => ({ ...to, match: { request: { headers: map } } })

/** Runs `accepted` and `refused` specs of one kind. */
const table = (
  id: string,
  kind: string,
  accepted: readonly unknown[],
  refused: readonly (readonly [unknown, ...string[]])[],
): void => {
  test.each(accepted.map((spec) => [spec]))(`${id} %j is accepted`, (spec) => {
    expect(refusals(rule(kind, spec))).toEqual([])
  })
  test.each(refused.map(([spec, ...problems]) => [spec, problems] as const))(
    `${id} %j is refused`,
    (spec, problems) => {
      expect(refusals(rule(kind, spec))).toEqual(problems)
    },
  )
}

describe('C33 services', () => {
  table(
    'C33',
    'DestinationPolicy',
    [
      { destination: { name: 'a', namespace: 'b', domain: 'c.d', labels: { version: 'v1' } } },
      ...['*cnn.com', '*-cnn.com', '*com', '*0', '10.0.0.100', '*', '*.a.b', 'a'].map((service) => ({
        destination: { service },
      })),
    ],
    [
      [{}, 'RUT1302 /spec/destination'],
      [{ destination: {} }, 'RUT1317 /spec/destination'],
      [{ destination: { name: 'a', service: 'b' } }, 'RUT1316 /spec/destination/name'],
      [
        { destination: { namespace: 'a', domain: 'c', service: 'b' } },
        'RUT1316 /spec/destination/namespace',
        'RUT1316 /spec/destination/domain',
      ],
      [{ destination: { name: 'a.b' } }, 'RUT1304 /spec/destination/name'],
      ...['cnn.com:80', '*cnn*.com', '**com', '*.', '', '*-', 'A'].map(
        (service) => [{ destination: { service } }, 'RUT1305 /spec/destination/service'] as const,
      ),
    ],
  )
})

describe('C34 weights', () => {
  const route = (...weights: (number | undefined)[]) => ({
    ...to,
    route: weights.map((weight, i) => ({
      labels: { version: `v${i}` },
      ...(weight !== undefined && { weight }),
    })),
  })
  table(
    'C34',
    'RouteRule',
    [
      to,
      route(),
      route(100),
      route(0),
      route(undefined),
      route(90, 10),
      route(100, undefined),
      route(33, 33, 34),
    ],
    [
      [route(50), 'RUT1318 /spec/route'],
      [route(50, 40), 'RUT1318 /spec/route'],
      [route(undefined, undefined), 'RUT1318 /spec/route'],
      [route(60, 60), 'RUT1318 /spec/route'],
      [route(101, -1), 'RUT1313 /spec/route/0/weight', 'RUT1313 /spec/route/1/weight'],
      [route(50.5, 49.5), 'RUT1313 /spec/route/0/weight', 'RUT1313 /spec/route/1/weight'],
      [{ destination: { name: 'a', labels: { version: 'v1' } } }, 'RUT1316 /spec/destination/labels'],
      [{ ...to, precedence: 1.5 }, 'RUT1313 /spec/precedence'],
    ],
  )
})

describe('C35 redirect and rewrite', () => {
  const redirect = { uri: '/new' }
  table(
    'C35',
    'RouteRule',
    [
      { ...to, redirect },
      { ...to, redirect: { authority: 'other:8080' }, route: [], websocketUpgrade: false },
      { ...to, rewrite: { uri: '/x', authority: 'y' } },
    ],
    [
      [{ ...to, redirect: {} }, 'RUT1317 /spec/redirect'],
      [{ ...to, redirect: { uri: '' } }, 'RUT1312 /spec/redirect/uri'],
      [{ ...to, redirect: { uri: '/a\r\nb' } }, 'RUT1312 /spec/redirect/uri'],
      [{ ...to, rewrite: {} }, 'RUT1317 /spec/rewrite'],
      [{ ...to, redirect, route: [{ weight: 100 }] }, 'RUT1316 /spec/route'],
      [
        {
          ...to,
          redirect,
          rewrite: { uri: '/x' },
          websocketUpgrade: true,
          httpFault: { abort: { httpStatus: 500 } },
        },
        'RUT1316 /spec/rewrite',
        'RUT1316 /spec/websocketUpgrade',
        'RUT1316 /spec/httpFault',
      ],
    ],
  )
})

describe('C36 matches', () => {
  table(
    'C36',
    'RouteRule',
    [
      headers({
        uri: { prefix: '/a' },
        'x-user': { exact: '' },
        cookie: { regex: '^(.*?;)?(user=jason)(;.*)?$' },
      }),
      { ...to, match: { source: { name: 'a', labels: { version: 'v1' } } } },
      { ...to, match: { tcp: { sourceSubnet: ['10.0.0.0/8', '::1'], destinationSubnet: ['1.2.3.4'] } } },
    ],
    [
      [headers({ Cookie: { exact: 'x' } }), 'RUT1311 /spec/match/request/headers/Cookie'],
      [headers({ ':path': { exact: 'x' } }), 'RUT1311 /spec/match/request/headers/:path'],
      [headers({ uri: {} }), 'RUT1317 /spec/match/request/headers/uri'],
      [headers({ uri: { exact: '/a', prefix: '/b' } }), 'RUT1317 /spec/match/request/headers/uri'],
      [headers({ uri: { exact: '' } }), 'RUT1312 /spec/match/request/headers/uri/exact'],
      [headers({ uri: { prefix: '' } }), 'RUT1312 /spec/match/request/headers/uri/prefix'],
      [headers({ uri: 'a' }), 'RUT1303 /spec/match/request/headers/uri'],
      [{ ...to, match: { source: {} } }, 'RUT1317 /spec/match/source'],
      [
        { ...to, match: { tcp: { sourceSubnet: ['10.0.0.0/33'] } } },
        'RUT1306 /spec/match/tcp/sourceSubnet/0',
      ],
      [
        { ...to, match: { tcp: { destinationSubnet: ['a'] } } },
        'RUT1306 /spec/match/tcp/destinationSubnet/0',
      ],
    ],
  )

  test('C36 a bad header name is told at the name', () => {
    const text =
      'apiVersion: config.istio.io/v1alpha2\nkind: RouteRule\nmetadata: {name: a}\nspec:\n  destination: {name: a}\n  match:\n    request:\n      headers:\n        Cookie:\n          exact: x\n'
    expect(problemsOf(text)).toEqual(['9:9 RUT1311 /spec/match/request/headers/Cookie'])
  })
})

describe('C37 regexes', () => {
  const regex = (text: string) => headers({ uri: { regex: text } })
  const path = 'RUT1310 /spec/match/request/headers/uri/regex'
  table(
    'C37',
    'RouteRule',
    ['/a/[0-9]+', 'x'.repeat(1024), '(?i)abc', '(?P<n>a)|\\pL', 'a{1000}', '[]a]{3}', '[a{9000}]'].map(regex),
    [
      '',
      'x'.repeat(1025),
      '(?=a)',
      '(?<=a)b',
      '(a)\\1',
      '[a',
      'a{1001}',
      '*a',
      '(.{1000}|)'.repeat(5),
      '((a{100}){10}b){9}',
    ].map((text) => [regex(text), path] as const),
  )
})

describe('C38 what Envoy cannot do', () => {
  table(
    'C38',
    'RouteRule',
    [],
    [
      [{ ...to, l4Fault: { throttle: { percent: 1 } } }, 'RUT1319 /spec/l4Fault'],
      [{ ...to, match: { udp: {} } }, 'RUT1319 /spec/match/udp'],
      [
        { ...to, httpFault: { delay: { exponentialDelay: '1s' } } },
        'RUT1319 /spec/httpFault/delay/exponentialDelay',
      ],
      [
        { ...to, httpFault: { abort: { grpcStatus: 'UNAVAILABLE' } } },
        'RUT1319 /spec/httpFault/abort/grpcStatus',
      ],
      [{ ...to, httpFault: { abort: { http2Error: 'x' } } }, 'RUT1319 /spec/httpFault/abort/http2Error'],
    ],
  )
})

describe('C39 faults', () => {
  const delay = (percent: unknown, fixedDelay = '5s') => ({
    ...to,
    httpFault: { delay: { percent, fixedDelay } },
  })
  const abort = (httpStatus: unknown) => ({ ...to, httpFault: { abort: { httpStatus } } })
  table(
    'C39',
    'RouteRule',
    [delay(0), delay(0.5), delay(100), delay(10, '0.001s'), abort(200), abort(599)],
    [
      [delay(101), 'RUT1313 /spec/httpFault/delay/percent'],
      [delay(-1), 'RUT1313 /spec/httpFault/delay/percent'],
      [delay('10'), 'RUT1303 /spec/httpFault/delay/percent'],
      [delay(10, '0s'), 'RUT1309 /spec/httpFault/delay/fixedDelay'],
      [abort(199), 'RUT1313 /spec/httpFault/abort/httpStatus'],
      [abort(600), 'RUT1313 /spec/httpFault/abort/httpStatus'],
      [{ ...to, httpFault: {} }, 'RUT1317 /spec/httpFault'],
      [{ ...to, httpFault: { delay: {} } }, 'RUT1317 /spec/httpFault/delay'],
      [{ ...to, httpFault: { abort: { percent: 5 } } }, 'RUT1317 /spec/httpFault/abort'],
    ],
  )
})

describe('C40 and C41 time limits and retries', () => {
  const timeout = (text: unknown) => ({ ...to, httpReqTimeout: { simpleTimeout: { timeout: text } } })
  const retry = (simpleRetry: unknown) => ({ ...to, httpReqRetries: { simpleRetry } })
  table('C40', 'RouteRule', ['0s', '1ms', '1s', '0.250s', '1m30s', '1h'].map(timeout), [
    ...['0.5ms', '1.0001s', '-1s', '1', '', '1d'].map(
      (text) => [timeout(text), 'RUT1309 /spec/httpReqTimeout/simpleTimeout/timeout'] as const,
    ),
    [timeout(5), 'RUT1303 /spec/httpReqTimeout/simpleTimeout/timeout'],
  ])
  table(
    'C41',
    'RouteRule',
    [retry({ attempts: 3 }), retry({ attempts: 0, perTryTimeout: '2s', overrideHeaderName: 'x-retries' })],
    [
      [retry({}), 'RUT1302 /spec/httpReqRetries/simpleRetry/attempts'],
      [retry({ attempts: -1 }), 'RUT1313 /spec/httpReqRetries/simpleRetry/attempts'],
      [retry({ attempts: 1, perTryTimeout: '0s' }), 'RUT1309 /spec/httpReqRetries/simpleRetry/perTryTimeout'],
    ],
  )
})

describe('C41 DestinationPolicy', () => {
  const breaker = (simpleCb: unknown) => ({ ...to, circuitBreaker: { simpleCb } })
  table(
    'C41',
    'DestinationPolicy',
    [
      breaker({}),
      breaker({ maxConnections: 100 }),
      breaker({
        sleepWindow: '0.5s',
        httpDetectionInterval: '1ms',
        httpMaxEjectionPercent: 100,
        httpMaxRetries: 3,
      }),
      { ...to, source: { name: 'a' }, loadBalancing: { name: 'LEAST_CONN' } },
      { ...to, circuitBreaker: {} },
    ],
    [
      [breaker({ maxConnections: -1 }), 'RUT1313 /spec/circuitBreaker/simpleCb/maxConnections'],
      [
        breaker({ httpMaxEjectionPercent: 101 }),
        'RUT1313 /spec/circuitBreaker/simpleCb/httpMaxEjectionPercent',
      ],
      [breaker({ sleepWindow: '0s' }), 'RUT1309 /spec/circuitBreaker/simpleCb/sleepWindow'],
      [{ ...to, loadBalancing: {} }, 'RUT1317 /spec/loadBalancing'],
      [{ ...to, loadBalancing: { name: 'MAGLEV' } }, 'RUT1314 /spec/loadBalancing/name'],
      [{ ...to, circuitBreaker: { custom: {} } }, 'RUT1301 /spec/circuitBreaker/custom'],
    ],
  )
})

describe('C42 mirror, CORS, headers', () => {
  const cors = (corsPolicy: unknown) => ({ ...to, corsPolicy })
  table(
    'C42',
    'RouteRule',
    [
      { ...to, mirror: { name: 'a', labels: { version: 'v2' } } },
      { ...to, appendHeaders: { 'x-a': 'b' } },
      cors({
        allowOrigin: ['http://a.b'],
        allowMethods: ['GET', 'PATCH'],
        maxAge: '300s',
        allowCredentials: true,
      }),
    ],
    [
      [{ ...to, mirror: {} }, 'RUT1317 /spec/mirror'],
      [{ ...to, appendHeaders: { 'X-A': 'b' } }, 'RUT1311 /spec/appendHeaders/X-A'],
      [{ ...to, appendHeaders: { 'x-a': '' } }, 'RUT1311 /spec/appendHeaders/x-a'],
      [{ ...to, appendHeaders: { 'x-a': 'a\nb' } }, 'RUT1311 /spec/appendHeaders/x-a'],
      [{ ...to, appendHeaders: { host: 'b' } }, 'RUT1311 /spec/appendHeaders/host'],
      [cors({ allowMethods: ['get'] }), 'RUT1314 /spec/corsPolicy/allowMethods/0'],
      [cors({ maxAge: '1.5s' }), 'RUT1309 /spec/corsPolicy/maxAge'],
      [cors({ allowHeaders: ['X-A'] }), 'RUT1311 /spec/corsPolicy/allowHeaders/0'],
    ],
  )
})

describe('C43 IngressRule', () => {
  table(
    'C43',
    'IngressRule',
    [
      { ...to, destinationPort: 80, tlsSecret: 'my.cert.default', port: 443 },
      { ...to, destinationPortName: 'http', match: { request: { headers: { uri: { prefix: '/' } } } } },
    ],
    [
      [{ ...to, destinationPort: 80, destinationPortName: 'http' }, 'RUT1316 /spec/destinationPortName'],
      [{ ...to, tlsSecret: 'cert' }, 'RUT1304 /spec/tlsSecret'],
      [{ ...to, tlsSecret: '../x.default' }, 'RUT1304 /spec/tlsSecret'],
      [{ destination: { name: 'a', labels: { a: 'b' } } }, 'RUT1316 /spec/destination/labels'],
      [{ ...to, port: 70000 }, 'RUT1307 /spec/port'],
    ],
  )
})

describe('C44 EgressRule', () => {
  const egress = (service: string, ...ports: [number, string][]) => ({
    destination: { service },
    ports: ports.map(([port, protocol]) => ({ port, protocol })),
  })
  table(
    'C44',
    'EgressRule',
    [
      egress('*.cnn.com', [80, 'http'], [443, 'HTTPS']),
      egress('10.0.0.0/8', [5432, 'tcp'], [27017, 'mongo']),
      { ...egress('a.b', [80, 'grpc']), useEgressProxy: false },
    ],
    [
      [egress('a.b'), 'RUT1313 /spec/ports'],
      [egress('a.b', [80, 'http'], [80, 'https']), 'RUT1315 /spec/ports/1/port'],
      [egress('a.b', [80, 'udp']), 'RUT1314 /spec/ports/0/protocol'],
      [egress('10.0.0.0/8', [80, 'http']), 'RUT1316 /spec/ports/0/protocol'],
      [egress('10.0.0.0/40', [80, 'tcp']), 'RUT1305 /spec/destination/service'],
      [{ ...egress('a.b', [80, 'http']), useEgressProxy: true }, 'RUT1319 /spec/useEgressProxy'],
      [
        { destination: { name: 'a' }, ports: [{ port: 80, protocol: 'http' }] },
        'RUT1317 /spec/destination',
        'RUT1316 /spec/destination/name',
      ],
    ],
  )
  test('C22 its protocols come out in their usual case', () => {
    expect(problemsOf(rule('EgressRule', egress('a.b', [1, 'gRPC'])), 'json')).toEqual([])
  })
})

describe('C45 Sidecar', () => {
  const sidecar = (spec: unknown) =>
    JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata: { name: 'x' }, spec })
  const hosts = (...names: string[]) => ({ egress: [{ hosts: names }] })
  const egress = (...all: readonly object[]) => ({ egress: all.map((one) => ({ hosts: ['./*'], ...one })) })
  const ingress = (defaultEndpoint: string) => ({ ingress: [{ port: { number: 80 }, defaultEndpoint }] })

  test.each<object>([
    {},
    hosts('./*', '*/*', '~/*', 'prod/reviews.prod.svc.cluster.local', 'x/*.example.com'),
    { workloadSelector: { labels: { app: 'a' } }, ...hosts('./*') },
    { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' }, ingress: [{ port: { number: 80 } }] },
    ...['127.0.0.1:80', '[::1]:80', '0.0.0.0:80', '[::]:80', 'unix:///a'].map(ingress),
    { ingress: [{ port: { number: 80, protocol: 'HTTP', name: 'a' }, bind: '::1', captureMode: 'NONE' }] },
    { inboundConnectionPool: { tcp: { maxConnections: 1 } } },
    egress({ port: { number: 80 }, bind: '127.0.0.1', captureMode: 'NONE' }),
    egress({ bind: '::1' }, { bind: '::1' }),
    egress({ bind: 'unix:///run/a', port: { number: 0, protocol: 'HTTP' } }, { bind: 'unix://@a' }),
  ])('C45 %j is accepted', (spec) => {
    expect(refusals(sidecar(spec))).toEqual([])
  })

  test.each([
    [hosts(), 'RUT1313 /spec/egress/0/hosts'] as const,
    ...['reviews', 'a/b/c', '/x', 'a/', 'A/x', 'a/*x', 'a/x.*', '**/x'].map(
      (host) => [hosts(host), 'RUT1305 /spec/egress/0/hosts/0'] as const,
    ),
    [{ outboundTrafic: {} }, 'RUT1301 /spec/outboundTrafic'] as const,
    ...['10.0.0.1:80', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', 'unix://a', 'localhost:80'].map(
      (to) => [ingress(to), 'RUT1306 /spec/ingress/0/defaultEndpoint'] as const,
    ),
    [{ ingress: [{ port: { number: 80 }, bind: 'a' }] }, 'RUT1306 /spec/ingress/0/bind'] as const,
    ...['localhost', '10.0.0.1:80', '/run/a', 'unix://a', 'unix://@', `unix:///${'a'.repeat(107)}`].map(
      (bind) => [egress({ bind }), 'RUT1306 /spec/egress/0/bind'] as const,
    ),
    [egress({ bind: '::1', port: { number: 0 } }), 'RUT1307 /spec/egress/0/port/number'] as const,
    [egress({ bind: 'unix:///a', captureMode: 'IPTABLES' }), 'RUT1316 /spec/egress/0/captureMode'] as const,
    [egress({ bind: 'unix:///a' }, { bind: 'unix:///a' }), 'RUT1315 /spec/egress/1/bind'] as const,
    [
      { ingress: [{ port: { number: 80 } }, { port: { number: 80 } }] },
      'RUT1315 /spec/ingress/1/port/number',
    ] as const,
  ])('C45 %j is refused', (spec, problem) => {
    expect(refusals(sidecar(spec))).toEqual([problem])
  })
})
