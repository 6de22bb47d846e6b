import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { IngressRuleSpec } from '../../src/model/ingressRule.ts'
import type { StringMatch } from '../../src/model/routeRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('an ingress on a real Envoy', () => {
  let mesh: Mesh
  let gate: Workload
  let made: (readonly [kind: string, name: string])[] = []

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['gate', 'reviews', 'ratings', 'echo']) await mesh.put(service(name))
    gate = await mesh.workload('gate', { service: 'gate', type: 'ingress' })
    const direct = { sidecar: false }
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1', ...direct })
    await mesh.workload('reviews-v2', { service: 'reviews', version: 'v2', ...direct })
    await mesh.workload('ratings-v1', { service: 'ratings', version: 'v1', ...direct })
    await mesh.workload('echo', {
      service: 'echo',
      ...direct,
      answer: ({ url, headers }, response) => response.end(JSON.stringify({ url, headers })),
    })
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())
  afterEach(async () => {
    for (const [kind, name] of made) await mesh.remove(kind, name)
    made = []
    await mesh.settled()
  })

  const put = async (resource: { kind: string; metadata: { name: string } }): Promise<void> => {
    made.push([resource.kind, resource.metadata.name])
    await mesh.settled(await mesh.put(resource))
  }

  const ingress = (
    name: string,
    to: string,
    headers: Record<string, StringMatch>,
    more: Partial<IngressRuleSpec> = {},
  ): Promise<void> =>
    put({
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'IngressRule',
      metadata: { name, namespace: 'default' },
      spec: { destination: { name: to }, match: { request: { headers } }, ...more },
    } as { kind: string; metadata: { name: string } })

  const answer = async (authority: string, path: string, headers: Record<string, string> = {}) => {
    const { status, body } = await gate.get(authority, path, headers)
    return status === 200 ? body : status
  }

  test('I8: without rules it listens, and answers 404', async () => {
    expect(await answer('shop.example', '/')).toBe(404)
  })

  test('I8: requests find their service by path, exact before regex before prefix', async () => {
    await ingress('exact', 'ratings', { uri: { exact: '/a' } })
    await ingress('regex', 'echo', { uri: { regex: '/[0-9]+' } })
    await ingress('prefix', 'reviews', { uri: { prefix: '/a' } })
    expect(await answer('any.example', '/a')).toBe('ratings v1')
    expect(await answer('any.example', '/a?q=1')).toBe('ratings v1')
    expect(await answer('any.example', '/ab')).toMatch(/^reviews v/)
    expect(await answer('any.example', '/42')).toContain('"url":"/42"')
    expect(await answer('any.example', '/42x')).toBe(404)
  })

  test('I8: requests find their service by host, with any port, and by wildcard', async () => {
    await ingress('shop', 'ratings', { authority: { exact: 'shop.example' } })
    await ingress('wild', 'reviews', { authority: { exact: '*.shop.example' } })
    await ingress('begins', 'echo', { authority: { prefix: 'api.' } })
    expect(await answer('shop.example', '/')).toBe('ratings v1')
    expect(await answer('SHOP.example:1234', '/')).toBe('ratings v1')
    expect(await answer('eu.shop.example', '/')).toMatch(/^reviews v/)
    expect(await answer('api.other', '/')).toContain('api.other')
    expect(await answer('other.example', '/')).toBe(404)
  })

  test('I8: requests find their service by header', async () => {
    await ingress('beta', 'ratings', { 'x-beta': { regex: 'y(es)?' } })
    await ingress('rest', 'reviews', {})
    expect(await answer('any.example', '/', { 'x-beta': 'yes' })).toBe('ratings v1')
    expect(await answer('any.example', '/', { 'x-beta': 'yes!' })).toMatch(/^reviews v/)
  })

  test('I8: behind it hold the destination’s rules: subsets, rewrites, faults, both regexes and prefixes', async () => {
    const destination = { name: 'reviews' }
    const uri = (match: StringMatch) => ({ match: { request: { headers: { uri: match } } } })
    await ingress('in', 'reviews', { uri: { prefix: '/r' } })
    await ingress('echo', 'echo', { uri: { prefix: '/e/v1' } })
    await put(routeRule('v2', { destination, route: [{ labels: { version: 'v2' } }] }))
    await put(
      routeRule('teapot', {
        destination,
        precedence: 1,
        ...uri({ regex: '/.*pot' }),
        httpFault: { abort: { percent: 100, httpStatus: 418 } },
      }),
    )
    await put(
      routeRule('rewrite', {
        destination: { name: 'echo' },
        ...uri({ prefix: '/e' }),
        rewrite: { uri: '/f' },
      }),
    )
    for (let i = 0; i < 6; i += 1) expect(await answer('any.example', '/r')).toBe('reviews v2')
    expect(await answer('any.example', '/r/pot')).toBe(418)
    expect(await answer('any.example', '/r/pot?x=1')).toBe(418)
    expect(await answer('any.example', '/pot')).toBe(404)
    expect(await answer('any.example', '/e/v1/x')).toContain('"url":"/f/v1/x"')
  })

  test('I8: the address of a caller is the connection’s, whatever it says', async () => {
    await ingress('echo', 'echo', {})
    expect(await answer('any.example', '/', { 'x-forwarded-for': '6.6.6.6' })).toMatch(
      /"x-forwarded-for":"6\.6\.6\.6,[0-9a-f.:]+"/,
    )
  })

  test('I8: rules that come, change and go cost no request to others', async () => {
    await ingress('steady', 'ratings', { authority: { exact: 'steady.example' } })
    const seen: (string | number)[] = []
    let going = true
    const asking = (async () => {
      while (going) seen.push(await answer('steady.example', '/'))
    })()
    await ingress('other', 'reviews', { authority: { exact: 'other.example' } })
    await ingress('other', 'echo', { authority: { exact: 'other.example' } })
    await put(routeRule('v2', { destination: { name: 'reviews' }, route: [{ labels: { version: 'v2' } }] }))
    await mesh.settled(await mesh.remove('IngressRule', 'other'))
    made = made.filter(([, name]) => name !== 'other')
    going = false
    await asking
    expect(new Set(seen)).toEqual(new Set(['ratings v1']))
  })
})
