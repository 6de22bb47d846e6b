import { describe, expect, test } from 'vitest'
import type { VirtualHostPart } from '../../src/model/xds.ts'
import type { XdsResponse } from '../../src/model/xdsMessage.ts'
import { said, testClient } from './client.ts'
import { resource, routes, testMesh, together, vhost } from './mesh.ts'

const start = (...parts: readonly VirtualHostPart[]) => {
  const mesh = testMesh(true)
  mesh.put('clusters', resource('x'), resource('y'))
  mesh.put('endpoints', resource('x'), resource('y'))
  mesh.put('listeners', resource('http'), resource('tcp'))
  mesh.put('routes', routes('80', ...parts))
  const client = testClient(mesh)
  client.ackAll(client.delta('clusters'))
  client.ackAll(client.delta('endpoints', { subscribe: ['x', 'y'] }))
  client.ackAll(client.delta('listeners'))
  client.ackAll(client.delta('routes', { subscribe: ['80'] }))
  return { mesh, client }
}
const refusedClusters = (...names: readonly string[]) =>
  `Error adding/updating cluster(s) ${names.map((name) => `${name}: ring hash: minimum > maximum`).join(', ')}`

describe('a refused cluster', () => {
  test('D40: is removed at once when it is new, and what came with it is sent again', () => {
    const { mesh, client } = start()
    const [cds] = client.changed(
      mesh.put('clusters', resource('bad', '1', {}), resource('z'), resource('x', '2')),
    )
    const repair = client.nack(cds, refusedClusters('bad'))
    expect(said(repair)).toEqual(['clusters z@1 x@2 -bad', 'endpoints x@1'])
    client.ackAll(repair)
    expect(client.status()).toMatchObject({
      state: 'rejected',
      rejections: [{ resource: 'bad', message: refusedClusters('bad') }],
    })
  })
  test('D40: is put back to its last good version with its endpoints when it was changed', () => {
    const { mesh, client } = start()
    const [cds] = client.changed(mesh.put('clusters', resource('x', 'bad')))
    expect(said(client.nack(cds, 'not told'))).toEqual(['clusters x@1', 'endpoints x@1'])
  })
  test('D41: its routes stay as they are, the others change on', () => {
    const { mesh, client } = start(vhost('vx', '1', 'x'), vhost('vy', '1', 'y'))
    const [cds, ...rest] = client.changed(
      together(
        mesh.put('clusters', resource('bad')),
        mesh.put('routes', routes('80', vhost('vx', '2', 'bad'), vhost('vy', '2', 'y'))),
      ),
    )
    expect(said(rest)).toEqual(['routes 80[vx@1 vy@2]'])
    client.ackAll([...client.nack(cds, refusedClusters('bad')), ...rest])
    expect(said(client.wait(60_000))).toEqual([])
    expect(client.status().state).toBe('rejected')
    const [fixed] = client.changed(mesh.put('clusters', resource('bad', 'good')))
    expect(client.status().rejections).toEqual([])
    expect(said(client.ack(fixed))).toEqual(['routes 80[vx@2 vy@2]'])
  })
  test('D42: where nothing tells which it is, all are taken back and sent one by one', () => {
    const { mesh, client } = start()
    const [cds] = client.changed(mesh.put('clusters', resource('p'), resource('bad'), resource('q')))
    const [back] = client.nack(cds, 'something is wrong')
    expect(said(back ? [back] : [])).toEqual(['clusters -p -bad -q'])
    const [p] = client.ack(back)
    expect(said(p ? [p] : [])).toEqual(['clusters p@1'])
    const [bad] = client.ack(p)
    expect(said(bad ? [bad] : [])).toEqual(['clusters bad@1'])
    const [repair] = client.nack(bad, 'something is wrong')
    expect(said(repair ? [repair] : [])).toEqual(['clusters -bad'])
    const [q] = client.ack(repair)
    expect(said(q ? [q] : [])).toEqual(['clusters q@1'])
    client.ack(q)
    expect(client.status().rejections.map((one) => one.resource)).toEqual(['bad'])
  })
  test('D43: silence for too long is taken for a refusal among others that warm', () => {
    const { mesh, client } = start()
    client.changed(mesh.put('clusters', resource('p'), resource('bad')))
    const [back] = client.wake()
    expect(said(back ? [back] : [])).toEqual(['clusters -p -bad'])
    const [p] = client.ack(back)
    const [bad] = client.ack(p)
    expect(said(bad ? [bad] : [])).toEqual(['clusters bad@1'])
    client.ackAll(client.nack(bad, 'alone it is answered at once'))
    expect(client.status()).toMatchObject({ state: 'rejected', counters: { overdue: 1, takenBack: 2 } })
  })
  test('D43: what was refused meanwhile is no good to fall back to', () => {
    const { mesh, client } = start()
    const [first] = client.changed(mesh.put('clusters', resource('x', 'bad')))
    const [back] = client.wake()
    expect(said(back ? [back] : [])).toEqual(['clusters x@1'])
    client.changed(mesh.put('clusters', resource('x', 'worse')))
    const [worse] = client.ack(back)
    expect(said(worse ? [worse] : [])).toEqual(['clusters x@worse'])
    client.nack(first, refusedClusters('x'))
    expect(said(client.nack(worse, refusedClusters('x')))).toEqual(['clusters x@1', 'endpoints x@1'])
  })
  test('D43: one that is late alone once more is slow, and no longer waited for', () => {
    const { mesh, client } = start(vhost('vx', '1', 'x'))
    const cds = client.changed(
      together(
        mesh.put('clusters', resource('slow')),
        mesh.put('routes', routes('80', vhost('vx', '2', 'slow'))),
      ),
    )
    expect(said(cds)).toEqual(['clusters slow@1'])
    const [back] = client.wake()
    expect(said(client.ack(back))).toEqual(['clusters slow@1'])
    expect(said(client.wake())).toEqual(['routes 80[vx@2]'])
    expect(client.status()).toMatchObject({ state: 'pending', counters: { overdue: 2 } })
  })
})

