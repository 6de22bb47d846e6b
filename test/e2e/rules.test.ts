import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RouteRuleSpec } from '../../src/model/routeRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { type Answer, type Mesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('route rules on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  let other: Workload
  let rules: string[] = []

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'other', 'reviews', 'echo', 'flaky', 'slow']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client' })
    other = await mesh.workload('other', { service: 'other' })
    const direct = { sidecar: false }
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1', ...direct })
    await mesh.workload('reviews-v2', { service: 'reviews', version: 'v2', ...direct })
    await mesh.workload('echo', {
      service: 'echo',
      ...direct,
      answer: (request, response) =>
        response.end(JSON.stringify({ url: request.url, headers: request.headers })),
    })
    let calls = 0
    await mesh.workload('flaky', {
      service: 'flaky',
      ...direct,
      answer: (_, response) => {
        calls += 1
        response.writeHead(calls % 3 === 0 ? 200 : 503).end()
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
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())

  const rule = async (
    name: string,
    spec: Omit<RouteRuleSpec, 'destination'>,
    to = 'reviews',
  ): Promise<void> => {
    rules.push(name)
    await mesh.settled(await mesh.put(routeRule(name, { destination: { name: to }, ...spec })))
  }
  afterEach(async () => {
    for (const name of rules) await mesh.remove('RouteRule', name)
    rules = []
    await mesh.settled()
  })

  const versionsOf = (answers: readonly Answer[]): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { status, body } of answers) {
      const key = status === 200 ? body.replace('reviews ', '') : String(status)
      counts[key] = (counts[key] ?? 0) + 1
    }
    return counts
  }

  const many = async (count: number, ask: () => Promise<Answer>): Promise<Answer[]> => {
    const answers: Answer[] = []
    while (answers.length < count) answers.push(...(await Promise.all(Array.from({ length: 20 }, ask))))
    return answers
  }

  const headers = (matches: Record<string, { exact?: string; prefix?: string; regex?: string }>) => ({
    request: { headers: matches },
  })

  test('E2: 90/10 weights land within three points over 2,000 requests', async () => {
    await rule('weights', {
      route: [
        { labels: { version: 'v1' }, weight: 90 },
        { labels: { version: 'v2' }, weight: 10 },
      ],
    })
    const seen = versionsOf(await many(2_000, () => client.get('reviews:9080')))
    expect((seen['v1'] ?? 0) + (seen['v2'] ?? 0)).toBe(2_000)
    expect(Math.abs(((seen['v2'] ?? 0) / 2_000) * 100 - 10)).toBeLessThanOrEqual(3)
  })

  test.each([
    ['exact', { exact: 'jason' }, 'jason', 'jasonx'],
    ['prefix', { prefix: 'ja' }, 'jason', 'xjason'],
    ['regex, over the whole value', { regex: 'j.*n' }, 'jason', 'jasons'],
  ])('E3: a header rule (%s) sends only matching requests', async (_, match, takes, leaves) => {
    const v2 = [{ labels: { version: 'v2' } }]
    const v1 = [{ labels: { version: 'v1' } }]
    await rule('all', { route: v1 })
    await rule('by-header', { precedence: 2, match: headers({ 'x-user': match }), route: v2 })
    const ask = (user?: string) =>
      client.get('reviews:9080', '/', user === undefined ? {} : { 'x-user': user })
    expect(versionsOf(await many(20, () => ask(takes)))).toEqual({ v2: 20 })
    expect(versionsOf(await many(20, () => ask(leaves)))).toEqual({ v1: 20 })
    expect(versionsOf(await many(20, () => ask()))).toEqual({ v1: 20 })
  })

  test.each([
    ['uri exact', { uri: { exact: '/a' } }, '/a?q=1', 'GET', '/a/b', 'GET'],
    ['uri prefix', { uri: { prefix: '/api' } }, '/api/x', 'GET', '/x/api', 'GET'],
    ['uri regex', { uri: { regex: '/v[0-9]+/x' } }, '/v12/x?v=1', 'GET', '/v12/xy', 'GET'],
    ['method', { method: { exact: 'POST' } }, '/', 'POST', '/', 'GET'],
    ['scheme', { scheme: { exact: 'http' }, uri: { exact: '/s' } }, '/s', 'GET', '/t', 'GET'],
  ])(
    'E3: a rule by %s sends only matching requests',
    async (_, match, path, method, otherPath, otherMethod) => {
      await rule('all', { route: [{ labels: { version: 'v1' } }] })
      await rule('some', { precedence: 2, match: headers(match), route: [{ labels: { version: 'v2' } }] })
      expect(await client.get('reviews:9080', path, {}, method)).toMatchObject({ body: 'reviews v2' })
      expect(await client.get('reviews:9080', otherPath, {}, otherMethod)).toMatchObject({
        body: 'reviews v1',
      })
    },
  )

  test('E3: a long regex is taken by an Envoy with our bootstrap', async () => {
    await rule('long', {
      match: headers({ uri: { regex: `/(${'[a-z]{1,20}|'.repeat(12)}x)` } }),
      route: [{ labels: { version: 'v2' } }],
    })
    expect((await client.get('reviews:9080', '/abcdefghij')).body).toBe('reviews v2')
  })

  test('E3: a rule by authority', async () => {
    await rule('all', { route: [{ labels: { version: 'v1' } }] })
    await rule('short', {
      precedence: 2,
      match: headers({ authority: { exact: 'reviews.default:9080' } }),
      route: [{ labels: { version: 'v2' } }],
    })
    expect((await client.get('reviews.default:9080')).body).toBe('reviews v2')
    expect((await client.get('reviews:9080')).body).toBe('reviews v1')
  })

  test('E4: a redirect is 301 to the path and authority that the rule says', async () => {
    await rule('moved', {
      match: headers({ uri: { exact: '/old' } }),
      redirect: { uri: '/new', authority: 'elsewhere.example' },
    })
    const moved = await client.get('reviews:9080', '/old')
    expect(moved.status).toBe(301)
    expect(moved.headers.location).toBe('http://elsewhere.example/new')
    expect((await client.get('reviews:9080', '/older')).status).toBe(200)
  })

  test('E4: a rewrite changes path and authority on the way', async () => {
    await rule(
      'rewritten',
      {
        match: headers({ uri: { prefix: '/api' } }),
        rewrite: { uri: '/internal', authority: 'inner.example' },
      },
      'echo',
    )
    const { body } = await client.get('echo:9080', '/api/items?id=1')
    expect(JSON.parse(body)).toMatchObject({
      url: '/internal/items?id=1',
      headers: { host: 'inner.example' },
    })
  })

  test('E5: a timeout ends a slow answer with 504', async () => {
    await rule('impatient', { httpReqTimeout: { simpleTimeout: { timeout: '0.3s' } } }, 'slow')
    const answer = await client.get('slow:9080')
    expect(answer.status).toBe(504)
    expect(answer.ms).toBeGreaterThanOrEqual(290)
  })

  test('E5: a retry hides a failing answer', async () => {
    expect(versionsOf(await many(60, () => client.get('flaky:9080')))['503']).toBeGreaterThan(20)
    await rule('patient', { httpReqRetries: { simpleRetry: { attempts: 5, perTryTimeout: '2s' } } }, 'flaky')
    const answers: Answer[] = []
    for (let i = 0; i < 30; i += 1) answers.push(await client.get('flaky:9080'))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  })

  test('E6: a delay delays every request that the rule takes', async () => {
    await rule('delayed', { httpFault: { delay: { percent: 100, fixedDelay: '0.4s' } } })
    const answer = await client.get('reviews:9080')
    expect(answer.status).toBe(200)
    expect(answer.ms).toBeGreaterThanOrEqual(390)
  })

  test('E6: an abort aborts the share that the rule names', async () => {
    await rule('aborted', { httpFault: { abort: { percent: 50, httpStatus: 418 } } })
    const seen = versionsOf(await many(600, () => client.get('reviews:9080')))
    expect(Math.abs((seen['418'] ?? 0) / 6 - 50)).toBeLessThan(10)
  })

  test('E7: a fault that is limited to a path leaves other paths alone', async () => {
    await rule('broken-path', {
      match: headers({ uri: { prefix: '/broken' } }),
      httpFault: { abort: { percent: 100, httpStatus: 555 } },
    })
    expect((await client.get('reviews:9080', '/broken/x')).status).toBe(555)
    expect(versionsOf(await many(40, () => client.get('reviews:9080', '/fine')))['555']).toBeUndefined()
  })

  test('E8: a rule with a source holds for that caller and not for another', async () => {
    await rule('for-client', {
      match: { source: { name: 'client' } },
      route: [{ labels: { version: 'v2' } }],
    })
    expect(versionsOf(await many(20, () => client.get('reviews:9080')))).toEqual({ v2: 20 })
    expect(Object.keys(versionsOf(await many(40, () => other.get('reviews:9080')))).sort()).toEqual([
      'v1',
      'v2',
    ])
  })

  test('E10: a change that does not concern a proxy pushes nothing to it', async () => {
    const updates = async (workload: Workload) => {
      const stats = await workload.envoy?.stats('update_success|update_attempt')
      return [...(stats ?? [])].filter(([name]) =>
        /(cds|lds|rds|eds|http_proxy|cluster\.outbound)/.test(name),
      )
    }
    const before = await updates(other)
    expect(before.length).toBeGreaterThan(0)
    await rule('for-client', {
      match: { source: { name: 'client' } },
      route: [{ labels: { version: 'v2' } }],
    })
    const { proxies } = await mesh.json<{ proxies: { id: string; ackedPosition: number; state: string }[] }>(
      '/api/v1/proxies',
    )
    const { position } = await mesh.json<{ position: number }>('/api/v1/snapshot')
    expect(proxies.find(({ id }) => id === other.node)).toMatchObject({
      state: 'synced',
      ackedPosition: position,
    })
    expect(await updates(other)).toEqual(before)
  })

  test('an unknown authority answers 404, and every form of a name is known', async () => {
    expect((await client.get('nobody:9080')).status).toBe(404)
    for (const form of [
      'reviews',
      'reviews.default',
      'reviews.default.svc',
      'reviews.default.svc.cluster.local',
    ])
      expect((await client.get(`${form}:9080`)).status).toBe(200)
  })
})
