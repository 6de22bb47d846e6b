import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RouteRuleSpec } from '../../src/model/routeRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('fields of route rules that other tests do not see, on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  let old: Workload
  let rules: string[] = []
  let attempts = 0

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'reviews', 'slow', 'first']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client', version: 'v2' })
    old = await mesh.workload('client-old', { service: 'client', version: 'v1' })
    for (const version of ['v1', 'v2'])
      await mesh.workload(`reviews-${version}`, { service: 'reviews', version, sidecar: false })
    await mesh.workload('slow', {
      service: 'slow',
      sidecar: false,
      answer: (_, response) => setTimeout(() => response.end('at last'), 15_500),
    })
    // The first attempt of every request hangs.
    await mesh.workload('first', {
      service: 'first',
      sidecar: false,
      answer: (_, response) => {
        attempts += 1
        if (attempts % 2 === 0) response.end('second')
      },
    })
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())
  afterEach(async () => {
    const all = rules
    rules = []
    for (const name of all) await mesh.remove('RouteRule', name)
    await mesh.settled()
  })

  const rule = async (name: string, spec: Partial<RouteRuleSpec>): Promise<void> => {
    const position = await mesh.put(routeRule(name, { destination: { name: 'reviews' }, ...spec }))
    rules.push(name)
    await mesh.settled(position)
  }
  const to = (version: string) => ({ route: [{ labels: { version } }] })
  const body = async (from: Workload, authority = 'reviews:9080') => (await from.get(authority)).body
  const tenTimes = async (from: Workload) =>
    [...new Set(await Promise.all(Array.from({ length: 10 }, () => body(from))))].sort()

  test('FT2: the rule with the higher precedence goes first, whatever its name', async () => {
    await rule('a', { ...to('v1'), precedence: 1 })
    await rule('b', { ...to('v2'), precedence: 2 })
    expect(await tenTimes(client)).toEqual(['reviews v2'])
  })

  test.each([
    ['labels', { name: 'client', labels: { version: 'v1' } }],
    ['namespace', { name: 'client', namespace: 'default', labels: { version: 'v1' } }],
    ['domain', { name: 'client', domain: 'svc.cluster.local', labels: { version: 'v1' } }],
    ['service', { service: 'client.default.svc.cluster.local', labels: { version: 'v1' } }],
  ])('FT2: a source is named by %s', async (_, source) => {
    await rule('from-old', { match: { source }, ...to('v1') })
    expect(await tenTimes(old)).toEqual(['reviews v1'])
    expect(await tenTimes(client)).toEqual(['reviews v1', 'reviews v2'])
  })

  test.each([
    ['name', { name: 'reviews' }],
    ['namespace', { name: 'reviews', namespace: 'default' }],
    ['domain', { name: 'reviews', domain: 'svc.cluster.local' }],
    ['service', { service: 'reviews.default.svc.cluster.local' }],
  ])('FT2: a destination, the rule’s and a route’s, is named by %s', async (_, destination) => {
    await rule('to-v2', { destination, route: [{ destination, labels: { version: 'v2' } }] })
    expect(await tenTimes(client)).toEqual(['reviews v2'])
  })

  test('FT2: a time-out for each try gives the next one its chance', async () => {
    await rule('retried', {
      destination: { name: 'first' },
      httpReqRetries: { simpleRetry: { attempts: 2, perTryTimeout: '0.3s' } },
    })
    expect(await body(client, 'first:9080')).toBe('second')
  })

  test('FT2: a time-out of zero is none, also beyond 15 s', { timeout: 60_000 }, async () => {
    await rule('patient', {
      destination: { name: 'slow' },
      httpReqTimeout: { simpleTimeout: { timeout: '0s' } },
    })
    expect(await body(client, 'slow:9080')).toBe('at last')
  })

  test('FT2: CORS says all that the rule says', async () => {
    await rule('cors', {
      corsPolicy: {
        allowOrigin: ['http://a.example'],
        allowMethods: ['PUT', 'GET'],
        allowHeaders: ['x-asked'],
        exposeHeaders: ['x-shown'],
        maxAge: '300s',
        allowCredentials: true,
      },
    })
    const origin = { origin: 'http://a.example' }
    const { headers } = await client.get(
      'reviews:9080',
      '/',
      { ...origin, 'access-control-request-method': 'PUT' },
      'OPTIONS',
    )
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'http://a.example',
      'access-control-allow-methods': 'PUT,GET',
      'access-control-allow-headers': 'x-asked',
      'access-control-max-age': '300',
      'access-control-allow-credentials': 'true',
    })
    const answer = await client.get('reviews:9080', '/', origin)
    expect(answer.headers['access-control-expose-headers']).toBe('x-shown')
  })

  test('FT2: a fraction of a percent is one', async () => {
    await rule('rare', { httpFault: { abort: { percent: 2.5, httpStatus: 418 } } })
    let aborted = 0
    for (let i = 0; i < 60; i += 1) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => client.get('reviews:9080')))
      aborted += answers.filter(({ status }) => status === 418).length
    }
    // 60 of 2,400; 2 % would be 48, none 0.
    expect(aborted).toBeGreaterThan(20)
    expect(aborted).toBeLessThan(100)
  })

  test('FT2: half a percent is not none', async () => {
    await rule('rarer', { httpFault: { delay: { percent: 0.5, fixedDelay: '0.5s' } } })
    let delayed = 0
    for (let i = 0; i < 50; i += 1) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => client.get('reviews:9080')))
      delayed += answers.filter(({ ms }) => ms >= 490).length
    }
    expect(delayed).toBeGreaterThan(0)
    expect(delayed).toBeLessThan(400)
  })
})
