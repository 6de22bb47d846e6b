import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { EnvoyResourceSpec } from '../../src/model/envoyResource.ts'
import type { MeshEvent } from '../../src/model/event.ts'
import type { Resource } from '../../src/model/resource.ts'
import { nameOf } from '../../src/model/resourceName.ts'
import type { Change, WriteRequest } from '../../src/model/write.ts'
import { admit } from '../../src/reducers/admit.ts'
import { applied, given, routeRule, service } from './given.ts'

const apply = (resource: Resource): Change => ({ type: 'apply', resource })
const remove = (resource: Resource): Change => ({ type: 'remove', name: nameOf(resource) })

const when = (before: readonly MeshEvent[], changes: readonly Change[], more: Partial<WriteRequest> = {}) =>
  admit(given(...before).mesh, { changes, actor: 'anonymous', source: 'http', ...more })

const refusal = (...call: Parameters<typeof when>): string => {
  const result = when(...call)
  return isRight(result) ? 'admitted' : result.left._tag
}

const events = (...call: Parameters<typeof when>): readonly MeshEvent[] => {
  const result = when(...call)
  return isRight(result) ? result.right.events : []
}

const rule = routeRule('r', {
  destination: { name: 'reviews' },
  route: [{ labels: { version: 'v1' }, weight: 100 }],
})

const envoyResource = (
  name: string,
  proxies: EnvoyResourceSpec['proxies'],
  inner = 'x',
): Resource<'EnvoyResource'> => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'EnvoyResource',
  metadata: { name, namespace: 'default' },
  spec: {
    proxies,
    resource: { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: inner },
  },
})

describe('admission', () => {
  test('R7: asking for what is already so appends nothing, in whatever order its keys come', () => {
    const reordered = JSON.parse(
      '{"spec":{"route":[{"weight":100,"labels":{"version":"v1"}}],"destination":{"name":"reviews"}},' +
        '"metadata":{"namespace":"default","name":"r"},"kind":"RouteRule","apiVersion":"config.istio.io/v1alpha2"}',
    )
    expect(when([applied(rule)], [apply(reordered)])).toMatchObject({
      right: { events: [], items: [{ outcome: 'unchanged', before: { position: 1 } }] },
    })
  })

  test('R7: what differs is an event', () => {
    expect(events([applied(rule)], [apply({ ...rule, spec: { ...rule.spec, precedence: 1 } })])).toHaveLength(
      1,
    )
    expect(events([], [apply(service('reviews'))])[0]?.type).toBe('ServiceRegistered')
  })

  test('R8: one refused change refuses the request', () =>
    expect(refusal([], [apply(service('a')), remove(service('b'))])).toBe('NotFound'))

  test('R9: the same resource twice in one request is refused', () =>
    expect(refusal([], [apply(service('a')), remove(service('a'))])).toBe('Clash'))

  test.each([
    ['all and all', { all: true as const }, { all: true as const }, 'Clash'],
    ['ids that meet', { ids: ['a', 'b'] }, { ids: ['b'] }, 'Clash'],
    ['ids apart', { ids: ['a'] }, { ids: ['b'] }, 'admitted'],
    ['types apart', { types: ['sidecar' as const] }, { types: ['ingress' as const] }, 'admitted'],
    ['labels', { labels: { a: '1' } }, { labels: { a: '2' } }, 'Clash'],
    ['an id of another type', { ids: ['sidecar~1.1.1.1~a~b'] }, { types: ['router' as const] }, 'admitted'],
    ['a bare id and types', { ids: ['edge-1'] }, { types: ['router' as const] }, 'admitted'],
    ['an id of that type', { ids: ['router~1.1.1.1~a~b'] }, { types: ['router' as const] }, 'Clash'],
  ])('R10: two EnvoyResources of one name for %s', (_, first, second, expected) => {
    expect(refusal([applied(envoyResource('one', first))], [apply(envoyResource('two', second))])).toBe(
      expected,
    )
    expect(refusal([], [apply(envoyResource('one', first)), apply(envoyResource('two', second))])).toBe(
      expected,
    )
  })

  test('R10: an EnvoyResource does not clash with itself, nor with another inner name', () => {
    const one = envoyResource('one', { all: true })
    expect(refusal([applied(one)], [apply(envoyResource('one', { ids: ['a'] }))])).toBe('admitted')
    expect(refusal([applied(one)], [apply(envoyResource('two', { all: true }, 'y'))])).toBe('admitted')
  })

  test('R11: removing what is absent is refused, and so is a failed precondition', () => {
    expect(refusal([], [remove(rule)])).toBe('NotFound')
    expect(refusal([applied(rule)], [remove(rule)], { precondition: (stands) => stands === undefined })).toBe(
      'PreconditionFailed',
    )
    expect(events([applied(rule)], [remove(rule)])[0]?.type).toBe('ConfigRemoved')
  })

  test('R12: a mesh has one MeshSettings', () => {
    const settings = (name: string): Resource<'MeshSettings'> => ({
      apiVersion: 'rutter.dev/v1',
      kind: 'MeshSettings',
      metadata: { name, namespace: 'default' },
      spec: {},
    })
    expect(refusal([applied(settings('mesh'))], [apply(settings('other'))])).toBe('Clash')
    expect(refusal([], [apply(settings('mesh')), apply(settings('other'))])).toBe('Clash')
  })
})
