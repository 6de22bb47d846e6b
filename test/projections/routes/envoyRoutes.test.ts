import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RouteRuleSpec } from '../../../src/model/routeRule.ts'
import { endpointsJson } from '../../../src/projections/clusters/endpointsJson.ts'
import { httpProxyListenerJson } from '../../../src/projections/listeners/httpProxyListener.ts'
import { domainsOf, hostsOf } from '../../../src/projections/registry/hostnames.ts'
import { compileRouteRule } from '../../../src/projections/routes/compileRouteRule.ts'
import { defaultRoute } from '../../../src/projections/routes/defaultRoute.ts'
import type { HttpRoute } from '../../../src/projections/routes/httpRoute.ts'
import { virtualHostJson } from '../../../src/projections/routes/virtualHost.ts'
import { http, reviews, stored } from '../given.ts'
import { envoy, type StaticEnvoy, startStaticEnvoy } from '../staticEnvoy.ts'

/** What an application answers: who it is and what it was asked. */
type Echo = { readonly app: string; readonly path: string; readonly headers: IncomingHttpHeaders }

const toV2 = { route: [{ labels: { version: 'v2' } }] }
const uri = (match: { exact?: string; prefix?: string; regex?: string }) => ({
  match: { request: { headers: { uri: match } } },
})

const rules: Readonly<Record<string, Omit<RouteRuleSpec, 'destination'>>> = {
  'by-regex': { ...uri({ regex: '/items/[0-9]+' }), ...toV2 },
  'by-method': { match: { request: { headers: { method: { exact: 'DELETE' } } } }, ...toV2 },
  'by-authority': { match: { request: { headers: { authority: { prefix: 'reviews.default' } } } }, ...toV2 },
  'by-scheme': {
    match: { request: { headers: { scheme: { exact: 'http' }, uri: { exact: '/scheme' } } } },
    ...toV2,
  },
  'by-header': { match: { request: { headers: { user: { regex: 'ja.on' } } } }, ...toV2 },
  'by-any-value': { match: { request: { headers: { tester: { prefix: '' } } } }, ...toV2 },
  'none-to-v1': {
    ...uri({ exact: '/all-to-v2' }),
    route: [
      { labels: { version: 'v1' }, weight: 0 },
      { labels: { version: 'v2' }, weight: 100 },
    ],
  },
  'rewrite-prefix': { ...uri({ prefix: '/old' }), rewrite: { uri: '/new', authority: 'elsewhere' } },
  'rewrite-exact': { ...uri({ exact: '/one' }), rewrite: { uri: '/two' } },
  'rewrite-regex': { ...uri({ regex: '/any/.*' }), rewrite: { uri: '/all' } },
  redirect: { ...uri({ exact: '/moved' }), redirect: { uri: '/here', authority: 'there' } },
  abort: { ...uri({ prefix: '/abort' }), httpFault: { abort: { httpStatus: 555 } } },
  append: { ...uri({ prefix: '/append' }), appendHeaders: { 'x-percent': '100% %PROTOCOL%' } },
  mirror: { ...uri({ prefix: '/mirror' }), mirror: { name: 'reviews', labels: { version: 'v2' } } },
  cors: { ...uri({ prefix: '/cors' }), corsPolicy: { allowOrigin: ['http://a'], allowMethods: ['PUT'] } },
  websocket: { ...uri({ prefix: '/socket' }), websocketUpgrade: true },
}

const routes = Object.entries(rules).map(([name, spec]): HttpRoute => {
  const rule = stored('RouteRule', name, { destination: { name: 'reviews' }, ...spec })
  const { route } = compileRouteRule(
    rule,
    { hostname: reviews, port: http },
    'cluster.local',
    () => undefined,
  )
  if (route === undefined) throw new Error(name)
  return route
})

/** The explicit proxy's listener with these routes inside. */
const listener = (accessLog: string) => {
  const service = { kind: 'Service', namespace: 'default', name: 'reviews', position: 1 } as const
  const host = virtualHostJson({
    name: 'reviews',
    domains: domainsOf(
      hostsOf({ hostname: reviews, addresses: [] }, 'default.svc.cluster.local'),
      9080,
      'proxy',
    ),
    routes,
    defaultRoute: defaultRoute(reviews, 9080, service),
  }).json
  const fetched = httpProxyListenerJson({ address: '127.0.0.1', port: 0, accessLog })
  return JSON.parse(JSON.stringify(fetched), (_, value) => {
    if (value?.rds === undefined) return value
    const { rds, ...rest } = value
    return { ...rest, route_config: { name: rds.route_config_name, virtual_hosts: [host] } }
  }) as Readonly<Record<string, unknown>>
}

