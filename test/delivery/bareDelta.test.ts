import { describe, expect, test } from 'vitest'
import { xdsTypes } from '../../src/model/xds.ts'
import { said, testClient } from './client.ts'
import { resource, testMesh } from './mesh.ts'

describe.each(xdsTypes.flatMap((type) => [type, 'ads' as const].map((service) => ({ type, service }))))(
  'delta, $type on $service',
  ({ type, service }) => {
    const start = () => {
      const mesh = testMesh(false)
      mesh.put(type, resource('a'), resource('b'), resource('c'))
      return { mesh, client: testClient(mesh, 'delta', service) }
    }

    test.each([[[]], [['*']]])('D1: %j at first means everything', (subscribe) => {
      const { client } = start()
      expect(said(client.delta(type, { subscribe }))).toEqual([`${type} a@1 b@1 c@1`])
    })
    test('D1: everything of nothing is said too, for a client waits for it', () => {
      expect(said(testClient(testMesh(false), 'delta', service).delta(type))).toEqual([type])
    })
    test('D2: an acknowledgement is answered by silence', () => {
      const { client } = start()
      const [first] = client.delta(type)
      expect(said(client.ack(first))).toEqual([])
      expect(client.status().state).toBe('synced')
    })
    test('D16: changes say what changed, came and went', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type))
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([`${type} b@2`])
      expect(said(client.changed(mesh.put(type, resource('d'))))).toEqual([`${type} d@1`])
      expect(said(client.changed(mesh.remove(type, 'a')))).toEqual([`${type} -a`])
    })
    test('D4: who names resources gets those, and hears nothing of others', () => {
      const { mesh, client } = start()
      expect(said(client.ackAll(client.delta(type, { subscribe: ['a', 'b'] })))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('c', '2'))))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([`${type} b@2`])
    })
    test('D17: what does not exist is answered as removed, and comes when it exists', () => {
      const { mesh, client } = start()
      const first = client.delta(type, { subscribe: ['a', 'x'] })
      expect(said(first)).toEqual([`${type} a@1 -x`])
      client.ackAll(first)
      expect(said(client.changed(mesh.put(type, resource('x'))))).toEqual([`${type} x@1`])
    })
    test('D18: a name subscribed again is answered again', () => {
      const { client } = start()
      client.ackAll(client.delta(type, { subscribe: ['a'] }))
      expect(said(client.delta(type, { subscribe: ['a'] }))).toEqual([`${type} a@1`])
    })
    test('D19: a subscription counts under any nonce, stale, foreign or none', () => {
      const { mesh, client } = start()
      const [first] = client.delta(type, { subscribe: ['a'] })
      client.changed(mesh.put(type, resource('a', '2')))
      expect(said(client.delta(type, { subscribe: ['b'] }, { nonce: first?.nonce ?? '' }))).toEqual([
        `${type} b@1`,
      ])
      expect(said(client.delta(type, { unsubscribe: ['b'] }))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([])
      expect(said(client.delta(type, { subscribe: ['c'] }, { nonce: 'x7' }))).toEqual([`${type} c@1`])
    })
    test('D20: who unsubscribes from every name wants nothing, not everything', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type, { subscribe: ['a', 'b'] }))
      expect(said(client.delta(type, { unsubscribe: ['a', 'b'] }))).toEqual([])
      expect(said(client.delta(type))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([])
    })
    test('D20: an unsubscription from what was never subscribed is passed over', () => {
      const { client } = start()
      client.ackAll(client.delta(type, { subscribe: ['a'] }))
      expect(said(client.delta(type, { unsubscribe: ['b', 'x'] }))).toEqual([])
    })
    test('D21: a name beside everything keeps everything; without the name it is still answered', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type))
      expect(said(client.delta(type, { subscribe: ['a', 'x'] }))).toEqual([`${type} a@1 -x`])
      expect(said(client.delta(type, { unsubscribe: ['a', 'x'] }))).toEqual([`${type} a@1 -x`])
      expect(said(client.changed(mesh.put(type, resource('a', '2'), resource('b', '2'))))).toEqual([
        `${type} a@2 b@2`,
      ])
    })
    test('D21: who gives up the star keeps its names', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type, { subscribe: ['*', 'a'] }))
      expect(said(client.delta(type, { unsubscribe: ['*'] }))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([`${type} a@2`])
    })
    test('D22: a reconnecting client gets only what differs from what it says it has', () => {
      const { client } = start()
      expect(said(client.delta(type, { initial: { a: 'a@1', b: 'b@0', x: 'x@1' } }))).toEqual([
        `${type} b@1 c@1 -x`,
      ])
    })
    test('D22: also when it names what it wants', () => {
      const { client } = start()
      const initial = { a: 'a@1', b: 'b@0', x: 'x@1' }
      expect(said(client.delta(type, { subscribe: ['a', 'b', 'x'], initial }))).toEqual([`${type} b@1 -x`])
    })
    test('D22: what it has already is not sent later either', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type, { initial: { a: 'a@1', b: 'b@1', c: 'c@1' } }))
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([`${type} a@2`])
      expect(client.status().state).toBe('pending')
    })
    test('D23: what comes back as it was is not sent again', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type))
      expect(said(client.changed(mesh.put(type, resource('a'))))).toEqual([])
    })
    test('D15: a refused version is reported with the reason, and not sent again', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type))
      const [push] = client.changed(mesh.put(type, resource('b', 'bad')))
      expect(said(client.nack(push, 'no'))).toEqual([])
      expect(client.status()).toMatchObject({
        state: 'rejected',
        rejections: [{ resource: 'b', message: 'no', cause: { kind: 'RouteRule', name: 'b' } }],
      })
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([`${type} a@2`])
      client.ackAll(client.changed(mesh.put(type, resource('b', '3'))))
      expect(client.status().rejections).toEqual([])
    })
    test('D24: where nothing tells which of several was refused, the rejection names none', () => {
      const { mesh, client } = start()
      client.ackAll(client.delta(type))
      const [push] = client.changed(mesh.put(type, resource('a', 'bad'), resource('b', 'bad')))
      client.nack(push, 'something is wrong')
      expect(client.status().rejections).toEqual([expect.objectContaining({ resource: '' })])
      client.ackAll(client.changed(mesh.put(type, resource('a', '3'))))
      expect(client.status()).toMatchObject({ state: 'synced', rejections: [] })
    })
  },
)

