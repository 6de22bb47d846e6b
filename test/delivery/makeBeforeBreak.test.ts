import { describe, expect, test } from 'vitest'
import { said, type TestClient, testClient } from './client.ts'
import { resource, routes, type TestMesh, testMesh, together, vhost } from './mesh.ts'

/** Two services behind one listener, as Envoy knows them once it is up. */
const start = (protocol: 'sotw' | 'delta' = 'delta') => {
  const mesh = testMesh(true)
  mesh.put('clusters', resource('x'), resource('y'))
  mesh.put('endpoints', resource('x'), resource('y'))
  mesh.put('listeners', resource('http'))
  mesh.put('routes', routes('80', vhost('vx', '1', 'x'), vhost('vy', '1', 'y')))
  const client = testClient(mesh, protocol)
  boot(client, protocol)
  return { mesh, client }
}

const boot = (client: TestClient, protocol: 'sotw' | 'delta') => {
  const ask = (type: 'clusters' | 'endpoints' | 'listeners' | 'routes', ...subscribe: string[]) =>
    client.ackAll(protocol === 'sotw' ? client.sotw(type, subscribe) : client.delta(type, { subscribe }))
  ask('clusters')
  ask('endpoints', 'x', 'y')
  ask('listeners')
  ask('routes', '80')
}

const addService = (mesh: TestMesh, name: string) =>
  together(
    mesh.put('clusters', resource(name)),
    mesh.put('endpoints', resource(name)),
    mesh.put(
      'routes',
      routes('80', vhost('vx', '1', 'x'), vhost('vy', '1', 'y'), vhost(`v${name}`, '1', name)),
    ),
  )