describe('refused routes', () => {
  const parts = ['a', 'b', 'c', 'd', 'e'].map((name) => vhost(name, '1'))
  const rejected = 'virtual host must have a domain'

  /** Answers as Envoy does that refuses every virtual host of a version that says so. */
  const play = (
    client: ReturnType<typeof testClient>,
    open: readonly XdsResponse[],
    message = rejected,
  ): { readonly seen: readonly string[]; readonly accepted: readonly string[] } => {
    const queue = [...open]
    const seen: string[] = []
    const accepted: string[] = []
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      seen.push(...said([next]))
      const bad = next.resources.some(({ parts = [] }) =>
        parts.some(({ version }) => version.endsWith('bad')),
      )
      if (!bad) accepted.push(...said([next]))
      queue.push(...(bad ? client.nack(next, message) : client.ack(next)))
    }
    return { seen, accepted }
  }

  test('D44: the one that changed is named, and its rule', () => {
    const { mesh, client } = start(...parts)
    const first = client.changed(mesh.put('routes', routes('80', ...parts.slice(1), vhost('a', 'bad'))))
    play(client, first)
    expect(client.status()).toMatchObject({
      state: 'rejected',
      rejections: [{ resource: '80', message: `virtual host a: ${rejected}`, cause: { name: 'rule-of-a' } }],
    })
  })
  test('D45: among many it is narrowed down, and the others change', () => {
    const { mesh, client } = start(...parts)
    const news = parts.map(({ name }) => vhost(name, name === 'c' ? 'bad' : '2'))
    const { seen, accepted } = play(client, client.changed(mesh.put('routes', routes('80', ...news))))
    expect(accepted.at(-1)).toBe('routes 80[a@2 b@2 c@1 d@2 e@2]')
    expect(new Set(seen).size).toBe(seen.length)
    expect(client.status().rejections).toEqual([
      expect.objectContaining({ message: `virtual host c: ${rejected}` }),
    ])
  })
  test('D45: two of them are both found', () => {
    const { mesh, client } = start(...parts)
    const news = parts.map(({ name }) => vhost(name, name === 'b' || name === 'e' ? 'bad' : '2'))
    const { accepted } = play(client, client.changed(mesh.put('routes', routes('80', ...news))))
    expect(accepted.at(-1)).toBe('routes 80[a@2 b@1 c@2 d@2 e@1]')
    expect(client.status().rejections).toHaveLength(2)
  })
  test('D45: a new one is left out', () => {
    const { mesh, client } = start(...parts)
    const news = [...parts.map(({ name }) => vhost(name, '2')), vhost('new', 'bad')]
    const { accepted } = play(client, client.changed(mesh.put('routes', routes('80', ...news))))
    expect(accepted.at(-1)).toBe('routes 80[a@2 b@2 c@2 d@2 e@2]')
  })
  test('D45: what Envoy mentions is tried first, alone', () => {
    const { mesh, client } = start(...parts.map(({ name }) => vhost(`v-${name}`, '1')))
    const news = parts.map(({ name }) => vhost(`v-${name}`, name === 'd' ? 'bad' : '2'))
    const { seen } = play(
      client,
      client.changed(mesh.put('routes', routes('80', ...news))),
      "no domains in virtual host 'v-d'",
    )
    expect(seen).toHaveLength(3)
    expect(client.status().rejections).toHaveLength(1)
  })
  test('D46: others change on while one is refused, and its correction is sent', () => {
    const { mesh, client } = start(...parts)
    const [a, b, ...rest] = parts
    if (a === undefined || b === undefined) throw new Error('there are five')
    play(client, client.changed(mesh.put('routes', routes('80', vhost('a', 'bad'), b, ...rest))))
    expect(
      play(
        client,
        client.changed(mesh.put('routes', routes('80', vhost('a', 'bad'), vhost('b', '2'), ...rest))),
      ).seen,
    ).toEqual(['routes 80[a@1 b@2 c@1 d@1 e@1]'])
    expect(client.status().state).toBe('rejected')
    expect(
      play(
        client,
        client.changed(mesh.put('routes', routes('80', vhost('a', '3'), vhost('b', '2'), ...rest))),
      ).seen,
    ).toEqual(['routes 80[a@3 b@2 c@1 d@1 e@1]'])
    expect(client.status()).toMatchObject({ state: 'synced', rejections: [] })
  })
  test('D46: a refusal that is withdrawn leads back to synced, without a word', () => {
    const { mesh, client } = start(...parts)
    play(client, client.changed(mesh.put('routes', routes('80', vhost('a', 'bad'), ...parts.slice(1)))))
    expect(said(client.changed(mesh.put('routes', routes('80', ...parts))))).toEqual([])
    expect(client.status()).toMatchObject({ state: 'synced', rejections: [], ackedPosition: 7 })
  })
})