describe('streams', () => {
  test('D25: several streams of one node know nothing of each other', () => {
    const mesh = testMesh(false)
    mesh.put('routes', resource('a'))
    const one = testClient(mesh, 'delta', 'routes')
    const other = testClient(mesh, 'sotw', 'ads')
    one.ackAll(one.delta('routes', { subscribe: ['a'] }))
    expect(said(other.sotw('routes', ['a']))).toEqual(['routes a@1'])
    const change = mesh.put('routes', resource('a', '2'))
    expect(said(one.changed(change))).toEqual(['routes a@2'])
    expect(one.status().state).toBe('pending')
    expect(said(other.changed(change))).toEqual(['routes a@2'])
  })
  test('D26: a request without a type on the aggregated service ends the stream', () => {
    const client = testClient(testMesh(false))
    const body = {
      protocol: 'delta',
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map<string, string>(),
    } as const
    client.raw({ typeUrl: '', nonce: '', body })
    expect(client.ends).toEqual([expect.objectContaining({ type: 'end', code: 3 })])
  })
  test('D26: a single-type service needs none, and refuses another', () => {
    const mesh = testMesh(false)
    mesh.put('routes', resource('a'))
    const client = testClient(mesh, 'delta', 'routes')
    const body = {
      protocol: 'delta',
      subscribe: ['a'],
      unsubscribe: [],
      initialVersions: new Map<string, string>(),
    } as const
    expect(said(client.raw({ typeUrl: '', nonce: '', body }))).toEqual(['routes a@1'])
    expect(said(client.delta('clusters'))).toEqual([])
    expect(client.ends).toEqual([expect.objectContaining({ code: 3 })])
  })
  test('D27: a change elsewhere sends nothing, and is acknowledged', () => {
    const mesh = testMesh(false)
    mesh.put('routes', resource('a'))
    const client = testClient(mesh)
    client.ackAll(client.delta('routes', { subscribe: ['a'] }))
    expect(client.status().ackedPosition).toBe(2)
    expect(said(client.changed(mesh.elsewhere()))).toEqual([])
    expect(client.status()).toMatchObject({ state: 'synced', ackedPosition: 3 })
    client.changed(mesh.put('routes', resource('a', '2')))
    expect(client.status()).toMatchObject({ state: 'pending', ackedPosition: 3 })
  })
})