describe('make before break, delta', () => {
  test('D30: what is up is synced', () => {
    expect(start().client.status()).toMatchObject({ state: 'synced', ackedPosition: 5, rejections: [] })
  })
  test('D52: an alarm that rings a moment early is set again', () => {
    const { mesh, client } = start()
    const [clusters] = client.changed(addService(mesh, 'z'))
    client.ack(client.delta('endpoints', { subscribe: ['z'] })[0])
    expect(said(client.wake(1))).toEqual([])
    expect(clusters?.type).toBe('clusters')
    expect(said(client.wake())).toEqual(['clusters -z'])
  })
  /** As `start`, but for the routes, for which Envoy asks while a third service comes. */
  const startWithoutRoutes = () => {
    const mesh = testMesh(true)
    mesh.put('clusters', resource('x'), resource('y'))
    mesh.put('endpoints', resource('x'), resource('y'))
    mesh.put('listeners', resource('http'))
    mesh.put('routes', routes('80', vhost('vx', '1', 'x'), vhost('vy', '1', 'y')))
    const client = testClient(mesh, 'delta')
    client.ackAll(client.delta('clusters', { subscribe: [] }))
    client.ackAll(client.delta('endpoints', { subscribe: ['x', 'y'] }))
    client.ackAll(client.delta('listeners', { subscribe: [] }))
    const first = client.changed(addService(mesh, 'z'))
    return { client, first, asked: client.delta('routes', { subscribe: ['80'] }) }
  }

  test('D53: who has no routes yet gets them when the clusters that come with them are acknowledged, all of them', () => {
    const { client, first, asked } = startWithoutRoutes()
    expect(said(first)).toEqual(['clusters z@1'])
    expect(said(asked)).toEqual([])
    expect(client.status().state).toBe('pending')
    client.ackAll(client.delta('endpoints', { subscribe: ['z'] }))
    expect(said(client.ack(first[0]))).toEqual(['routes 80[vx@1 vy@1 vz@1]'])
  })
  test('D53: no longer than for an acknowledgement: then those that can be used', () => {
    const { client } = startWithoutRoutes()
    expect(said(client.wake())).toContain('routes 80[vx@1 vy@1]')
  })
  test('D31: a route waits until its cluster is acknowledged', () => {
    const { mesh, client } = start()
    const first = client.changed(addService(mesh, 'z'))
    expect(said(first)).toEqual(['clusters z@1'])
    const eds = client.delta('endpoints', { subscribe: ['z'] })
    expect(said(eds)).toEqual(['endpoints z@1'])
    expect(said(client.ackAll(eds))).toEqual([])
    expect(said(client.ack(first[0]))).toEqual(['routes 80[vx@1 vy@1 vz@1]'])
    expect(client.status().state).toBe('pending')
  })
  test('D31: other virtual hosts of the same routes do not wait with it', () => {
    const { mesh, client } = start()
    const [cds, rds] = client.changed(
      together(
        mesh.put('clusters', resource('z')),
        mesh.put(
          'routes',
          routes('80', vhost('vx', '2', 'z'), vhost('vy', '2', 'y'), vhost('new', '1', 'z')),
        ),
      ),
    )
    expect(said([...(cds ? [cds] : []), ...(rds ? [rds] : [])])).toEqual([
      'clusters z@1',
      'routes 80[vx@1 vy@2]',
    ])
    expect(said(client.ack(rds))).toEqual([])
    expect(said(client.ack(cds))).toEqual(['routes 80[vx@2 vy@2 new@1]'])
  })
  test('D32: a changed cluster comes with its endpoints, for which Envoy does not ask', () => {
    const { mesh, client } = start()
    expect(said(client.changed(mesh.put('clusters', resource('x', '2'))))).toEqual([
      'clusters x@2',
      'endpoints x@1',
    ])
  })
  test('D33: endpoints go at once, whatever else is under way', () => {
    const { mesh, client } = start()
    client.changed(addService(mesh, 'z'))
    expect(said(client.changed(mesh.put('endpoints', resource('x', '2'))))).toEqual(['endpoints x@2'])
  })
  test('D34: one push per type is under way; the newest waits', () => {
    const { mesh, client } = start()
    const [first] = client.changed(mesh.put('endpoints', resource('x', '2')))
    expect(said(client.changed(mesh.put('endpoints', resource('x', '3'))))).toEqual([])
    expect(said(client.changed(mesh.put('endpoints', resource('x', '4'), resource('y', '2'))))).toEqual([])
    expect(said(client.ack(first))).toEqual(['endpoints x@4 y@2'])
  })
  test('D35: a listener waits for the clusters under way', () => {
    const { mesh, client } = start()
    const [cds] = client.changed(
      together(mesh.put('clusters', resource('z')), mesh.put('listeners', resource('tcp', '1'))),
    )
    expect(said(client.ack(cds))).toEqual(['listeners tcp@1'])
  })
  test('D36: a cluster goes once its routes are acknowledged and the grace is over', () => {
    const { mesh, client } = start()
    const [rds] = client.changed(
      together(
        mesh.remove('clusters', 'x'),
        mesh.remove('endpoints', 'x'),
        mesh.put('routes', routes('80', vhost('vy', '1', 'y'))),
      ),
    )
    expect(said(rds ? [rds] : [])).toEqual(['routes 80[vy@1]'])
    expect(said(client.wait(4_000))).toEqual([])
    expect(said(client.ack(rds))).toEqual([])
    expect(client.status().state).toBe('synced')
    expect(said(client.wait(999))).toEqual([])
    const removal = client.wake()
    expect(said(removal)).toEqual(['clusters -x'])
    expect(client.status()).toMatchObject({ state: 'synced', ackedPosition: 8 })
    client.delta('endpoints', { unsubscribe: ['x'] })
    expect(said(client.ackAll(removal))).toEqual([])
  })
  test('D36: one that a route still names stays', () => {
    const { mesh, client } = start()
    expect(said(client.changed(mesh.remove('clusters', 'x')))).toEqual([])
    expect(said(client.wait(60_000))).toEqual([])
    const [rds] = client.changed(mesh.put('routes', routes('80', vhost('vy', '1', 'y'))))
    client.ack(rds)
    expect(said(client.wake())).toEqual(['clusters -x'])
  })
  test('D36: one that is wanted again within the grace is just kept', () => {
    const { mesh, client } = start()
    client.ackAll(
      client.changed(
        together(mesh.remove('clusters', 'x'), mesh.put('routes', routes('80', vhost('vy', '1', 'y')))),
      ),
    )
    expect(said(client.changed(mesh.put('clusters', resource('x'))))).toEqual([])
    expect(said(client.wait(60_000))).toEqual([])
  })
  test('D37: a listener goes with the change, for nothing names it', () => {
    const { mesh, client } = start()
    expect(
      said(
        client.changed(together(mesh.remove('listeners', 'http'), mesh.put('listeners', resource('new')))),
      ),
    ).toEqual(['listeners new@1 -http'])
  })
  test('D38: after a reconnect nothing that Envoy has is sent again, and nothing it uses is taken away first', () => {
    const { mesh } = start()
    mesh.put('clusters', resource('z'))
    mesh.put('endpoints', resource('z'))
    mesh.remove('clusters', 'y')
    mesh.remove('endpoints', 'y')
    mesh.put('routes', routes('80', vhost('vx', '1', 'x'), vhost('vy', '2', 'z')))
    const client = testClient(mesh)
    const cds = client.delta('clusters', { initial: { x: 'x@1', y: 'y@1' } })
    expect(said(cds)).toEqual(['clusters z@1'])
    const eds = client.delta('endpoints', { subscribe: ['x', 'y'], initial: { x: 'x@1', y: 'y@1' } })
    expect(said(eds)).toEqual([])
    expect(said(client.delta('listeners', { initial: { http: 'http@1' } }))).toEqual([])
    expect(said(client.delta('routes', { subscribe: ['80'], initial: { '80': '80 vx@1 vy@1' } }))).toEqual([])
    client.ackAll(client.delta('endpoints', { subscribe: ['z'] }))
    const later = client.ack(cds[0])
    expect(said(later)).toEqual(['listeners', 'routes 80[vx@1 vy@2]'])
    client.ackAll(later)
    expect(said(client.wake())).toEqual(['clusters -y'])
    expect(client.status().state).toBe('synced')
  })
  test('D39: a gRPC client, which asks for clusters last, waits for nothing', () => {
    const { mesh } = start()
    const client = testClient(mesh)
    expect(said(client.delta('listeners', { subscribe: ['http'] }))).toEqual(['listeners http@1'])
    expect(said(client.delta('routes', { subscribe: ['80'] }))).toEqual(['routes 80[vx@1 vy@1]'])
    expect(said(client.delta('clusters', { subscribe: ['x', 'y'] }))).toEqual(['clusters x@1 y@1'])
    expect(said(client.delta('endpoints', { subscribe: ['x', 'y'] }))).toEqual(['endpoints x@1 y@1'])
  })
})

