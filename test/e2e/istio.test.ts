import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DestinationRuleSpec } from '../../src/model/istio/destinationRule.ts'
import type {
  HttpMatchRequest,
  IstioHttpRoute,
  VirtualServiceSpec,
} from '../../src/model/istio/virtualService.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { settings } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { routeRule, service } from '../reducers/given.ts'
import { type Answer, type Mesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()

type Asked = {
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly method?: string
  readonly from?: 'client' | 'other'
  readonly host?: string
}

describe.skipIf(envoy.skip)('Istio’s rules on a real Envoy', () => {
  let mesh: Mesh
  const callers = {} as Record<'client' | 'other', Workload>
  const mirrored: string[] = []
  const { put, clear } = passingResources(() => mesh)

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'other', 'reviews', 'echo', 'flaky', 'slow']) await mesh.put(service(name))
    callers.client = await mesh.workload('client', { service: 'client', labels: { app: 'client' } })
    callers.other = await mesh.workload('other', { service: 'other' })
    const direct = { sidecar: false }
    for (const version of ['v1', 'v2', 'v3'])
      await mesh.workload(`reviews-${version}`, {
        service: 'reviews',
        version,
        ...direct,
        answer: (request, response) => {
          if (request.headers.host?.includes('-shadow')) mirrored.push(version)
          response.end(version)
        },
      })
    await mesh.workload('echo', {
      service: 'echo',
      ...direct,
      answer: (request, response) => {
        response.setHeader('x-upstream', 'echo')
        response.end(JSON.stringify({ url: request.url, headers: request.headers }))
      },
    })
    let calls = 0
    await mesh.workload('flaky', {
      service: 'flaky',
      ...direct,
      answer: (request, response) => {
        calls += 1
        const status = Number(request.headers['x-fail'] ?? 503)
        response.writeHead(calls % 3 === 0 ? 200 : status).end()
      },
    })
    await mesh.workload('slow', {
      service: 'slow',
      ...direct,
      answer: (request, response) => {
        // Answers when the caller has given up, or never.
        request.on('close', () => response.destroy())
      },
    })
    await mesh.put(subsets)
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())
  afterEach(async () => {
    mirrored.length = 0
    await clear()
  })

  const subsets = istio('DestinationRule', 'reviews', {
    host: 'reviews',
    subsets: ['v1', 'v2', 'v3'].map((version) => ({ name: version, labels: { version } })),
  })

  const virtual = (
    http: readonly IstioHttpRoute[],
    host = 'reviews',
    more: Partial<VirtualServiceSpec> = {},
  ) =>
    put(
      istio('VirtualService', more.hosts === undefined ? host : `${host}-more`, {
        hosts: [host],
        http,
        ...more,
      }),
    )
  const policy = (spec: Omit<DestinationRuleSpec, 'host'>, host: string) =>
    put(istio('DestinationRule', host, { host, ...spec }))
  const to = (subset: string, weight = 100, host = 'reviews') => ({ destination: { host, subset }, weight })
  const echo = [{ destination: { host: 'echo' } }]

  const ask = ({ path = '/', headers = {}, method = 'GET', from = 'client', host = 'reviews:9080' }: Asked) =>
    callers[from].get(host, path, headers, method)
  const many = async (count: number, asked: Asked): Promise<Record<string, number>> => {
    const answers: Answer[] = []
    while (answers.length < count)
      answers.push(...(await Promise.all(Array.from({ length: 10 }, () => ask(asked)))))
    const seen: Record<string, number> = {}
    for (const { status, body } of answers) {
      const key = status === 200 ? body : String(status)
      seen[key] = (seen[key] ?? 0) + 1
    }
    return seen
  }
  const echoed = async (asked: Asked) =>
    JSON.parse((await ask({ host: 'echo:9080', ...asked })).body) as {
      url: string
      headers: Record<string, string>
    }

  const toV2: readonly (readonly [what: string, match: HttpMatchRequest, takes: Asked, leaves: Asked])[] = [
    ['uri exact', { uri: { exact: '/a' } }, { path: '/a?q' }, { path: '/a/b' }],
    ['uri prefix', { uri: { prefix: '/a' } }, { path: '/ab' }, { path: '/b' }],
    ['uri regex', { uri: { regex: '/a[0-9]+' } }, { path: '/a12?q' }, { path: '/a12b' }],
    ['uri in any case', { uri: { exact: '/AbC' }, ignoreUriCase: true }, { path: '/aBc' }, { path: '/abcd' }],
    ['scheme', { scheme: { exact: 'http' }, uri: { prefix: '/s' } }, { path: '/s' }, { path: '/' }],
    ['method', { method: { regex: 'PUT|DELETE' } }, { method: 'PUT' }, { method: 'POST' }],
    [
      'authority',
      { authority: { prefix: 'reviews.default' } },
      { host: 'reviews.default:9080' },
      { host: 'reviews:9080' },
    ],
    [
      'a header',
      { headers: { 'End-User': { exact: 'jason' } } },
      { headers: { 'end-user': 'jason' } },
      { headers: { 'end-user': 'jasons' } },
    ],
    ['a header that is there', { headers: { 'x-any': {} } }, { headers: { 'x-any': 'b' } }, {}],
    [
      'a header that looks not so',
      { withoutHeaders: { 'x-a': { exact: 'b' } } },
      {},
      { headers: { 'x-a': 'b' } },
    ],
    [
      'a header that looks otherwise',
      { withoutHeaders: { 'x-a': { exact: 'b' } } },
      { headers: { 'x-a': 'c' } },
      { headers: { 'x-a': 'b' } },
    ],
    ['a header that is not there', { withoutHeaders: { 'x-a': {} } }, {}, { headers: { 'x-a': '' } }],
    ['a query parameter', { queryParams: { q: { exact: '1' } } }, { path: '/?a&q=1' }, { path: '/?q=12' }],
    ['a query parameter that is there', { queryParams: { q: {} } }, { path: '/?q=x' }, { path: '/?p' }],
    [
      'a query parameter by regex',
      { queryParams: { q: { regex: '[0-9]+' } } },
      { path: '/?q=42' },
      { path: '/?q=4x' },
    ],
    ['the caller’s labels', { sourceLabels: { app: 'client' } }, {}, { from: 'other' }],
    ['the port', { port: 9080, uri: { prefix: '/p' } }, { path: '/p' }, { path: '/' }],
    ['the mesh', { gateways: ['mesh'], uri: { prefix: '/p' } }, { path: '/p' }, { path: '/' }],
    [
      'two conditions at once',
      { headers: { a: { exact: '1' }, b: { exact: '2' } } },
      { headers: { a: '1', b: '2' } },
      { headers: { a: '1' } },
    ],
  ]

  test.each(toV2)(
    'Y9: a match by %s takes what it says and leaves the rest',
    async (_, match, takes, leaves) => {
      await virtual([{ match: [match], route: [to('v2')] }, { route: [to('v1')] }])
      expect((await ask(takes)).body).toBe('v2')
      expect((await ask(leaves)).body).toBe('v1')
    },
  )

  test('Y9: of several alternatives one is enough, and the first route that takes a request has it', async () => {
    await virtual([
      { match: [{ uri: { exact: '/a' } }, { uri: { exact: '/b' } }], route: [to('v2')] },
      { match: [{ uri: { prefix: '/b' } }], route: [to('v3')] },
      { route: [to('v1')] },
    ])
    expect((await ask({ path: '/a' })).body).toBe('v2')
    expect((await ask({ path: '/b' })).body).toBe('v2')
    expect((await ask({ path: '/bc' })).body).toBe('v3')
    expect((await ask({})).body).toBe('v1')
  })

  test('Y9: conditions on namespace, port and gateway that are not met leave the route out', async () => {
    await virtual([
      { match: [{ sourceNamespace: 'elsewhere' }], route: [to('v2')] },
      { match: [{ port: 81 }], route: [to('v2')] },
      { match: [{ gateways: ['gate'] }], route: [to('v2')] },
      { match: [{ sourceNamespace: 'default' }], route: [to('v3')] },
    ])
    expect(await many(10, {})).toEqual({ v3: 10 })
  })

  test('Y10: what no route of it takes is answered 404', async () => {
    await virtual([{ match: [{ uri: { prefix: '/a' } }], route: [to('v1')] }])
    expect((await ask({ path: '/a' })).body).toBe('v1')
    expect((await ask({ path: '/b' })).status).toBe(404)
  })

  test('Y10: weights are shares of their sum', async () => {
    await virtual([{ route: [to('v1', 3), to('v2', 1)] }])
    const seen = await many(1_000, {})
    expect((seen['v1'] ?? 0) + (seen['v2'] ?? 0)).toBe(1_000)
    expect(Math.abs((seen['v2'] ?? 0) / 10 - 25)).toBeLessThanOrEqual(7)
  })

  test('Y10: a redirect is what the route says', async () => {
    await virtual([
      { match: [{ uri: { exact: '/a' } }], redirect: { uri: '/b', authority: 'x.example' } },
      { match: [{ uri: { exact: '/s' } }], redirect: { scheme: 'https', redirectCode: 308 } },
      { match: [{ uri: { exact: '/p' } }], redirect: { port: 8443 } },
      { match: [{ uri: { exact: '/d' } }], redirect: { authority: 'y', derivePort: 'FROM_REQUEST_PORT' } },
      { match: [{ uri: { prefix: '/foo/' } }], redirect: { authority: 'y', prefixRewrite: '/' } },
      { match: [{ uri: { exact: '/whole' } }], redirect: { prefixRewrite: '/new' } },
    ])
    const answer = async (path: string) => {
      const { status, headers } = await ask({ path })
      return [status, headers.location]
    }
    expect(await answer('/a')).toEqual([301, 'http://x.example/b'])
    expect(await answer('/s')).toEqual([308, 'https://reviews:9080/s'])
    expect(await answer('/p')).toEqual([301, 'http://reviews:8443/p'])
    expect(await answer('/d')).toEqual([301, 'http://y:9080/d'])
    expect(await answer('/foo/bar?x=1')).toEqual([301, 'http://y/bar?x=1'])
    expect(await answer('/whole')).toEqual([301, 'http://reviews:9080/new'])
  })

  test('Y10: an answer of the proxy’s own is what the route says', async () => {
    await virtual([
      { match: [{ uri: { exact: '/b' } }], directResponse: { status: 418, body: { bytes: 'aGk=' } } },
      { directResponse: { status: 503, body: { string: 'closed' } } },
    ])
    expect(await ask({})).toMatchObject({ status: 503, body: 'closed' })
    expect(await ask({ path: '/b' })).toMatchObject({ status: 418, body: 'hi' })
  })

  test('Y10: path and authority are rewritten, by prefix, exactly and by regex', async () => {
    await virtual(
      [
        { match: [{ uri: { prefix: '/old/' } }], rewrite: { uri: '/new/', authority: 'inner' }, route: echo },
        { match: [{ uri: { exact: '/one' } }], rewrite: { uri: '/two' }, route: echo },
        {
          rewrite: { uriRegexRewrite: { match: '/user/([0-9]+)', rewrite: '/u/\\1/home' } },
          route: echo,
        },
      ],
      'echo',
    )
    expect(await echoed({ path: '/old/a?q' })).toMatchObject({ url: '/new/a?q', headers: { host: 'inner' } })
    expect(await echoed({ path: '/one' })).toMatchObject({ url: '/two' })
    expect(await echoed({ path: '/user/12/x?q' })).toMatchObject({ url: '/u/12/home/x?q' })
  })

  test('Y10: a timeout ends an answer, and without one it takes as long as it takes', async () => {
    await virtual([{ timeout: '0.3s', route: [{ destination: { host: 'slow' } }] }], 'slow')
    const { status, ms } = await ask({ host: 'slow:9080' })
    expect(status).toBe(504)
    expect(ms).toBeGreaterThanOrEqual(290)
  })

  test('Y10: retries hide failures for the reasons and statuses given, twice without a policy, never with 0', async () => {
    const flaky = [{ destination: { host: 'flaky' } }]
    await virtual(
      [
        { match: [{ uri: { exact: '/never' } }], retries: { attempts: 0 }, route: flaky },
        { match: [{ uri: { exact: '/418' } }], retries: { attempts: 3, retryOn: '418' }, route: flaky },
        {
          match: [{ uri: { exact: '/5xx' } }],
          retries: { attempts: 3, retryOn: '5xx', perTryTimeout: '2s' },
          route: flaky,
        },
        { route: flaky },
      ],
      'flaky',
    )
    const statuses = async (path: string, headers = {}) => {
      const seen = new Set<number>()
      for (let i = 0; i < 9; i += 1) seen.add((await ask({ host: 'flaky:9080', path, headers })).status)
      return [...seen].sort()
    }
    expect(await statuses('/never')).toEqual([200, 503])
    expect(await statuses('/')).toEqual([200])
    expect(await statuses('/5xx', { 'x-fail': '500' })).toEqual([200])
    expect(await statuses('/418', { 'x-fail': '418' })).toEqual([200])
  })

  test('Y10: faults delay and abort the share that the route says, of the route only', async () => {
    await virtual([
      {
        match: [{ uri: { prefix: '/late' } }],
        fault: { delay: { percentage: { value: 100 }, fixedDelay: '0.3s' } },
        route: [to('v1')],
      },
      {
        match: [{ uri: { prefix: '/half' } }],
        fault: { abort: { percentage: { value: 50 }, httpStatus: 418 } },
        route: [to('v1')],
      },
      {
        match: [{ uri: { prefix: '/grpc' } }],
        fault: { abort: { grpcStatus: 'NOT_FOUND' } },
        route: [to('v1')],
      },
      { route: [to('v1')] },
    ])
    expect((await ask({ path: '/late' })).ms).toBeGreaterThanOrEqual(290)
    const seen = await many(400, { path: '/half' })
    expect(Math.abs((seen['418'] ?? 0) / 4 - 50)).toBeLessThan(12)
    const grpc = await ask({ path: '/grpc', headers: { 'content-type': 'application/grpc' } })
    expect(grpc.headers['grpc-status']).toBe('5')
    expect(await many(20, { path: '/fine' })).toEqual({ v1: 20 })
  })

  test('Y10: mirrors get the request too, each its share', async () => {
    await virtual([
      {
        route: [to('v1')],
        mirrors: [
          { destination: { host: 'reviews', subset: 'v2' } },
          { destination: { host: 'reviews', subset: 'v3' }, percentage: { value: 0 } },
        ],
      },
    ])
    expect(await many(10, {})).toEqual({ v1: 10 })
    await expect.poll(() => mirrored.length).toBe(10)
    expect(new Set(mirrored)).toEqual(new Set(['v2']))
  })

  test('Y10: a mirror takes a percentage of the requests', async () => {
    await virtual([
      { route: [to('v1')], mirror: { host: 'reviews', subset: 'v2' }, mirrorPercentage: { value: 100 } },
    ])
    await ask({})
    await expect.poll(() => mirrored).toEqual(['v2'])
  })

  test('Y10: CORS answers for the route', async () => {
    await virtual([
      {
        corsPolicy: {
          allowOrigins: [{ regex: 'http://[a-z]+\\.example' }],
          allowMethods: ['PUT'],
          allowHeaders: ['X-Foo'],
          maxAge: '24h',
          allowCredentials: true,
          unmatchedPreflights: 'IGNORE',
        },
        route: [to('v1')],
      },
    ])
    const preflight = (origin: string) =>
      ask({ method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } })
    expect((await preflight('http://a.example')).headers).toMatchObject({
      'access-control-allow-origin': 'http://a.example',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'X-Foo',
      'access-control-max-age': '86400',
      'access-control-allow-credentials': 'true',
    })
    const other = await preflight('http://evil')
    expect([other.headers['access-control-allow-origin'], other.body]).toEqual([undefined, ''])
  })

  test('Y10: headers are set, added and removed, on the route and for a destination', async () => {
    await virtual(
      [
        {
          headers: {
            request: {
              set: { 'X-Set': 'new', Host: 'named.example' },
              add: { 'x-add': '100% of %REQ(x-from)%' },
              remove: ['x-gone'],
            },
            response: { set: { 'x-answer': '1' }, remove: ['x-upstream'] },
          },
          route: [
            {
              destination: { host: 'echo' },
              headers: { request: { add: { 'x-one': 'one' } }, response: { add: { 'x-way': 'a' } } },
            },
          ],
        },
      ],
      'echo',
    )
    const asked = { host: 'echo:9080', headers: { 'x-set': 'old', 'x-gone': 'a', 'x-from': 'me' } }
    const answer = await ask(asked)
    expect(JSON.parse(answer.body).headers).toMatchObject({
      'x-set': 'new',
      host: 'named.example',
      'x-add': '100% of me',
      'x-one': 'one',
    })
    expect(JSON.parse(answer.body).headers).not.toHaveProperty('x-gone')
    expect(answer.headers).toMatchObject({ 'x-answer': '1', 'x-way': 'a' })
    expect(answer.headers).not.toHaveProperty('x-upstream')
  })

  test('Y10: a delegate’s routes hold for what both take, with what the root says beside', async () => {
    await put(
      istio('VirtualService', 'inner', {
        http: [
          { match: [{ uri: { prefix: '/a/2' } }], route: [to('v2')] },
          { match: [{ uri: { prefix: '/b' } }], route: [to('v3')] },
          { route: [to('v1')] },
        ],
      }),
    )
    await virtual([
      {
        match: [{ uri: { prefix: '/a' } }],
        delegate: { name: 'inner' },
        headers: { response: { set: { 'x-root': '1' } } },
      },
      { match: [{ uri: { prefix: '/b' } }], directResponse: { status: 418 } },
    ])
    expect(await ask({ path: '/a/2' })).toMatchObject({ body: 'v2', headers: { 'x-root': '1' } })
    expect((await ask({ path: '/a/1' })).body).toBe('v1')
    expect((await ask({ path: '/b' })).status).toBe(418)
    await put(istio('VirtualService', 'inner', { http: [{ route: [to('v3')] }] }))
    expect((await ask({ path: '/a/1' })).body).toBe('v3')
  })

  test('Y10: a VirtualService lets WebSockets through', async () => {
    await virtual([{ route: echo }], 'echo')
    const upgrade = { connection: 'upgrade', upgrade: 'websocket' }
    // The application answers without switching, which is more than 403.
    expect((await ask({ host: 'echo:9080', headers: upgrade })).status).not.toBe(403)
  })

  test('Y12: a VirtualService goes before RouteRules, which come back when it goes', async () => {
    await put(routeRule('old', { destination: { name: 'reviews' }, route: [{ labels: { version: 'v3' } }] }))
    expect(await many(10, {})).toEqual({ v3: 10 })
    await virtual([{ match: [{ sourceLabels: { app: 'client' } }], route: [to('v1')] }])
    expect(await many(10, {})).toEqual({ v1: 10 })
    expect(await many(10, { from: 'other' })).toEqual({ v3: 10 })
    const { items } = await mesh.json<{ items: { name: string; diagnostics: { code: string }[] }[] }>(
      '/api/v1/diagnostics',
    )
    expect(items.find(({ name }) => name === 'old')?.diagnostics.map(({ code }) => code)).toEqual(['RUT2108'])
  })

  test('Y5: a consistent hash sends like to like', async () => {
    // Its smaller name puts it before the one that names the subsets.
    await put(
      istio('DestinationRule', 'a-hashed', {
        host: 'reviews',
        trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } },
      }),
    )
    const users = Array.from({ length: 12 }, (_, i) => `user-${i}`)
    const places = new Set<string>()
    for (const user of users) {
      const seen = Object.keys(await many(10, { headers: { 'x-user': user } }))
      expect(seen).toHaveLength(1)
      places.add(seen[0] ?? '')
    }
    expect(places.size).toBeGreaterThan(1)
  })

  test('Y6: a pool that is full refuses', async () => {
    await policy(
      {
        trafficPolicy: {
          connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } },
        },
      },
      'slow',
    )
    await virtual(
      [{ timeout: '1s', retries: { attempts: 0 }, route: [{ destination: { host: 'slow' } }] }],
      'slow',
    )
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async () => (await ask({ host: 'slow:9080' })).status),
    )
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(3)
  })

  test('Y6: an endpoint that fails is left out', async () => {
    await policy(
      {
        trafficPolicy: {
          outlierDetection: {
            consecutive5xxErrors: 1,
            interval: '0.1s',
            baseEjectionTime: '60s',
            maxEjectionPercent: 100,
          },
        },
      },
      'flaky',
    )
    await virtual([{ retries: { attempts: 0 }, route: [{ destination: { host: 'flaky' } }] }], 'flaky')
    await expect
      .poll(async () => {
        await ask({ host: 'flaky:9080' })
        const stats = await callers.client.envoy?.stats('flaky.*ejections_active')
        return [...(stats ?? new Map()).values()].some((active) => active === 1)
      })
      .toBe(true)
  })

  test('Y28: the default Sidecar of the root namespace says what proxies of all others get', async () => {
    const root = (hosts: readonly string[]) =>
      istio('Sidecar', 'default', { egress: [{ hosts }] }, 'mesh-root')
    await mesh.put(settings({ rootNamespace: 'mesh-root' }))
    await mesh.settled(await mesh.put(root(['./echo.default.svc.cluster.local'])))
    await expect.poll(async () => (await ask({})).status).toBe(404)
    expect((await ask({ host: 'echo:9080' })).status).toBe(200)
    await mesh.settled(await mesh.put(root(['*/*'])))
    await expect.poll(async () => (await ask({})).status).toBe(200)
  })

  test('Y30: a host is taken on the port that its Sidecar names alone', async () => {
    const only = (number: number) =>
      istio('Sidecar', 'default', { egress: [{ hosts: ['./*'], port: { number } }] })
    await put(only(9999))
    await expect.poll(async () => (await ask({})).status).toBe(404)
    await mesh.settled(await mesh.put(only(9080)))
    await expect.poll(async () => (await ask({})).status).toBe(200)
  })
})
