import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Resource } from '../../src/model/resource.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { accepts } from './accepts.ts'
import { startLoad } from './load.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'
import { type Random, randomFrom } from './randomFrom.ts'

const envoy = await envoyOrSkip()
/** `RUTTER_HITLESS_SECONDS` for a longer or a shorter run. */
const seconds = Number(process.env['RUTTER_HITLESS_SECONDS'] ?? 30)
const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_124)

describe.skipIf(envoy.skip)('without a failed request', () => {
  let mesh: Mesh
  let clients: Workload[] = []
  let reviews: Workload[] = []

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'reviews', 'ratings']) await mesh.put(service(name))
    clients = [
      await mesh.workload('client-1', { service: 'client', version: 'v1' }),
      await mesh.workload('client-2', { service: 'client', version: 'v2' }),
    ]
    reviews = []
    for (const version of ['v1', 'v2', 'v3'])
      reviews.push(await mesh.workload(`reviews-${version}`, { service: 'reviews', version }))
    await mesh.workload('ratings-v1', { service: 'ratings', version: 'v1' })
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())

  const senders = () =>
    clients.flatMap((client) => [() => client.get('reviews:9080'), () => client.get('ratings:9080')])

  const finish = async (load: ReturnType<typeof startLoad>) => {
    const seen = await load.stop()
    expect(seen.failures).toEqual([])
    expect(seen.perSecond).toBeGreaterThanOrEqual(200)
    await mesh.settled()
  }

  test('E9: an endpoint that leaves gets no request after the change was acknowledged', async () => {
    const leaver = reviews[2] as Workload
    const load = startLoad(senders(), 220)
    await mesh.settled(await mesh.remove('Instance', leaver.name))
    const servedThen = leaver.served()
    const [client] = clients
    for (let i = 0; i < 100; i += 1) await client?.get('reviews:9080')
    expect(leaver.served()).toBe(servedThen)
    await mesh.settled(await mesh.put(leaver.instance))
    const before = leaver.served()
    for (let i = 0; i < 150; i += 1) await client?.get('reviews:9080')
    expect(leaver.served()).toBeGreaterThan(before + 20)
    await finish(load)
  })

  test(
    `E11: rules that mint and remove subset clusters come and go for ${seconds} s`,
    async () => {
      const load = startLoad(senders(), 220)
      const endAt = Date.now() + seconds * 1000
      let changes = 0
      while (Date.now() < endAt) {
        const version = `v${(changes % 3) + 1}`
        const name = `mint-${changes % 2}`
        await mesh.put(
          routeRule(name, {
            destination: { name: 'reviews' },
            precedence: changes,
            route: [{ labels: { version }, weight: 60 }, { weight: 40 }],
          }),
        )
        await after(60)
        await mesh.remove('RouteRule', name)
        changes += 2
        await after(60)
      }
      expect(changes / seconds).toBeGreaterThanOrEqual(5)
      await finish(load)
    },
    (seconds + 60) * 1000,
  )

  test('E17: an instance that comes back when its proxy has long taken its listener down is called once it listens', async () => {
    const [leaver] = reviews as [Workload]
    const isListening = () => accepts(leaver.address, 9080)
    const load = startLoad(senders(), 220)
    for (let i = 0; i < 5; i += 1) {
      await mesh.remove('Instance', leaver.name)
      await vi.waitUntil(async () => !(await isListening()), { timeout: 10_000 })
      const before = leaver.served()
      await mesh.settled(await mesh.put(leaver.instance))
      expect(await isListening()).toBe(true)
      await vi.waitUntil(() => leaver.served() > before, { timeout: 10_000 })
    }
    await finish(load)
  }, 120_000)

  test('E17: so is one that is new, at a proxy that runs', async () => {
    await mesh.workload('reviews-v4', { service: 'reviews', version: 'v4' })
    await mesh.settled()
    const load = startLoad(senders(), 220)
    for (let i = 0; i < 5; i += 1) {
      const one = await mesh.workload(`reviews-new-${i}`, { service: 'reviews', version: 'v4' })
      await vi.waitUntil(() => one.served() > 0, { timeout: 10_000 })
    }
    await finish(load)
  }, 120_000)

  test(
    `E12: random edits of rules, policies and endpoints for ${seconds} s (seed ${seed})`,
    async () => {
      const random = randomFrom(seed)
      const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)] as T
      const standing = new Set<string>()
      const load = startLoad(senders(), 220)
      const endAt = Date.now() + seconds * 1000
      let away: Workload | undefined
      while (Date.now() < endAt) {
        const edit = random()
        if (edit < 0.2) {
          // One at most is away, so that every version that a rule names alone is not asked for.
          if (away === undefined) {
            away = pick(reviews)
            await mesh.remove('Instance', away.name)
          } else {
            await mesh.put(away.instance)
            away = undefined
          }
        } else if (edit < 0.4 && standing.size > 0) {
          const [kind = '', name = ''] = pick([...standing]).split('/')
          standing.delete(`${kind}/${name}`)
          await mesh.remove(kind, name)
        } else {
          const resource = edit < 0.7 ? randomRule(random, pick) : randomPolicy(random, pick)
          standing.add(`${resource.kind}/${resource.metadata.name}`)
          await mesh.put(resource)
        }
        await after(40 + random() * 80)
      }
      if (away !== undefined) await mesh.put(away.instance)
      await finish(load)
    },
    (seconds + 60) * 1000,
  )
})

type Pick = <T>(some: readonly T[]) => T

/** Rules under which every request can be answered whoever of reviews is away. */
const randomRule = (random: Random, pick: Pick): Resource => {
  const number = Math.floor(random() * 4)
  return routeRule(`rule-${number}`, {
    destination: { name: 'reviews' },
    precedence: Math.floor(random() * 10),
    ...(random() < 0.5
      ? { match: { source: { name: 'client', labels: { version: pick(['v1', 'v2']) } } } }
      : {}),
    route: pick([
      [{ weight: 100 }],
      [{ labels: { app: 'none' }, weight: 0 }, { weight: 100 }],
      [{ labels: { version: 'v9' }, weight: 0 }, { weight: 100 }],
    ]),
    ...(random() < 0.5 ? { httpReqTimeout: { simpleTimeout: { timeout: `${5 + number}s` } } } : {}),
    ...(random() < 0.5 ? { httpReqRetries: { simpleRetry: { attempts: 2 } } } : {}),
  })
}

const randomPolicy = (random: Random, pick: Pick): Resource => {
  const name = pick(['reviews', 'ratings'])
  return {
    apiVersion: 'config.istio.io/v1alpha2',
    kind: 'DestinationPolicy',
    metadata: { name: `policy-${name}`, namespace: 'default' },
    spec: {
      destination: { name },
      loadBalancing: { name: pick(['ROUND_ROBIN', 'LEAST_CONN', 'RANDOM'] as const) },
      ...(random() < 0.5
        ? { circuitBreaker: { simpleCb: { maxConnections: 200 + Math.floor(random() * 100) } } }
        : {}),
    },
  }
}
