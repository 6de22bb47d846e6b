import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type {
  IstioConnectionPool,
  IstioLoadBalancer,
  IstioOutlierDetection,
  TrafficPolicy,
} from '../../src/model/istio/destinationRule.ts'
import { authority } from '../certificates.ts'
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
/** Services whose new endpoints warm up, and how. */
const warming = new Map([
  ['slow', { minimumPercent: 1 }],
  ['full', { minimumPercent: 100 }],
  ['eager', { minimumPercent: 1, aggression: 50 }],
])

/** Answers a request with the version of the PROXY protocol that its connection began with. */
const sayingItsHeader = (socket: Socket): void => {
  let heard = ''
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1')
    if (!/GET \/[\s\S]*\r\n\r\n$/.test(heard)) return
    const v1 = /^PROXY TCP4 [\d.]+ [\d.]+ \d+ \d+\r\n/.test(heard)
    const body = v1 ? 'V1' : heard.startsWith('\r\n\r\n\0\r\nQUIT\n') ? 'V2' : 'none'
    socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`)
  })
}

describe.skipIf(envoy.skip)('younger fields of traffic policies, on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  let port = 0
  let pings = 0
  let warmingAt = 0
  let directory = ''
  /** What endpoints say of their load, by name. */
  const reports = new Map<string, string>()
  const servers: Server[] = []
  const { put, clear } = passingResources(() => mesh)

  const listening = async (server: Server, last: number): Promise<void> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(port, at(last), done))
  }

  beforeAll(async () => {
    port = await freePort()
    mesh = await startMesh(envoy.path)
    for (const name of [
      'client',
      'reviews',
      'failing',
      'busy',
      'broken',
      'loaded',
      'told',
      'told-tls',
      ...warming.keys(),
    ])
      await mesh.put(service(name))
    for (const name of ['pinged', 'mute'])
      await mesh.put(service(name, { ports: [{ name: 'http2', port: 9080 }] }))
    client = await mesh.workload('client', { service: 'client' })
    const answering = (of: string, name: string, statusOf: () => number) =>
      mesh.workload(`${of}-${name}`, {
        service: of,
        sidecar: false,
        answer: (_, response) => response.writeHead(statusOf()).end(name),
      })
    for (const name of ['v1', 'v2']) await answering('reviews', name, () => 200)
    for (const name of ['a', 'b', 'c', 'd']) await answering('failing', name, () => 200)
    // Every other answer: never two in a row.
    let answered = 0
    await answering('failing', 'e', () => {
      answered += 1
      return answered % 2 === 0 ? 500 : 200
    })
    await answering('busy', 'well', () => 200)
    await answering('busy', 'busy', () => 429)
    await answering('broken', 'broken', () => 500)
    for (const name of ['a', 'b'])
      await mesh.workload(`loaded-${name}`, {
        service: 'loaded',
        sidecar: false,
        answer: (_, response) => {
          const report = reports.get(name)
          if (report !== undefined) response.setHeader('endpoint-load-metrics', `TEXT ${report}`)
          response.end(name)
        },
      })
    for (const [name, how] of warming) {
      await answering(name, 'old', () => 200)
      const loadBalancer = { simple: 'ROUND_ROBIN', warmup: { duration: `${warmupMs}ms`, ...how } } as const
      await mesh.put(istio('DestinationRule', name, { host: name, trafficPolicy: { loadBalancer } }))
    }
    await listening(createServer(sayingItsHeader), 3)
    await mesh.put(instance('told-1', 'told', at(3), { ports: { http: port } }))
    directory = await mkdtemp(join(tmpdir(), 'rutter-policies-'))
    const { cert, key } = authority(join(directory, 'issuer')).sign('server', ['DNS:told.example'])
    const https = createHttpsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) =>
      response.end('within TLS'),
    )
    await listening(https, 5)
    await listening(
      createServer((socket) =>
        socket.once('data', (chunk) => {
          if (!chunk.toString('latin1').startsWith('PROXY TCP4 ')) return socket.destroy()
          const inner = connect(port, at(5))
          // Envoy may reset what the test leaves behind.
          for (const end of [socket, inner]) end.on('error', () => end.destroy())
          inner.write(chunk.subarray(chunk.indexOf('\r\n') + 2))
          return socket.pipe(inner).pipe(socket)
        }),
      ),
      4,
    )
    await mesh.put(instance('told-tls-1', 'told-tls', at(4), { ports: { http: port } }))
    const pinged = createHttp2Server((_, response) => response.end('pinged'))
    pinged.on('session', (session) => {
      session.on('ping', () => {
        pings += 1
      })
    })
    await listening(pinged, 1)
    await mesh.put(instance('pinged-1', 'pinged', at(1), { ports: { http2: port } }))
    await listening(
      createServer((socket) => socket.on('error', () => {}).resume()),
      2,
    )
    await mesh.put(instance('mute-1', 'mute', at(2), { ports: { http2: port } }))
    await mesh.settled()
    warmingAt = Date.now()
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const server of servers) server.close()
    await rm(directory, { recursive: true })
  })
  afterEach(clear)

  const policy = (host: string, trafficPolicy: TrafficPolicy): Promise<void> =>
    put(istio('DestinationRule', 'rule', { host, trafficPolicy }))
  const pool = (host: string, connectionPool: IstioConnectionPool) => policy(host, { connectionPool })
  const outliers = (host: string, outlierDetection: IstioOutlierDetection) =>
    policy(host, { outlierDetection })
  const balanced = (host: string, loadBalancer: IstioLoadBalancer) => policy(host, { loadBalancer })

  const many = (count: number, ask: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, ask))
  const inTurn = async (count: number, ask: () => Promise<Answer>): Promise<readonly Answer[]> => {
    const answers: Answer[] = []
    while (answers.length < count) answers.push(await ask())
    return answers
  }
  const stat = async (name: string): Promise<number> => {
    const stats = await client.envoy?.stats(name)
    return [...(stats?.values() ?? [])].reduce((sum, value) => sum + value, 0)
  }

  test('FT9: a connection of HTTP/2 is asked whether it lives, and closed where nobody answers', async () => {
    await client.get('pinged:9080')
    expect(pings).toBe(0)
    const http2KeepAlive = { interval: '0.05s', timeout: '0.2s' }
    await pool('pinged', { http: { http2KeepAlive } })
    await client.get('pinged:9080')
    await expect.poll(() => pings).toBeGreaterThan(3)
    // By itself Envoy would wait for ever.
    await pool('mute', { http: { http2KeepAlive } })
    expect((await client.get('mute:9080')).status).toBe(503)
    expect(await stat('mute.*keepalive_timeout')).toBeGreaterThan(0)
  })

  test('FT9: a cookie has the attributes of the rule', async () => {
    const attributes = [{ name: 'SameSite', value: 'Strict' }, { name: 'Secure' }]
    await balanced('reviews', { consistentHash: { httpCookie: { name: 'user', ttl: '60s', attributes } } })
    const { headers } = await client.get('reviews:9080')
    expect(headers['set-cookie']?.[0]).toMatch(/^user="[^"]+"; Max-Age=60; .*SameSite=Strict; Secure/)
  })

  test('FT9: an endpoint is left out for the statuses that the rule says are errors, and for no others', async () => {
    const busy = async () =>
      new Set((await inTurn(8, () => client.get('busy:9080'))).map(({ status }) => status))
    await outliers('busy', { consecutive5xxErrors: 1, outlierDetectionHttpErrorCodes: [500, 503] })
    await busy()
    expect(await busy()).toContain(429)
    await outliers('busy', { consecutive5xxErrors: 1, outlierDetectionHttpErrorCodes: [429] })
    await expect.poll(busy).toEqual(new Set([200]))
  })

  test('FT9: an endpoint is left out for its share of errors', async () => {
    await outliers('failing', {
      failurePercentageThreshold: 30,
      consecutive5xxErrors: 2,
      interval: '4s',
      maxEjectionPercent: 100,
    })
    // Of five endpoints each has to have 50 answers within an interval.
    const ejected = async (): Promise<number> => {
      await many(150, () => client.get('failing:9080'))
      return stat('failing.*ejections_enforced_failure_percentage$')
    }
    await expect.poll(ejected, { timeout: 25_000 }).toBe(1)
    const answers = await many(20, () => client.get('failing:9080'))
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['a', 'b', 'c', 'd']))
  })

  test('FT9: connections begin with the header of the PROXY protocol that the rule says, also before TLS', async () => {
    const told = async () => (await client.get('told:9080')).body
    expect(await told()).toBe('none')
    await policy('told', { proxyProtocol: {} })
    expect(await told()).toBe('V1')
    await policy('told', { proxyProtocol: { version: 'V2' } })
    expect(await told()).toBe('V2')
    const tls = { mode: 'SIMPLE', insecureSkipVerify: true } as const
    await policy('told-tls', { tls, proxyProtocol: { version: 'V1' } })
    expect((await client.get('told-tls:9080')).body).toBe('within TLS')
  })

  test('FT9: what is tried again has a share of the requests, of a time too, and a least number', async () => {
    await put(
      istio('VirtualService', 'rule', {
        hosts: ['broken'],
        http: [
          {
            retries: { attempts: 2, retryOn: '5xx', retryIgnorePreviousHosts: false },
            route: [{ destination: { host: 'broken' } }],
          },
        ],
      }),
    )
    const overflown = async (retryBudget: NonNullable<TrafficPolicy['retryBudget']>): Promise<number> => {
      await policy('broken', { retryBudget })
      const before = await stat('broken.*upstream_rq_retry_overflow')
      await many(20, () => client.get('broken:9080'))
      return (await stat('broken.*upstream_rq_retry_overflow')) - before
    }
    const little = { percent: 1, minRetryConcurrency: 1 }
    expect(await overflown(little)).toBeGreaterThan(0)
    expect(await overflown({ ...little, minRetryConcurrency: 100 })).toBe(0)
    expect(await overflown({ ...little, percent: 100, budgetInterval: '60s' })).toBe(0)
  })

  test('FT9: requests go by what endpoints report of their load, of what the rule says, while it is new', async () => {
    /** Of 40 requests, those that `a` gets. */
    const share = async (): Promise<number> =>
      (await inTurn(40, () => client.get('loaded:9080'))).filter(({ body }) => body === 'a').length
    const utilized = (more: IstioLoadBalancer['backendUtilization']) =>
      balanced('loaded', {
        backendUtilization: { weightStabilizationPeriod: '0s', weightUpdatePeriod: '0.1s', ...more },
      })
    const reporting = (a: string, b: string) => {
      reports.set('a', `${a},rps_fractional=100`)
      reports.set('b', `${b},rps_fractional=100`)
    }
    reporting(
      'application_utilization=0.9,named_metrics.foo=0.1',
      'application_utilization=0.1,named_metrics.foo=0.9',
    )
    await utilized({})
    await expect.poll(share).toBeLessThan(10)
    await utilized({ metricNamesForComputingUtilization: ['named_metrics.foo'] })
    await expect.poll(share).toBeGreaterThan(30)
    reporting('application_utilization=0.5,eps=100', 'application_utilization=0.5')
    await utilized({ errorUtilizationPenaltyPercent: 300 })
    await expect.poll(share).toBeLessThan(10)
    reports.clear()
    expect(await share()).toBeLessThan(10)
    reporting('application_utilization=0.9', 'application_utilization=0.1')
    await utilized({ weightExpirationPeriod: '1s' })
    await expect.poll(share).toBeLessThan(10)
    reports.clear()
    await expect.poll(share, { timeout: 10_000 }).toBeGreaterThan(14)
    reporting('application_utilization=0.9', 'application_utilization=0.1')
    await utilized({ weightStabilizationPeriod: '60s' })
    await share()
    expect(await share()).toBeGreaterThan(14)
  })

  test('FT9: what is new gets at first what the rule says, and its share as fast as it says', async () => {
    // By now the endpoints that were there before have all of theirs, or will soon.
    await expect.poll(() => Date.now() - warmingAt, { timeout: 2 * warmupMs }).toBeGreaterThan(warmupMs)
    /** Of 60 requests, those that the new one gets, and the most it may get of them by a growth in proportion to time. */
    const shareOfNew = async (name: string): Promise<{ share: number; atMost: number }> => {
      const begunAt = Date.now()
      await mesh.workload(`${name}-new`, {
        service: name,
        sidecar: false,
        answer: (_, response) => response.end('new'),
      })
      await mesh.settled()
      const bodies = (await inTurn(60, () => client.get(`${name}:9080`))).map(({ body }) => body)
      const grown = Math.min(1, (Date.now() - begunAt) / warmupMs)
      return { share: bodies.filter((body) => body === 'new').length, atMost: (60 * grown) / (1 + grown) }
    }
    const slow = await shareOfNew('slow')
    expect(slow.share).toBeLessThan(slow.atMost + 5)
    expect((await shareOfNew('full')).share).toBeGreaterThan(25)
    expect((await shareOfNew('eager')).share).toBeGreaterThan(20)
  })
})
