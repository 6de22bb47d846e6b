import { describe, expect, test } from 'vitest'
import type { XdsType } from '../../src/model/xds.ts'
import { said, testClient } from './client.ts'
import { resource, testMesh } from './mesh.ts'

const meshOf = (type: XdsType) => {
  const mesh = testMesh(false)
  mesh.put(type, resource('a'), resource('b'), resource('c'))
  return mesh
}
const wholeSets = ['clusters', 'listeners'] as const
const byName = ['endpoints', 'routes'] as const
const services = (type: XdsType) => [type, 'ads'] as const

describe.each(wholeSets.flatMap((type) => services(type).map((service) => ({ type, service }))))(
  'state of the world, $type on $service',
  ({ type, service }) => {
    const start = () => {
      const mesh = meshOf(type)
      return { mesh, client: testClient(mesh, 'sotw', service) }
    }

    test('D1: no name at first means everything', () => {
      const { client } = start()
      expect(said(client.sotw(type, []))).toEqual([`${type} a@1 b@1 c@1`])
    })
    test('D1: so does a star', () => {
      const { client } = start()
      expect(said(client.sotw(type, ['*']))).toEqual([`${type} a@1 b@1 c@1`])
    })
    test('D1: everything of nothing is said too, for a client waits for it', () => {
      expect(said(testClient(testMesh(false), 'sotw', service).sotw(type, []))).toEqual([type])
    })
    test('D2: an acknowledgement is answered by silence', () => {
      const { client } = start()
      const [first] = client.sotw(type, [])
      expect(said(client.ack(first))).toEqual([])
      expect(client.status().state).toBe('synced')
    })
    test('D3: a change sends the whole set', () => {
      const { mesh, client } = start()
      client.ackAll(client.sotw(type, []))
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([`${type} a@1 b@2 c@1`])
    })
    test('D3: what comes is added to it, what goes is left out', () => {
      const { mesh, client } = start()
      client.ackAll(client.sotw(type, []))
      expect(said(client.changed(mesh.put(type, resource('d'))))).toEqual([`${type} a@1 b@1 c@1 d@1`])
      expect(said(client.changed(mesh.remove(type, 'a')))).toEqual([`${type} b@1 c@1 d@1`])
    })
    test('D3: the last that goes leaves an empty set', () => {
      const { mesh, client } = start()
      client.ackAll(client.sotw(type, ['a']))
      expect(said(client.changed(mesh.remove(type, 'a')))).toEqual([type])
    })
    test('D4: who names resources gets those', () => {
      const { client } = start()
      expect(said(client.sotw(type, ['a', 'b']))).toEqual([`${type} a@1 b@1`])
    })
    test('D4: and hears nothing of others', () => {
      const { mesh, client } = start()
      client.ackAll(client.sotw(type, ['a']))
      expect(said(client.changed(mesh.put(type, resource('c', '2'))))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([`${type} a@2`])
    })
    test('D5: what does not exist yet comes when it exists', () => {
      const { mesh, client } = start()
      expect(said(client.ackAll(client.sotw(type, ['x'])))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('x'))))).toEqual([`${type} x@1`])
    })
    test('D6: a name more sends the whole set of names', () => {
      const { client } = start()
      const [first] = client.sotw(type, ['a'])
      expect(said(client.sotw(type, ['a', 'b'], { nonce: first?.nonce ?? '' }))).toEqual([`${type} a@1 b@1`])
    })
    test('D6: a name less is answered by silence, and is forgotten', () => {
      const { mesh, client } = start()
      const [first] = client.sotw(type, ['a', 'b'])
      expect(said(client.sotw(type, ['a'], { nonce: first?.nonce ?? '' }))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([])
      const [next] = client.changed(mesh.put(type, resource('a', '2')))
      expect(said(next ? [next] : [])).toEqual([`${type} a@2`])
    })
    test.each([[[]], [['']]])('D7: after any name, %j wants nothing, not everything', (none) => {
      const { mesh, client } = start()
      const [first] = client.sotw(type, ['a', 'b'])
      expect(said(client.sotw(type, none, { nonce: first?.nonce ?? '' }))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([])
    })
    test('D7: a name drops the everything of a client that named none', () => {
      const { mesh, client } = start()
      const [first] = client.sotw(type, [])
      client.sotw(type, ['a'], { nonce: first?.nonce ?? '' })
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([])
    })
    test('D7: unless it lists the star', () => {
      const { mesh, client } = start()
      const [first] = client.sotw(type, ['*'])
      client.sotw(type, ['*', 'a'], { nonce: first?.nonce ?? '' })
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([`${type} a@1 b@2 c@1`])
    })
    test('D8: a request with a stale nonce changes nothing', () => {
      const { mesh, client } = start()
      const [first] = client.sotw(type, ['a'])
      client.changed(mesh.put(type, resource('a', '2')))
      expect(said(client.sotw(type, ['a', 'b'], { nonce: first?.nonce ?? '' }))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([])
    })
    test('D9: nothing waits for an acknowledgement that does not come', () => {
      const { mesh, client } = start()
      client.sotw(type, ['a'])
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([`${type} a@2`])
      expect(said(client.changed(mesh.put(type, resource('a', '3'))))).toEqual([`${type} a@3`])
    })
    test('D10: versions depend on content only', () => {
      const one = testClient(meshOf(type), 'sotw', service).sotw(type, [])
      const mesh = testMesh(false)
      mesh.put(type, resource('c'), resource('b'))
      mesh.elsewhere()
      mesh.put(type, resource('a'))
      const other = testClient(mesh, 'sotw', service).sotw(type, [])
      expect(other[0]?.version).toBe(one[0]?.version)
    })
    test('D11: a reconnecting client tells its version and no nonce, and is answered', () => {
      const { client } = start()
      expect(said(client.sotw(type, [], { version: 'whatever' }))).toEqual([`${type} a@1 b@1 c@1`])
    })
  },
)

describe.each(byName.flatMap((type) => services(type).map((service) => ({ type, service }))))(
  'state of the world, $type on $service',
  ({ type, service }) => {
    const start = () => {
      const mesh = meshOf(type)
      return { mesh, client: testClient(mesh, 'sotw', service) }
    }

    test('D4: who names resources gets those, and their changes alone', () => {
      const { mesh, client } = start()
      const first = client.sotw(type, ['a', 'b'])
      expect(said(first)).toEqual([`${type} a@1 b@1`])
      client.ackAll(first)
      expect(said(client.changed(mesh.put(type, resource('b', '2'))))).toEqual([`${type} b@2`])
      expect(said(client.changed(mesh.put(type, resource('c', '2'))))).toEqual([])
    })
    test('D5: what does not exist is answered when it exists', () => {
      const { mesh, client } = start()
      expect(said(client.sotw(type, ['x']))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('x'))))).toEqual([`${type} x@1`])
    })
    test('D6: a name more sends what it names, also when it was sent and dropped before', () => {
      const { client } = start()
      const [first] = client.sotw(type, ['a', 'b'])
      expect(said(client.sotw(type, ['a'], { nonce: first?.nonce ?? '' }))).toEqual([])
      expect(said(client.sotw(type, ['a', 'b'], { nonce: first?.nonce ?? '' }))).toEqual([`${type} b@1`])
    })
    test('D12: what goes is not said: its parent goes', () => {
      const { mesh, client } = start()
      client.ackAll(client.sotw(type, ['a', 'b']))
      expect(said(client.changed(mesh.remove(type, 'a')))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('a'))))).toEqual([`${type} a@1`])
    })
    test.each([[[]], [['']]])('D7: after any name, %j wants nothing', (none) => {
      const { mesh, client } = start()
      const [first] = client.sotw(type, ['a'])
      expect(said(client.sotw(type, none, { nonce: first?.nonce ?? '' }))).toEqual([])
      expect(said(client.changed(mesh.put(type, resource('a', '2'))))).toEqual([])
    })
  },
)