describe('refused listeners and endpoints', () => {
  test('D47: other listeners come all the same', () => {
    const { mesh, client } = start()
    const [lds] = client.changed(mesh.put('listeners', resource('http', 'bad'), resource('tcp', '2')))
    const again = client.nack(lds, 'Error adding/updating listener(s) http: cannot bind')
    expect(said(again)).toEqual(['listeners tcp@2'])
    client.ackAll(again)
    expect(client.status().rejections).toEqual([expect.objectContaining({ resource: 'http' })])
  })
  test('D48: endpoints, of which Envoy refuses all or none, come one by one', () => {
    const { mesh, client } = start()
    const [eds] = client.changed(mesh.put('endpoints', resource('x', 'bad'), resource('y', '2')))
    const [x] = client.nack(eds, 'malformed IP address')
    expect(said(x ? [x] : [])).toEqual(['endpoints x@bad'])
    const [y] = client.nack(x, 'malformed IP address')
    expect(said(y ? [y] : [])).toEqual(['endpoints y@2'])
    expect(said(client.ack(y))).toEqual([])
    expect(client.status().rejections).toEqual([expect.objectContaining({ resource: 'x' })])
  })
  test('D48: a new cluster goes back with its refused endpoints, and comes with better ones', () => {
    const { mesh, client } = start()
    const [cds] = client.changed(
      together(mesh.put('clusters', resource('z')), mesh.put('endpoints', resource('z', 'bad'))),
    )
    const [eds] = client.delta('endpoints', { subscribe: ['z'] })
    const [back] = client.nack(eds, 'malformed IP address')
    expect(said(back ? [back] : [])).toEqual(['clusters -z'])
    client.delta('endpoints', { unsubscribe: ['z'] })
    client.ack(cds)
    client.ack(back)
    expect(client.status().rejections).toEqual([expect.objectContaining({ resource: 'z' })])
    expect(said(client.changed(mesh.put('endpoints', resource('z', '2'))))).toEqual(['clusters z@1'])
    expect(client.status().rejections).toEqual([])
  })
  test('D49: an old reason under a newer nonce blames the old', () => {
    const mesh = testMesh(true)
    mesh.put('clusters', resource('x'))
    const client = testClient(mesh, 'sotw')
    client.ackAll(client.sotw('clusters', []))
    client.changed(mesh.put('clusters', resource('p'), resource('bad-one')))
    const [back] = client.wake()
    expect(said(back ? [back] : [])).toEqual(['clusters x@1'])
    const [p] = client.nack(back, refusedClusters('bad-one'))
    expect(said(p ? [p] : [])).toEqual(['clusters p@1 x@1'])
    expect(said(client.ack(p))).toEqual([])
    expect(client.status().rejections).toEqual([expect.objectContaining({ resource: 'bad-one' })])
  })
})