describe.skipIf(envoy.skip)('on a real Envoy', () => {
  const apps: Server[] = []
  const mirrored: string[] = []
  let running: StaticEnvoy | undefined
  let logs = ''
  let port = 0

  const startApp = async (app: string): Promise<number> => {
    const server = createServer((asked, answer) => {
      if (asked.headers.host?.includes('-shadow')) mirrored.push(`${app} ${asked.url}`)
      answer.end(JSON.stringify({ app, path: asked.url, headers: asked.headers }))
    })
    server.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    })
    apps.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return (server.address() as AddressInfo).port
  }

  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), 'rutter-log-'))
    const [v1, v2] = [await startApp('v1'), await startApp('v2')]
    const cluster = (subset: string, port: number) => {
      const name = `outbound|9080|${subset}|${reviews}`
      const app = { host: '127.0.0.1', port }
      const endpoint = { address: '127.0.0.1', port, app, weight: 1, locality: '', labels: {} }
      return {
        name,
        type: 'STATIC',
        load_assignment: endpointsJson(name, [{ ...endpoint, serviceAccount: undefined }]),
      }
    }
    running = await startStaticEnvoy(
      [cluster('', v1), cluster('version=v1', v1), cluster('version=v2', v2)],
      [listener(join(logs, 'access.log'))],
    )
    port = await running.port('http_proxy')
  })

  afterAll(async () => {
    await running?.stop()
    for (const app of apps) app.close()
    await rm(logs, { recursive: true })
  })

  type Asked = { readonly method?: string; readonly host?: string; readonly headers?: Record<string, string> }
  const ask = (path: string, { method = 'GET', host = 'reviews:9080', headers = {} }: Asked = {}) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; echo: Echo | undefined }>((done, fail) => {
      const asked = request(
        { host: '127.0.0.1', port, path, method, headers: { host, connection: 'close', ...headers } },
        (answer) => {
          let body = ''
          answer.on('data', (chunk) => {
            body += chunk
          })
          answer.on('end', () =>
            done({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              echo: body.startsWith('{') ? (JSON.parse(body) as Echo) : undefined,
            }),
          )
        },
      )
      asked.on('upgrade', (answer, socket) => {
        socket.destroy()
        done({ status: answer.statusCode ?? 0, headers: answer.headers, echo: undefined })
      })
      asked.on('error', fail)
      asked.end()
    })

  const app = async (path: string, asked: Asked = {}) => (await ask(path, asked)).echo?.app

  test('P25: what no rule takes goes to the whole service; every short form is understood', async () => {
    expect(await app('/')).toBe('v1')
    expect(await app('/', { host: 'REVIEWS:9080' })).toBe('v1')
  })

  test('P25: an unknown authority, or a known one without its port, answers 404', async () => {
    expect((await ask('/', { host: 'nobody' })).status).toBe(404)
    expect((await ask('/', { host: 'reviews' })).status).toBe(404)
  })

  test.each([
    ['/items/12', {}, 'v2'],
    ['/items/12?q=1', {}, 'v2'],
    ['/items/12/more', {}, 'v1'],
    ['/items/x', {}, 'v1'],
    ['/', { method: 'DELETE' }, 'v2'],
    ['/', { host: 'reviews.default:9080' }, 'v2'],
    ['/scheme?a', {}, 'v2'],
    ['/', { headers: { user: 'jason' } }, 'v2'],
    ['/', { headers: { user: 'jasons' } }, 'v1'],
    ['/', { headers: { tester: '' } }, 'v2'],
    ['/', { headers: { tester: 'x' } }, 'v2'],
    ['/all-to-v2', {}, 'v2'],
  ] as const)('P25: %s %j goes to %s', async (path, asked, expected) => {
    expect(await app(path, asked)).toBe(expected)
  })

  test.each([
    ['/old/a?q', '/new/a?q'],
    ['/one?q', '/two?q'],
    ['/any/thing?q', '/all?q'],
  ])('P25: %s is rewritten to %s', async (path, rewritten) => {
    expect((await ask(path)).echo?.path).toBe(rewritten)
  })

  test('P25: the authority is rewritten', async () => {
    expect((await ask('/old/a')).echo?.headers.host).toBe('elsewhere')
  })

  test('P25: a redirect is 301', async () => {
    const { status, headers } = await ask('/moved')
    expect([status, headers.location]).toEqual([301, 'http://there/here'])
  })

  test('P25: a fault is injected on its own route only', async () => {
    expect((await ask('/abort')).status).toBe(555)
    expect((await ask('/')).status).toBe(200)
  })

  test('P25: an appended header arrives as it was written', async () => {
    expect((await ask('/append')).echo?.headers['x-percent']).toBe('100% %PROTOCOL%')
  })

  test('P23: the access log names the rule behind each request', async () => {
    await ask('/abort/me')
    const lineOf = async () =>
      (await readFile(join(logs, 'access.log'), 'utf8'))
        .split('\n')
        .find((line) => line.includes('/abort/me'))
    await expect.poll(lineOf).toContain('"RouteRule/default/abort" "RouteRule/default/abort"')
  })

  test('P25: a mirror gets the request too', async () => {
    expect(await app('/mirror')).toBe('v1')
    await expect.poll(() => mirrored).toContain('v2 /mirror')
  })

  test('P25: CORS answers for its own route only', async () => {
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'http://a', 'access-control-request-method': 'PUT' },
    }
    expect((await ask('/cors', preflight)).headers['access-control-allow-methods']).toBe('PUT')
    expect((await ask('/', preflight)).headers['access-control-allow-methods']).toBeUndefined()
  })

  test('P25: only the route that says so lets a WebSocket through', async () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket' }
    expect((await ask('/socket', { headers })).status).toBe(101)
    expect((await ask('/', { headers })).status).toBe(403)
  })
})