describe('state of the world', () => {
  test('D13: endpoints are given again to who seems to acknowledge them twice', () => {
    const client = testClient(meshOf('endpoints'), 'sotw')
    const [first] = client.sotw('endpoints', ['a', 'b'])
    expect(said(client.ack(first))).toEqual([])
    expect(said(client.ack(first))).toEqual(['endpoints a@1 b@1'])
  })
  test('D14: an acknowledgement under another type is passed over, and holds nothing back', () => {
    const mesh = meshOf('endpoints')
    mesh.put('clusters', resource('x'))
    const client = testClient(mesh, 'sotw')
    const [first] = client.sotw('endpoints', ['a'])
    expect(said(client.sotw('clusters', [], { nonce: first?.nonce ?? '' }))).toEqual([])
    expect(said(client.changed(mesh.put('clusters', resource('x', '2'))))).toEqual([])
    expect(said(client.changed(mesh.put('endpoints', resource('a', '2'))))).toEqual(['endpoints a@2'])
  })
  test('D15: a refused version is reported with the reason, and not sent again', () => {
    const mesh = meshOf('clusters')
    const client = testClient(mesh, 'sotw')
    client.ackAll(client.sotw('clusters', []))
    const [push] = client.changed(mesh.put('clusters', resource('b', 'bad')))
    expect(said(client.nack(push, 'Error adding/updating cluster(s) b: no'))).toEqual([])
    expect(client.status()).toMatchObject({
      state: 'rejected',
      rejections: [
        { resource: 'b', message: 'Error adding/updating cluster(s) b: no', cause: { name: 'b' } },
      ],
    })
    expect(said(client.changed(mesh.put('clusters', resource('a', '2'))))).toEqual(['clusters a@2 b@1 c@1'])
    const [good] = client.changed(mesh.put('clusters', resource('b', '3')))
    expect(said(good ? [good] : [])).toEqual(['clusters a@2 b@3 c@1'])
    client.ack(good)
    expect(client.status()).toMatchObject({ state: 'synced', rejections: [] })
  })
})
