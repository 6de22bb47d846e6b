import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type {
  ClientTls,
  DestinationRuleSpec,
  IstioConnectionPool,
  IstioLoadBalancer,
  IstioOutlierDetection,
} from '../../src/model/istio/destinationRule.ts'
import { type Authority, authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { type Answer, type Mesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()
const at = (last: number) => `${ownNet}.253.${last}`
const warmupMs = 4_000

describe.skipIf(envoy.skip)('fields of DestinationRules that other tests do not see, on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  let directory = ''
  let issuer: Authority
  let warmingAt = 0
  let port = 0
  const servers: Server[] = []
  const sockets = new Set<unknown>()
  const waiting: (() => void)[] = []
  let closed = 0
  const { put, clear } = passingResources(() => mesh)

  const listening = async (server: Server, last: number): Promise<void> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(port, at(last), done))
  }
  const placed = (name: string, of: string, last: number, more = {}) =>
    mesh.put(instance(name, of, at(last), { ports: { http: port }, ...more }))

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-policies-'))
    port = await freePort()
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'reviews', 'one', 'ill', 'broken', 'gone', 'spoken', 'warm'])
      await mesh.put(service(name))
    await mesh.put(
      service('two', {
        ports: [
          { name: 'http', port: 9080 },
          { name: 'http-two', port: 9081 },
        ],
      }),
    )
    await mesh.put(service('held', { ports: [{ name: 'http2', port: 9080 }] }))
    await mesh.put(service('spoken2', { ports: [{ name: 'http2', port: 9080 }] }))
    for (const name of ['secure', 'mute']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client', labels: { app: 'client' } })
    const direct = { sidecar: false }
    const version = (text: string, status = 200) => ({
      ...direct,
      version: text,
      answer: (_: unknown, response: import('node:http').ServerResponse) => {
        response.writeHead(status).end(text)
      },
    })
    for (const text of ['v1', 'v2'])
      await mesh.workload(`reviews-${text}`, { service: 'reviews', ...version(text) })
    const { address: one } = await mesh.workload('one', {
      service: 'one',
      version: 'v1',
      ...direct,
      answer: ({ socket }, response) => {
        if (!sockets.has(socket)) {
          sockets.add(socket)
          socket.once('close', () => {
            closed += 1
          })
        }
        response.end('one')
      },
    })
    await mesh.put(instance('two-1', 'two', one, { ports: { http: 9080, 'http-two': 9080 } }))
    await mesh.put(instance('spoken2-1', 'spoken2', one, { ports: { http2: 9080 } }))
    await mesh.workload('ill-well', { service: 'ill', ...version('well') })
    await mesh.workload('ill-ill', { service: 'ill', ...version('ill', 503) })
    for (const text of ['a', 'b'])
      await mesh.workload(`broken-${text}`, { service: 'broken', ...version('broken', 500) })
    await mesh.workload('gone-well', { service: 'gone', ...version('well') })
    await placed('gone-gone', 'gone', 9)
    await mesh.workload('warm-old', { service: 'warm', ...version('old') })
    const http2 = createHttp2Server((_, response) => waiting.push(() => response.end('held')))
    http2.on('session', (session) => sockets.add(session))
    await listening(http2, 1)
    await mesh.put(instance('held-1', 'held', at(1), { ports: { http2: port } }))
    await listening(
      createHttp2Server((_, response) => response.end('http2')),
      2,
    )
    await placed('spoken-1', 'spoken', 2)
    issuer = authority(join(directory, 'issuer'))
    const { cert, key } = issuer.sign('server', ['DNS:a.example'])
    await listening(
      createHttpsServer(
        { cert: readFileSync(cert), key: readFileSync(key), requestCert: true, rejectUnauthorized: false },
        ({ socket }, response) => {
          const { servername } = socket as TLSSocket & { servername: string | false }
          const { subject } = (socket as TLSSocket).getPeerCertificate()
          response.end(`${servername} ${subject?.CN}`)
        },
      ),
      3,
    )
    await placed('secure-1', 'secure', 3)
    await listening(
      createServer(() => {}),
      4,
    )
    await placed('mute-1', 'mute', 4)
    const slowly = { simple: 'ROUND_ROBIN', warmupDurationSecs: `${warmupMs / 1_000}s` } as const
    await mesh.put(
      istio('DestinationRule', 'warm', { host: 'warm', trafficPolicy: { loadBalancer: slowly } }),
    )
    await mesh.settled()
    warmingAt = Date.now()
  })
  afterAll(async () => {
    for (const release of waiting.splice(0)) release()
    await mesh?.stop()
    for (const server of servers) server.close()
    await rm(directory, { recursive: true })
  })
  afterEach(async () => {
    for (const release of waiting.splice(0)) release()
    await clear()
  })

  const rule = (host: string, spec: Omit<DestinationRuleSpec, 'host'>): Promise<void> =>
    put(istio('DestinationRule', 'rule', { host, ...spec }))
  const pool = (host: string, connectionPool: IstioConnectionPool) =>
    rule(host, { trafficPolicy: { connectionPool } })
  const outliers = (host: string, outlierDetection: IstioOutlierDetection) =>
    rule(host, { trafficPolicy: { outlierDetection } })
  const balanced = (loadBalancer: IstioLoadBalancer, host = 'reviews') =>
    rule(host, { trafficPolicy: { loadBalancer } })

  const many = (count: number, ask: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, ask))
  const inTurn = async (count: number, authority: string, path = '/', headers = {}): Promise<Answer[]> => {
    const answers: Answer[] = []
    while (answers.length < count) answers.push(await client.get(authority, path, headers))
    return answers
  }
  /** Connections that six requests one after the other take: one, or two where Envoy's workers share them. */
  const connections = async (authority = 'one:9080'): Promise<number> => {
    sockets.clear()
    await inTurn(6, authority)
    return sockets.size
  }
  const stat = async (name: string): Promise<number> => {
    const stats = await client.envoy?.stats(name)
    return [...(stats?.values() ?? [])].reduce((sum, value) => sum + value, 0)
  }
  const alone = { http: { maxRequestsPerConnection: 1 } }
  const whole = { trafficPolicy: { connectionPool: alone } }

  test('FT9: a connection ends after as many requests as it may have', async () => {
    expect(await connections()).toBeLessThan(3)
    await pool('one', alone)
    expect(await connections()).toBe(6)
  })

  test.each([
    ['exportTo', { exportTo: ['other'] }, { exportTo: ['.'] }],
    [
      'workloadSelector.matchLabels',
      { workloadSelector: { matchLabels: { app: 'other' } } },
      { workloadSelector: { matchLabels: { app: 'client' } } },
    ],
    [
      'workloadSelector.labels',
      { workloadSelector: { labels: { app: 'other' } } },
      { workloadSelector: { labels: { app: 'client' } } },
    ],
  ])('FT9: %s says whose connections a rule is for', async (_, others, ours) => {
    await rule('one', { ...whole, ...others })
    expect(await connections()).toBeLessThan(3)
    await rule('one', { ...whole, ...ours })
    expect(await connections()).toBe(6)
  })

  test('FT9: a subset has the instances of its labels and a policy of its own', async () => {
    const subset = (version: string) => ({ name: version, labels: { version } })
    await rule('one', { subsets: [{ ...subset('v1'), ...whole }, subset('v9')] })
    const to = (name: string) => [{ destination: { host: 'one', subset: name } }]
    await put(
      istio('VirtualService', 'rule', {
        hosts: ['one'],
        http: [{ match: [{ uri: { exact: '/nobody' } }], route: to('v9') }, { route: to('v1') }],
      }),
    )
    expect(await connections()).toBe(6)
    expect((await client.get('one:9080', '/nobody')).status).toBe(503)
  })

  test('FT9: settings of a port are for that port alone', async () => {
    await rule('two', {
      trafficPolicy: { portLevelSettings: [{ port: { number: 9081 }, connectionPool: alone }] },
    })
    expect(await connections('two:9080')).toBeLessThan(3)
    expect(await connections('two:9081')).toBe(6)
  })

  test('FT9: endpoints take turns, or are drawn', async () => {
    const inTurns = async () => {
      const bodies = (await inTurn(30, 'reviews:9080')).map(({ body }) => body)
      return bodies.every((body, i) => i === 0 || body !== bodies[i - 1])
    }
    await balanced({ simple: 'ROUND_ROBIN' })
    await expect.poll(inTurns).toBe(true)
    await balanced({ simple: 'RANDOM' })
    expect(await inTurns()).toBe(false)
  })

  const places = async (path = '/', headers = {}) =>
    new Set((await inTurn(12, 'reviews:9080', path, headers)).map(({ body }) => body)).size
  const users = Array.from({ length: 12 }, (_, i) => `user-${i}`)

  test('FT9: a parameter, a cookie or the caller keeps like with like', async () => {
    expect(await places()).toBe(2)
    await balanced({ consistentHash: { useSourceIp: true } })
    expect(await places()).toBe(1)
    await balanced({ consistentHash: { httpQueryParameterName: 'user' } })
    expect(await places('/?user=a')).toBe(1)
    expect(await places('/?other=a')).toBe(2)
    const seen = new Set<string>()
    for (const user of users) seen.add((await client.get('reviews:9080', `/?user=${user}`)).body)
    expect(seen.size).toBe(2)
    await balanced({ consistentHash: { httpCookie: { name: 'user', path: '/shop', ttl: '60s' } } })
    expect(await places('/', { cookie: 'user=a' })).toBe(1)
    const { headers } = await client.get('reviews:9080')
    expect(headers['set-cookie']?.[0]).toMatch(/^user="[^"]+"; Max-Age=60; Path=\/shop/)
  })

  test('FT9: a ring and a table are as large as the rule says', async () => {
    const useSourceIp = true
    const ring = () => stat('reviews.*ring_hash_lb.size')
    await balanced({ consistentHash: { useSourceIp, ringHash: { minimumRingSize: 3_000 } } })
    await expect.poll(ring).toBe(3_000)
    await balanced({ consistentHash: { useSourceIp, minimumRingSize: 4_000 } })
    await expect.poll(ring).toBe(4_000)
    await balanced({ consistentHash: { useSourceIp, maglev: { tableSize: 101 } } })
    await expect.poll(() => stat('reviews.*maglev_lb.max_entries_per_host')).toBe(51)
  })

  test('FT9: a connection lasts as long as the pool says, busy or idle', async () => {
    await pool('one', { tcp: { maxConnectionDuration: '0.1s' } })
    sockets.clear()
    await expect
      .poll(async () => {
        await client.get('one:9080')
        return sockets.size
      })
      .toBeGreaterThan(3)
    await pool('one', { http: { idleTimeout: '0.1s' } })
    await client.get('one:9080')
    const before = closed
    await expect.poll(() => closed).toBeGreaterThan(before)
  })

  test('FT9: a connection may take as long to come about as the pool says, its TLS included', async () => {
    await rule('mute', {
      trafficPolicy: {
        connectionPool: { tcp: { connectTimeout: '1.5s' } },
        tls: { mode: 'SIMPLE', insecureSkipVerify: true },
      },
    })
    // The mesh's own limit is 1 s.
    const { status, ms } = await client.get('mute:9080')
    expect(status).toBe(503)
    expect(ms).toBeGreaterThanOrEqual(1_480)
  })

  test('FT9: Envoy asks the system to keep idle connections alive as the pool says', async () => {
    await pool('one', { tcp: { tcpKeepalive: { probes: 3, time: '7s', interval: '5s' } } })
    const dump = await client.envoy?.configDump('?resource=dynamic_active_clusters')
    const clusters = (dump?.configs ?? []) as {
      cluster: { name: string; upstream_connection_options?: unknown }
    }[]
    const found = clusters.find(({ cluster }) => cluster.name.startsWith('outbound|9080||one.'))
    expect(found?.cluster.upstream_connection_options).toEqual({
      tcp_keepalive: { keepalive_probes: 3, keepalive_time: 7, keepalive_interval: 5 },
    })
  })

  test('FT9: requests over HTTP/2 are limited, all of them and those of a connection', async () => {
    await pool('held', { http: { http2MaxRequests: 1 } })
    const answers = many(5, () => client.get('held:9080'))
    await expect.poll(() => waiting.length).toBe(1)
    const draining = setInterval(() => {
      for (const release of waiting.splice(0)) release()
    }, 20)
    expect((await answers).map(({ status }) => status).sort()).toEqual([200, 503, 503, 503, 503])
    await pool('held', { http: { maxConcurrentStreams: 1 } })
    clearInterval(draining)
    sockets.clear()
    const six = many(6, () => client.get('held:9080'))
    await expect.poll(() => waiting.length).toBe(6)
    expect(sockets.size).toBe(6)
    for (const release of waiting.splice(0)) release()
    await six
  })

  test('FT9: tries again are limited', async () => {
    const overflow = () => stat('broken.*upstream_rq_retry_overflow')
    const retries = { attempts: 5, retryOn: '5xx' }
    await put(
      istio('VirtualService', 'rule', {
        hosts: ['broken'],
        http: [{ retries, route: [{ destination: { host: 'broken' } }] }],
      }),
    )
    await pool('broken', { http: { maxRetries: 100 } })
    await many(20, () => client.get('broken:9080'))
    expect(await overflow()).toBe(0)
    await pool('broken', { http: { maxRetries: 1 } })
    await many(20, () => client.get('broken:9080'))
    expect(await overflow()).toBeGreaterThan(0)
  })

  test('FT9: a port is spoken to in HTTP/2, or as the caller speaks', async () => {
    expect((await client.get('spoken:9080')).body).not.toBe('http2')
    await pool('spoken', { http: { h2UpgradePolicy: 'UPGRADE' } })
    expect((await client.get('spoken:9080')).body).toBe('http2')
    expect((await client.get('spoken2:9080')).body).not.toBe('one')
    await pool('spoken2', { http: { useClientProtocol: true } })
    expect((await client.get('spoken2:9080')).body).toBe('one')
  })

  const statuses = async (count: number, authority: string) => [
    ...new Set((await inTurn(count, authority)).map(({ status }) => status)),
  ]

  test.each<IstioOutlierDetection>([
    { consecutive5xxErrors: 1 },
    { consecutiveGatewayErrors: 1, consecutive5xxErrors: 0 },
    { consecutiveErrors: 1, consecutive5xxErrors: 0 },
  ])('FT9: an endpoint that answers errors is left out by %j', async (counts) => {
    await outliers('ill', { consecutive5xxErrors: 0 })
    expect(await statuses(20, 'ill:9080')).toContain(503)
    await outliers('ill', counts)
    await expect.poll(() => statuses(8, 'ill:9080')).toEqual([200])
  })

  test('FT9: an endpoint that cannot be reached is told from one that answers errors', async () => {
    const split = { splitExternalLocalOriginErrors: true }
    await outliers('gone', { ...split, consecutiveLocalOriginFailures: 1, consecutive5xxErrors: 0 })
    await expect.poll(() => statuses(8, 'gone:9080')).toEqual([200])
    await outliers('gone', { ...split, consecutiveLocalOriginFailures: 0, consecutive5xxErrors: 1 })
    await inTurn(20, 'gone:9080')
    expect(await statuses(8, 'gone:9080')).toContain(503)
  })

  test('FT9: an endpoint is left out for as long as the rule says', async () => {
    await outliers('ill', { consecutive5xxErrors: 1, interval: '0.1s', baseEjectionTime: '0.3s' })
    const ejected = () => stat('ill.*ejections_active')
    await expect
      .poll(async () => {
        await inTurn(2, 'ill:9080')
        return ejected()
      })
      .toBe(1)
    // By default it would stay out for 30 s, and be looked at every 10 s.
    await expect.poll(ejected, { timeout: 5_000 }).toBe(0)
  })

  test('FT9: as many are left out as the rule says, and none where too few are well', async () => {
    const leaving = async (host: string, outlierDetection: IstioOutlierDetection, ejected: number) => {
      await outliers(host, { consecutive5xxErrors: 1, ...outlierDetection })
      await expect
        .poll(async () => {
          await inTurn(4, `${host}:9080`)
          return stat(`${host}.*ejections_active`)
        })
        .toBe(ejected)
    }
    const broken = async () => (await inTurn(8, 'broken:9080')).map(({ body }) => body)
    await leaving('broken', { maxEjectionPercent: 10 }, 1)
    expect(new Set(await broken())).toEqual(new Set(['broken']))
    await leaving('broken', { maxEjectionPercent: 100 }, 2)
    await expect.poll(async () => new Set(await broken())).toEqual(new Set(['no healthy upstream']))
    await leaving('ill', { minHealthPercent: 90 }, 1)
    expect(await statuses(8, 'ill:9080')).toContain(503)
  })

  test('FT9: TLS is originated, verified and answered with a certificate as the rule says', async () => {
    const { ca, sign, revoke } = issuer
    const other = authority(join(directory, 'other'))
    const mine = sign('client', ['DNS:client.example'])
    const asked = async (tls: ClientTls): Promise<string> => {
      await rule('secure', { trafficPolicy: { tls } })
      const { status, body } = await client.get('secure:9080')
      return status === 200 ? body : `${status}`
    }
    const simple: ClientTls = { mode: 'SIMPLE', caCertificates: ca, sni: 'a.example' }
    expect(await asked({ mode: 'DISABLE' })).toBe('503')
    expect(await asked(simple)).toBe('a.example undefined')
    expect(await asked({ ...simple, sni: 'b.example' })).toBe('503')
    expect(await asked({ ...simple, sni: 'b.example', subjectAltNames: ['a.example'] })).toBe(
      'b.example undefined',
    )
    expect(await asked({ ...simple, caCertificates: other.ca })).toBe('503')
    expect(await asked({ ...simple, caCertificates: other.ca, insecureSkipVerify: true })).toBe(
      'a.example undefined',
    )
    const shown = { clientCertificate: mine.cert, privateKey: mine.key }
    expect(await asked({ ...simple, mode: 'MUTUAL', ...shown })).toBe('a.example client')
    expect(await asked({ ...simple, caCrl: revoke('client') })).toBe('a.example undefined')
    expect(await asked({ ...simple, caCrl: revoke('server') })).toBe('503')
  })

  test('FT9: what is new gets its share little by little', async () => {
    // By now the endpoint that was there before has all of its own, or will soon.
    await expect.poll(() => Date.now() - warmingAt, { timeout: 2 * warmupMs }).toBeGreaterThan(warmupMs)
    const begunAt = Date.now()
    await mesh.workload('warm-new', {
      service: 'warm',
      sidecar: false,
      answer: (_, response) => response.end('new'),
    })
    await mesh.settled()
    await expect.poll(async () => (await client.get('warm:9080')).body).toBe('new')
    const bodies = (await inTurn(100, 'warm:9080')).map(({ body }) => body)
    // Its weight grows in proportion to time, from a tenth on.
    const grown = Math.max(0.1, Math.min(1, (Date.now() - begunAt) / warmupMs))
    expect(bodies.filter((body) => body === 'new').length).toBeLessThan((100 * grown) / (1 + grown) + 10)
  })
})