describe('make before break, state of the world', () => {
  test('D31: a route waits until its cluster is acknowledged', () => {
    const { mesh, client } = start('sotw')
    const first = client.changed(addService(mesh, 'z'))
    expect(said(first)).toEqual(['clusters x@1 y@1 z@1'])
    expect(said(client.ack(first[0]))).toEqual(['routes 80[vx@1 vy@1 vz@1]'])
  })
  test('D32: a changed cluster comes with its endpoints', () => {
    const { mesh, client } = start('sotw')
    expect(said(client.changed(mesh.put('clusters', resource('x', '2'))))).toEqual([
      'clusters x@2 y@1',
      'endpoints x@1',
    ])
  })
  test('D36: a cluster that went stays in the set until nothing names it', () => {
    const { mesh, client } = start('sotw')
    const first = client.changed(
      together(
        mesh.remove('clusters', 'x'),
        mesh.put('clusters', resource('z')),
        mesh.put('routes', routes('80', vhost('vy', '1', 'y'), vhost('vz', '1', 'z'))),
      ),
    )
    expect(said(first)).toEqual(['clusters x@1 y@1 z@1', 'routes 80[vy@1]'])
    expect(said(client.ackAll(first))).toEqual(['routes 80[vy@1 vz@1]'])
    expect(said(client.wake())).toEqual(['clusters y@1 z@1'])
  })
  test('D38: after a reconnect routes and listeners wait for the clusters', () => {
    const { mesh } = start('sotw')
    const client = testClient(mesh, 'sotw')
    const [cds] = client.sotw('clusters', [], { version: 'v' })
    client.sotw('endpoints', ['x', 'y'], { version: 'v' })
    expect(said(client.sotw('listeners', [], { version: 'v' }))).toEqual([])
    expect(said(client.sotw('routes', ['80'], { version: 'v' }))).toEqual([])
    expect(said(client.ack(cds))).toEqual(['listeners http@1', 'routes 80[vx@1 vy@1]'])
  })
})
