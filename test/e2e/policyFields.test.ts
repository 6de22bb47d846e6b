import { createServer } from 'node:http2'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { DestinationPolicySpec } from '../../src/model/destinationPolicy.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { instance, routeRule, service } from '../reducers/given.ts'
import { type Answer, type Mesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()
type Breaker = NonNullable<NonNullable<DestinationPolicySpec['circuitBreaker']>['simpleCb']>

describe.skipIf(envoy.skip)('fields of destination policies, on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  let other: Workload
  const { put, clear } = passingResources(() => mesh)
  const sockets = new Set<unknown>()
  const waiting: (() => void)[] = []

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'other', 'reviews', 'held', 'ill', 'broken']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client' })
    other = await mesh.workload('other', { service: 'other' })
    for (const version of ['v1', 'v2'])
      await mesh.workload(`reviews-${version}`, {
        service: 'reviews',
        version,
        sidecar: false,
        answer: ({ socket }, response) => {
          sockets.add(socket)
          response.end(version)
        },
      })
    await mesh.workload('held', {
      service: 'held',
      sidecar: false,
      answer: (_, response) => waiting.push(() => response.end('held')),
    })
    for (const state of ['well', 'ill'])
      await mesh.workload(`ill-${state}`, {
        service: 'ill',
        version: state,
        sidecar: false,
        answer: (_, response) => {
          response.statusCode = state === 'ill' ? 503 : 200
          response.end(state)
        },
      })
    await mesh.workload('broken', {
      service: 'broken',
      sidecar: false,
      answer: (_, response) => {
        response.statusCode = 503
        response.end()
      },
    })
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())
  afterEach(async () => {
    for (const release of waiting.splice(0)) release()
    await clear()
  })

  const policy = (spec: DestinationPolicySpec): Promise<void> =>
    put({
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'DestinationPolicy',
      metadata: { name: 'policy', namespace: 'default' },
      spec,
    } as { kind: string; metadata: { name: string } })
  const breaker = (name: string, simpleCb: Breaker, more: Partial<DestinationPolicySpec> = {}) =>
    policy({ destination: { name }, circuitBreaker: { simpleCb }, ...more })

  const many = (count: number, ask: () => Promise<Answer>) => Promise.all(Array.from({ length: count }, ask))
  /** Requests that wait for their answer; the number that were turned away at once. */
  const overflow = async (count: number, from = client): Promise<number> => {
    let away = 0
    const all = many(count, async () => {
      const answer = await from.get('held:9080')
      if (answer.headers['x-envoy-overloaded'] === 'true') away += 1
      return answer
    })
    await expect.poll(() => away + waiting.length, { timeout: 5_000 }).toBeGreaterThan(1)
    // Those that are queued reach the application one after the other.
    const draining = setInterval(() => {
      for (const release of waiting.splice(0)) release()
    }, 20)
    await all
    clearInterval(draining)
    return away
  }

  test('FT3: connections and what waits for one are limited', async () => {
    expect(await overflow(10)).toBe(0)
    await breaker('held', { maxConnections: 1, httpMaxPendingRequests: 1 })
    expect(await overflow(10)).toBeGreaterThan(4)
  })

  test('FT3: a policy with a source is for that caller alone', async () => {
    await breaker('held', { maxConnections: 1, httpMaxPendingRequests: 1 }, { source: { name: 'client' } })
    expect(await overflow(10)).toBeGreaterThan(4)
    expect(await overflow(10, other)).toBe(0)
  })

  test('FT3: a policy for labels is for the requests that are routed to them', async () => {
    await put(
      routeRule('to-v1', { destination: { name: 'reviews' }, route: [{ labels: { version: 'v1' } }] }),
    )
    await breaker(
      'reviews',
      { httpMaxRequestsPerConnection: 1 },
      { destination: { name: 'reviews', labels: { version: 'v1' } } },
    )
    sockets.clear()
    await many(6, () => client.get('reviews:9080'))
    expect(sockets.size).toBe(6)
  })

  test('FT3: a connection ends after as many requests as it may have', async () => {
    await breaker('reviews', { httpMaxRequestsPerConnection: 1 })
    sockets.clear()
    for (let i = 0; i < 6; i += 1) await client.get('reviews:9080')
    expect(sockets.size).toBe(6)
  })

  test('FT3: retries at one time are limited', async () => {
    await put(
      routeRule('retried', {
        destination: { name: 'broken' },
        httpReqRetries: { simpleRetry: { attempts: 5, perTryTimeout: '5s' } },
      }),
    )
    await breaker('broken', { httpMaxRetries: 1 })
    await many(20, () => client.get('broken:9080'))
    const stats = await client.envoy?.stats('cluster.outbound.*broken.*upstream_rq_retry_overflow')
    expect(Math.max(...(stats?.values() ?? []))).toBeGreaterThan(0)
  })

  test('FT3: requests at one time are limited', async () => {
    const held: (() => void)[] = []
    const app = createServer((_, response) => held.push(() => response.end()))
    const port = await freePort()
    await new Promise<void>((done) => app.listen(port, '127.0.0.1', done))
    onTestFinished(() => {
      app.close()
    })
    await put(service('many', { ports: [{ name: 'http2', port: 9080 }] }))
    await put(instance('many', 'many', '127.0.0.1', { ports: { http2: port } }))
    await breaker('many', { httpMaxRequests: 1 })
    const answers = many(5, () => client.get('many:9080'))
    await expect.poll(() => held.length).toBe(1)
    held[0]?.()
    expect((await answers).map(({ status }) => status).sort()).toEqual([200, 503, 503, 503, 503])
  })

  test('FT3: an instance that answers errors is left out, for parts of a second too', async () => {
    await breaker('ill', {
      httpConsecutiveErrors: 2,
      httpDetectionInterval: '0.1s',
      sleepWindow: '0.6s',
      httpMaxEjectionPercent: 100,
    })
    const statuses = async (count: number) =>
      (await many(count, () => client.get('ill:9080'))).map((a) => a.status)
    await expect.poll(async () => [...new Set(await statuses(6))], { timeout: 10_000 }).toEqual([200])
    // Its window over, it is tried again.
    await expect
      .poll(async () => (await statuses(4)).includes(503), { timeout: 10_000, interval: 20 })
      .toBe(true)
  })

  test.each(['ROUND_ROBIN', 'LEAST_CONN', 'RANDOM'] as const)(
    'FT3: %s is how Envoy balances',
    async (name) => {
      await policy({ destination: { name: 'reviews' }, loadBalancing: { name } })
      const answers = await many(200, () => client.get('reviews:9080'))
      const first = answers.filter(({ body }) => body === 'v1').length
      expect(first).toBeGreaterThan(50)
      expect(first).toBeLessThan(150)
      const dump = await client.envoy?.configDump('?resource=dynamic_active_clusters')
      const clusters = (dump?.configs ?? []) as { cluster: { name: string; lb_policy?: string } }[]
      const { cluster } = clusters.find((one) => one.cluster.name.startsWith('outbound|9080||reviews')) ?? {}
      const wanted = { ROUND_ROBIN: undefined, LEAST_CONN: 'LEAST_REQUEST', RANDOM: 'RANDOM' }[name]
      expect(cluster?.lb_policy).toBe(wanted)
    },
  )
})
