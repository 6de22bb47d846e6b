import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type {
  HeaderOperations,
  IstioHttpRoute,
  IstioTcpRoute,
  L4MatchAttributes,
  VirtualServiceSpec,
} from '../../src/model/istio/virtualService.ts'
import { authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { settings } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { type CapturedSidecar, capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()
const at = (last: number) => `${ownNet}.252.${last}`
const virtualIp = '10.96.0.21'

describe.skipIf(envoy.skip)('fields of VirtualServices that other tests do not see, on a real Envoy', () => {
  let mesh: OwnMesh
  let client: Workload
  let captured: CapturedSidecar
  let directory = ''
  const servers: Server[] = []
  const port = { tcp: 0, tls: 0 }
  const mirrored: string[] = []
  let attempts = 0
  const { put, clear } = passingResources(() => mesh)

  const listening = async (server: Server, address: string, its: number): Promise<void> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(its, address, done))
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-virtual-'))
    const { cert, key } = authority(directory).sign('cert', ['DNS:a.example'])
    const files = { cert: readFileSync(cert), key: readFileSync(key) }
    port.tcp = await freePort()
    port.tls = await freePort()
    mesh = await startMesh(envoy.path)
    await mesh.put(settings({ ...(await capturePorts()), undeclaredOutbound: 'refuse' }))
    for (const name of ['client', 'reviews', 'echo', 'first', 'ill']) await mesh.put(service(name))
    await mesh.put(
      service('two', {
        ports: [
          { name: 'http', port: 9080 },
          { name: 'http-two', port: 9081 },
        ],
      }),
    )
    client = await mesh.workload('client', { service: 'client' })
    const direct = { sidecar: false }
    for (const [version, its] of [
      ['v1', 'http'],
      ['v2', 'http-two'],
      ['v3', ''],
    ] as const) {
      const { address } = await mesh.workload(`reviews-${version}`, {
        service: 'reviews',
        version,
        ...direct,
        answer: ({ url, headers }, response) => {
          if (headers.host?.includes('-shadow')) mirrored.push(url ?? '')
          response.end(version)
        },
      })
      if (its !== '') await mesh.put(instance(`two-${version}`, 'two', address, { ports: { [its]: 9080 } }))
    }
    await mesh.workload('echo', {
      service: 'echo',
      ...direct,
      answer: ({ headers }, response) => response.end(JSON.stringify(headers)),
    })
    // The first attempt of every request hangs, or fails where its path says so.
    await mesh.workload('first', {
      service: 'first',
      ...direct,
      answer: ({ url }, response) => {
        attempts += 1
        if (attempts % 2 === 0) response.end('second')
        else if (url === '/fails') response.writeHead(503).end()
      },
    })
    for (const state of ['well', 'ill'])
      await mesh.workload(`ill-${state}`, {
        service: 'ill',
        ...direct,
        answer: (_, response) => response.writeHead(state === 'ill' ? 503 : 200).end(),
      })
    await mesh.put(service('store', { address: virtualIp, ports: [{ name: 'tcp', port: port.tcp }] }))
    await mesh.put(
      service('secure', { address: virtualIp, ports: [{ name: 'tls', port: port.tls, protocol: 'HTTPS' }] }),
    )
    for (const [last, version] of ['v1', 'v2'].entries()) {
      const say = createServer((socket) => socket.on('error', () => {}).end(version))
      await listening(say, at(last + 1), port.tcp)
      const secret = createTlsServer(files, (socket) => socket.on('error', () => {}).end(version))
      await listening(secret, at(last + 1), port.tls)
      const labels = { version }
      await mesh.put(
        instance(`store-${version}`, 'store', at(last + 1), { labels, ports: { tcp: port.tcp } }),
      )
      await mesh.put(
        instance(`secure-${version}`, 'secure', at(last + 1), { labels, ports: { tls: port.tls } }),
      )
    }
    for (const host of ['reviews', 'store', 'secure'])
      await mesh.put(
        istio('DestinationRule', host, {
          host,
          subsets: ['v1', 'v2', 'v3'].map((version) => ({ name: version, labels: { version } })),
        }),
      )
    await mesh.put(instance('captured', 'client', '127.0.0.1', { labels: { app: 'captured' } }))
    captured = await startCapturedSidecar(mesh, envoy.path, '127.0.0.1')
    await mesh.settled()
  })
  afterAll(async () => {
    await captured?.envoy.stop()
    await mesh?.stop()
    for (const server of servers) server.close()
    await rm(directory, { recursive: true })
  })
  afterEach(async () => {
    mirrored.length = 0
    await clear()
  })

  const virtual = (
    http: readonly IstioHttpRoute[],
    host = 'reviews',
    more: Partial<VirtualServiceSpec> = {},
  ): Promise<void> => put(istio('VirtualService', 'rule', { hosts: [host], http, ...more }))
  const to = (subset: string, host = 'reviews') => ({ destination: { host, subset } })
  const body = async (path = '/', headers = {}) => (await client.get('reviews:9080', path, headers)).body
  const bodies = async (count: number) =>
    [...new Set(await Promise.all(Array.from({ length: count }, () => body())))].sort()

  test('FT8: a scheme that the request has not is not taken for one that it has', async () => {
    await virtual([{ match: [{ scheme: { exact: 'https' } }], route: [to('v2')] }, { route: [to('v1')] }])
    expect(await body('/')).toBe('v1')
    expect(await body('/', { 'x-forwarded-proto': 'https' })).toBe('v2')
  })

  test('FT8: a route has its name and that of its match, a delegate’s its root’s too', async () => {
    const seen: HeaderOperations = { set: { 'x-route': '%ROUTE_NAME%' } }
    const route = [{ destination: { host: 'echo' }, headers: { request: seen } }]
    await put(istio('VirtualService', 'inner', { http: [{ name: 'low', route }] }))
    await virtual(
      [
        { name: 'high', match: [{ name: 'way', uri: { prefix: '/in' } }], delegate: { name: 'inner' } },
        { name: 'all', match: [{ name: 'one', uri: { prefix: '/' } }], route },
      ],
      'echo',
    )
    const name = async (path: string) =>
      (JSON.parse((await client.get('echo:9080', path)).body) as Record<string, string>)['x-route']
    expect(await name('/')).toBe('VirtualService/default/rule/all/one')
    expect(await name('/in')).toBe('VirtualService/default/inner/high/way/low')
  })

  test('FT8: exportTo and gateways say for whom a rule is', async () => {
    const every = ['v1', 'v2', 'v3']
    await virtual([{ route: [to('v2')] }], 'reviews', { exportTo: ['other'] })
    expect(await bodies(20)).toEqual(every)
    await virtual([{ route: [to('v2')] }], 'reviews', { exportTo: ['.'] })
    expect(await bodies(20)).toEqual(['v2'])
    await virtual([{ route: [to('v2')] }], 'reviews', { gateways: ['gate'] })
    expect(await bodies(20)).toEqual(every)
    await virtual([{ route: [to('v2')] }], 'reviews', { gateways: ['mesh'] })
    expect(await bodies(20)).toEqual(['v2'])
  })

  test('FT8: a delegate is of the namespace that its root names', async () => {
    const host = 'reviews.default.svc.cluster.local'
    await put(istio('VirtualService', 'near', { http: [{ route: [to('v1')] }] }))
    await put(istio('VirtualService', 'inner', { http: [{ route: [to('v3', host)] }] }, 'other'))
    await virtual([{ delegate: { name: 'inner', namespace: 'other' } }])
    expect(await bodies(10)).toEqual(['v3'])
    await virtual([{ delegate: { name: 'near' } }])
    expect(await bodies(10)).toEqual(['v1'])
  })

  test('FT8: a destination has the port that the route names', async () => {
    const way = (number: number) => [{ destination: { host: 'two', port: { number } } }]
    await virtual([{ match: [{ uri: { prefix: '/2' } }], route: way(9081) }, { route: way(9080) }], 'two')
    const seen = async (path: string) => (await client.get('two:9080', path)).body
    expect([await seen('/'), await seen('/2')]).toEqual(['v1', 'v2'])
  })

  test.each([
    ['percentage', { percentage: { value: 0 } }, { percentage: { value: 100 } }],
    ['percent', { percent: 0 }, { percent: 100 }],
    ['percentage, which goes before percent', { percentage: { value: 0 }, percent: 100 }, {}],
  ])('FT8: faults come by %s', async (_, never, always) => {
    await virtual([
      {
        match: [{ uri: { prefix: '/never' } }],
        fault: { delay: { ...never, fixedDelay: '5s' }, abort: { ...never, httpStatus: 418 } },
        route: [to('v1')],
      },
      { fault: { abort: { ...always, httpStatus: 418 } }, route: [to('v1')] },
    ])
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.get('reviews:9080', '/never', {})),
    )
    expect(answers.filter(({ status, ms }) => status !== 200 || ms >= 4_900)).toEqual([])
    expect((await client.get('reviews:9080')).status).toBe(418)
  })

  test('FT8: a mirror gets its share, in the old words too', async () => {
    const mirror = { host: 'reviews', subset: 'v2' }
    const route = [to('v1')]
    await virtual([
      { match: [{ uri: { exact: '/none' } }], mirror, mirrorPercentage: { value: 0 }, route },
      { match: [{ uri: { exact: '/old' } }], mirror, mirrorPercent: 0, route },
      { mirror, route },
    ])
    for (const path of ['/none', '/old', '/none', '/old', '/all']) await body(path)
    await expect.poll(() => mirrored).toContain('/all')
    expect(mirrored).toEqual(['/all'])
  })

  test('FT8: requests of a match are counted under its own name, a delegate’s under the root’s', async () => {
    const counted = async (name: string): Promise<string> =>
      (await client.envoy?.admin(`/stats?filter=route.${name}.upstream_rq_200`)) ?? ''
    await put(istio('VirtualService', 'below', { http: [{ route: [to('v1')] }] }))
    await virtual([
      {
        match: [{ uri: { prefix: '/a' }, statPrefix: 'shop' }, { uri: { prefix: '/b' } }],
        route: [to('v1')],
      },
      { match: [{ uri: { prefix: '/c' }, statPrefix: 'root' }], delegate: { name: 'below' } },
    ])
    for (const path of ['/a', '/b', '/a/x', '/c']) await body(path)
    await expect.poll(() => counted('shop')).toMatch(/route\.shop\.upstream_rq_200: 2$/m)
    await expect.poll(() => counted('root')).toMatch(/route\.root\.upstream_rq_200: 1$/m)
  })

  test('FT8: CORS takes origins as texts, and shows pages the headers that it names', async () => {
    const corsPolicy = { allowOrigin: ['http://a.example'], exposeHeaders: ['x-shown'] }
    await virtual([{ corsPolicy, route: [to('v1')] }])
    const from = async (origin: string) => (await client.get('reviews:9080', '/', { origin })).headers
    expect(await from('http://a.example')).toMatchObject({
      'access-control-allow-origin': 'http://a.example',
      'access-control-expose-headers': 'x-shown',
    })
    expect(await from('http://b.example')).not.toHaveProperty('access-control-allow-origin')
  })

  test('FT8: answers of the proxy’s own have the headers and faults of their route', async () => {
    await virtual([
      {
        match: [{ uri: { prefix: '/late' } }],
        fault: { delay: { fixedDelay: '0.2s' } },
        directResponse: { status: 418 },
      },
      { headers: { response: { set: { 'x-answer': '1' } } }, directResponse: { status: 418 } },
    ])
    expect((await client.get('reviews:9080')).headers).toMatchObject({ 'x-answer': '1' })
    expect((await client.get('reviews:9080', '/late')).ms).toBeGreaterThanOrEqual(190)
  })

  test('FT8: each try has its time-out, and the next waits as the rule says', async () => {
    const route = [{ destination: { host: 'first' } }]
    await virtual(
      [
        {
          match: [{ uri: { exact: '/fails' } }],
          retries: { attempts: 1, retryOn: '5xx', backoff: '1s' },
          route,
        },
        { retries: { attempts: 1, retryOn: '5xx', perTryTimeout: '0.3s' }, route },
      ],
      'first',
    )
    const { body: second, ms } = await client.get('first:9080', '/')
    expect(second).toBe('second')
    expect(ms).toBeGreaterThanOrEqual(290)
    // What Envoy waits is any part of it, by chance; without the rule at most 25 ms.
    const waits: number[] = []
    while (waits.length < 10 && Math.max(0, ...waits) < 200)
      waits.push((await client.get('first:9080', '/fails')).ms)
    expect(Math.max(...waits)).toBeGreaterThanOrEqual(200)
  })

  test('FT8: a try goes elsewhere unless the rule says otherwise', async () => {
    const route = [{ destination: { host: 'ill' } }]
    await put(
      istio('DestinationRule', 'alike', {
        host: 'ill',
        trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } },
      }),
    )
    await virtual(
      [
        {
          match: [{ uri: { prefix: '/again' } }],
          retries: { attempts: 2, retryIgnorePreviousHosts: false },
          route,
        },
        { retries: { attempts: 2 }, route },
      ],
      'ill',
    )
    // One after the other: Envoy tries three requests again at a time.
    const failures = async (path: string) => {
      let failed = 0
      for (let i = 0; i < 32; i += 1)
        if ((await client.get('ill:9080', path, { 'x-user': `user-${i}` })).status === 503) failed += 1
      return failed
    }
    // Who is sent there stays there, or is sent on but for the five times when chance sends him back.
    const stubborn = await failures('/again')
    expect(stubborn).toBeGreaterThan(3)
    expect(await failures('/')).toBeLessThan(stubborn / 2)
  })

  test('FT8: a try goes to other localities where the rule says so', async () => {
    const name = 'outbound|9080||ill.default.svc.cluster.local'
    const { items } = await mesh.json<{ items: { cluster_name: string; endpoints: object[] }[] }>(
      `/api/v1/proxies/${client.node}/endpoints`,
    )
    const all = items.find((one) => one.cluster_name === name)
    const [group] = (all?.endpoints ?? []) as { lb_endpoints: object[] }[]
    const [well, ill] = group?.lb_endpoints ?? []
    // Of Rutter's own there is one priority only.
    await put({
      apiVersion: 'rutter.dev/v1',
      kind: 'EnvoyResource',
      metadata: { name: 'far', namespace: 'default' },
      spec: {
        proxies: { ids: [client.node] },
        resource: {
          ...all,
          '@type': 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
          endpoints: [
            { locality: { region: 'near' }, lb_endpoints: [ill] },
            { locality: { region: 'far' }, priority: 1, lb_endpoints: [well] },
          ],
        },
      },
    } as never)
    const route = [{ destination: { host: 'ill' } }]
    const attempts = { attempts: 3, retryOn: '503' }
    await virtual(
      [
        {
          match: [{ uri: { prefix: '/far' } }],
          retries: { ...attempts, retryRemoteLocalities: true },
          route,
        },
        { retries: attempts, route },
      ],
      'ill',
    )
    expect((await client.get('ill:9080', '/')).status).toBe(503)
    expect((await client.get('ill:9080', '/far')).status).toBe(200)
  })

  const store = () => captured.say({ address: virtualIp, port: port.tcp }, '')
  const connections = (tcp: readonly IstioTcpRoute[]): Promise<void> =>
    put(istio('VirtualService', 'store', { hosts: ['store'], tcp }))

  const conditions: readonly (readonly [
    what: string,
    met: () => L4MatchAttributes,
    unmet: L4MatchAttributes,
  ])[] = [
    [
      'destinationSubnets',
      () => ({ destinationSubnets: ['10.96.0.0/16'] }),
      { destinationSubnets: ['10.97.0.0/16'] },
    ],
    ['port', () => ({ port: port.tcp }), { port: 1 }],
    ['sourceLabels', () => ({ sourceLabels: { app: 'captured' } }), { sourceLabels: { app: 'another' } }],
    ['sourceNamespace', () => ({ sourceNamespace: 'default' }), { sourceNamespace: 'other' }],
    ['gateways', () => ({ gateways: ['mesh'] }), { gateways: ['gate'] }],
  ]
  test.each(conditions)('FT8: connections are told apart by %s', async (_, met, unmet) => {
    await connections([
      { match: [unmet], route: [to('v1', 'store')] },
      { match: [met()], route: [to('v2', 'store')] },
    ])
    await expect.poll(store).toBe('v2')
    await connections([{ match: [met()], route: [to('v1', 'store')] }, { route: [to('v2', 'store')] }])
    await expect.poll(store).toBe('v1')
  })

  test('FT8: connections go by weight', async () => {
    await connections([
      {
        route: [
          { ...to('v1', 'store'), weight: 0 },
          { ...to('v2', 'store'), weight: 1 },
        ],
      },
    ])
    const seen = async () => [...new Set([await store(), await store(), await store(), await store()])]
    await expect.poll(seen).toEqual(['v2'])
    await connections([
      {
        route: [
          { ...to('v1', 'store'), weight: 1 },
          { ...to('v2', 'store'), weight: 0 },
        ],
      },
    ])
    await expect.poll(seen).toEqual(['v1'])
  })

  const secure = async (servername: string): Promise<string> => {
    const socket = connectTls({
      socket: await captured.connect({ address: virtualIp, port: port.tls }),
      servername,
      rejectUnauthorized: false,
    })
    return new Promise((done) => {
      let heard = ''
      socket.on('data', (chunk) => {
        heard += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => done(heard))
    })
  }

  test('FT8: connections over TLS go by the name asked for, by what they are and by weight', async () => {
    const split = (first: number, second: number) => [
      { ...to('v1', 'secure'), weight: first },
      { ...to('v2', 'secure'), weight: second },
    ]
    await put(
      istio('VirtualService', 'secure', {
        hosts: ['secure'],
        tls: [
          { match: [{ port: 1, sniHosts: ['a.example'] }], route: split(0, 1) },
          { match: [{ port: port.tls, sniHosts: ['a.example'] }], route: split(1, 0) },
          { match: [{ sniHosts: ['*.b.example'] }], route: split(0, 1) },
        ],
      }),
    )
    await expect.poll(() => secure('x.b.example')).toBe('v2')
    for (let i = 0; i < 4; i += 1) {
      expect(await secure('a.example')).toBe('v1')
      expect(await secure('x.b.example')).toBe('v2')
    }
  })
})
