import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ProxyStatus } from '../../src/model/fleet.ts'
import { configurableTypes, typeUrlOf } from '../../src/model/xds.ts'
import { bareClient, type Said } from './bareClient.ts'
import { bareResource, envoyResource } from './bareResources.ts'
import { type OwnMesh, startMesh } from './mesh.ts'

let mesh: OwnMesh
beforeAll(async () => {
  mesh = await startMesh('')
})
afterAll(() => mesh?.stop())

const clients: { close(): void }[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

// A node of its own for every test, so that all may use one controller.
let count = 0
let node = ''
beforeEach(() => {
  count += 1
  node = `bare-${count}`
})

const statusOf = async (id: string): Promise<ProxyStatus | undefined> =>
  (await mesh.json<{ proxies: ProxyStatus[] }>('/api/v1/proxies')).proxies.find((one) => one.id === id)

const kinds = configurableTypes.flatMap((type) =>
  (['sotw', 'delta'] as const).flatMap((protocol) =>
    (['ads', 'alone'] as const).map((stream) => ({ type, protocol, stream })),
  ),
)

describe.each(kinds)('a bare node: $type, $protocol, $stream', ({ type, protocol, stream }) => {
  const service = stream === 'ads' ? 'ads' : type
  const delta = protocol === 'delta'
  /** State of the world says all of these types each time, and only so that something went. */
  const whole = !delta && (type === 'clusters' || type === 'listeners')

  const connect = () => {
    const client = bareClient({ address: `127.0.0.1:${mesh.started.xds.port}`, node, service, protocol })
    clients.push(client)
    return client
  }
  const ownName = (name: string) => `${node}-${type}-${name}`
  const put = (name: string, revision: string) =>
    mesh.put(envoyResource(ownName(name), [node], bareResource(type, name, revision)))
  const remove = (name: string) => mesh.remove('EnvoyResource', ownName(name))
  const given = async (...names: string[]) => {
    for (const name of names) await put(name, '1')
  }
  /** What is said when `news` changed while the client has `all`. */
  const saying = (news: Record<string, string>, all: Record<string, string>, removed: string[] = []) => ({
    type,
    has: whole ? all : news,
    removed: delta ? removed : [],
  })
  const subscribed = async (...names: string[]) => {
    const client = connect()
    client.ask(type, { subscribe: names })
    return { client, first: await client.taken() }
  }

  test('E20: the first answer holds what was asked for, and that only', async () => {
    await given('a', 'b', 'c')
    const { first } = await subscribed('a', 'b')
    expect(first).toMatchObject(saying({ a: '1', b: '1' }, { a: '1', b: '1' }))
  })

  test.each([[[]], [['*']]])('E21: %j at first asks for everything', async (names) => {
    await given('a', 'b')
    const { client, first } = await subscribed(...names)
    expect(first).toMatchObject(saying({ a: '1', b: '1' }, { a: '1', b: '1' }))
    await put('c', '1')
    expect(await client.taken()).toMatchObject(saying({ c: '1' }, { a: '1', b: '1', c: '1' }))
  })

  test('E22: a change reaches who subscribed', async () => {
    await given('a', 'b')
    const { client } = await subscribed('a', 'b')
    await put('b', '2')
    expect(await client.taken()).toMatchObject(saying({ b: '2' }, { a: '1', b: '2' }))
  })

  test('E23: a change of what was not subscribed sends nothing', async () => {
    await given('a', 'b')
    const { client } = await subscribed('a')
    await put('b', '2')
    await put('c', '1')
    await put('a', '2')
    expect(await client.taken()).toMatchObject(saying({ a: '2' }, { a: '2' }))
  })

  test('E23: what is meant for another node is not shown', async () => {
    await given('a')
    await mesh.put(envoyResource(`${node}-${type}-other`, [`${node}-other`], bareResource(type, 'o', '1')))
    const { client, first } = await subscribed()
    expect(first.has).toEqual({ a: '1' })
    await mesh.put(envoyResource(`${node}-${type}-other`, [`${node}-other`], bareResource(type, 'o', '2')))
    await put('a', '2')
    expect(await client.taken()).toMatchObject(saying({ a: '2' }, { a: '2' }))
  })

  test('E24: what is made later comes when it is there', async () => {
    await given('a')
    const { client, first } = await subscribed('a', 'later')
    expect(first).toMatchObject(saying({ a: '1' }, { a: '1' }, ['later']))
    await put('later', '1')
    expect(await client.taken()).toMatchObject(saying({ later: '1' }, { a: '1', later: '1' }))
  })

  test('E25: a name added is answered, a name dropped is not heard of again', async () => {
    await given('a', 'b', 'c')
    const { client } = await subscribed('a')
    client.ask(type, { subscribe: ['b'] })
    expect(await client.taken()).toMatchObject(saying({ b: '1' }, { a: '1', b: '1' }))
    client.ask(type, { unsubscribe: ['a'] })
    client.ask(type, { subscribe: ['c'] })
    expect(await client.taken()).toMatchObject(saying({ c: '1' }, { b: '1', c: '1' }))
    await put('a', '2')
    await put('c', '2')
    expect(await client.taken()).toMatchObject(saying({ c: '2' }, { b: '1', c: '2' }))
  })

  test.each([['no name'], ['an empty name']])(
    'E26: who gave up every name and sends %s wants nothing, until it asks again',
    async (rest) => {
      await given('a', 'b')
      const { client } = await subscribed('a')
      const empty = !delta && rest !== 'no name' ? [''] : []
      client.ask(type, { unsubscribe: ['a'], subscribe: empty })
      await put('a', '2')
      client.ask(type, { subscribe: ['b'], unsubscribe: empty })
      const said = await client.taken()
      // The giving up and the change may have crossed.
      const last = said.has['a'] === '2' ? await client.taken() : said
      expect(last).toMatchObject(saying({ b: '1' }, { b: '1' }))
      await put('a', '3')
      await put('b', '2')
      expect(await client.taken()).toMatchObject(saying({ b: '2' }, { b: '2' }))
    },
  )

  test('E27: an acknowledgement is not answered', async () => {
    await given('a')
    const { client } = await subscribed('a')
    await vi.waitFor(async () => expect((await statusOf(node))?.state).toBe('synced'), 10_000)
    await put('a', '2')
    expect(await client.taken()).toMatchObject(saying({ a: '2' }, { a: '2' }))
  })

  test('E28: a refused version is shown with its reason and cause, and is not sent again', async () => {
    await given('a', 'b')
    const { client } = await subscribed('a', 'b')
    const position = await put('a', 'bad')
    const bad = await client.next()
    expect(bad).toMatchObject(saying({ a: 'bad' }, { a: 'bad', b: '1' }))
    client.refuse(bad, 'resource "a" is bad')
    await vi.waitFor(async () => expect((await statusOf(node))?.state).toBe('rejected'), 10_000)
    expect((await statusOf(node))?.rejections).toEqual([
      {
        typeUrl: typeUrlOf[type],
        resource: 'a',
        message: 'resource "a" is bad',
        cause: { kind: 'EnvoyResource', namespace: 'default', name: ownName('a'), position },
      },
    ])
    await put('b', '2')
    expect(await client.taken()).toMatchObject(saying({ b: '2' }, { a: '1', b: '2' }))
    await put('a', '2')
    expect(await client.taken()).toMatchObject(saying({ a: '2' }, { a: '2', b: '2' }))
    await vi.waitFor(
      async () => expect(await statusOf(node)).toMatchObject({ state: 'synced', rejections: [] }),
      10_000,
    )
  })

  test('E29: what is removed is said to be gone, or left out where everything is said', async () => {
    await given('a', 'b')
    const { client } = await subscribed('a', 'b')
    await remove('a')
    if (delta || whole) expect(await client.taken()).toMatchObject(saying({}, { b: '1' }, ['a']))
    await put('b', '2')
    expect(await client.taken()).toMatchObject(saying({ b: '2' }, { b: '2' }))
    await put('a', '3')
    expect(await client.taken()).toMatchObject(saying({ a: '3' }, { a: '3', b: '2' }))
  })

  test('E30: under a stale nonce only delta changes what is subscribed', async () => {
    await given('a', 'b')
    const { client, first } = await subscribed('a')
    await put('a', '2')
    const second = await client.next()
    client.ask(type, { subscribe: ['b'], nonce: first.nonce })
    if (delta) {
      expect(await client.taken()).toMatchObject({ has: { b: '1' } })
      client.ask(type, { nonce: second.nonce })
    } else {
      client.ask(type, { unsubscribe: ['b'], nonce: second.nonce, version: second.version })
      await put('b', '2')
    }
    await put('a', '3')
    expect(await client.taken()).toMatchObject(saying({ a: '3' }, { a: '3' }))
  })

  test('E31: a client that comes back gets what differs from what it has', async () => {
    await given('a', 'b', 'c')
    const { client, first } = await subscribed('a', 'b', 'c')
    client.close()
    await put('b', '2')
    await remove('c')
    const again = connect()
    again.ask(type, { subscribe: ['a', 'b', 'c'], held: first.versions, version: first.version })
    const all = { a: '1', b: '2' }
    expect(await again.taken()).toMatchObject({
      has: delta ? { b: '2' } : all,
      removed: delta ? ['c'] : [],
    })
  })

  test('E31: a client that comes back with all there is is not told again, but for state of the world', async () => {
    await given('a', 'b')
    const { client, first } = await subscribed()
    client.close()
    const again = connect()
    again.ask(type, { held: first.versions, version: first.version })
    // Unanswered, a client in state of the world could not know that nothing changed.
    const answer = await again.taken()
    expect(answer.has).toEqual(delta ? {} : { a: '1', b: '1' })
    if (!delta) expect(answer.version).toBe(first.version)
    await put('b', '2')
    expect(await again.taken()).toMatchObject(saying({ b: '2' }, { a: '1', b: '2' }))
  })

  test('E32: two streams with one node id have what each asked for, and one outlives the other', async () => {
    await given('a', 'b')
    const { client: one } = await subscribed('a')
    const { client: two } = await subscribed('a', 'b')
    await put('a', '2')
    expect(await one.taken()).toMatchObject(saying({ a: '2' }, { a: '2' }))
    expect(await two.taken()).toMatchObject(saying({ a: '2' }, { a: '2', b: '1' }))
    one.close()
    await put('b', '2')
    expect(await two.taken()).toMatchObject(saying({ b: '2' }, { a: '2', b: '2' }))
    await vi.waitFor(
      async () => expect(await statusOf(node)).toMatchObject({ connected: true, state: 'synced' }),
      10_000,
    )
  })

  test('E33: what a client acknowledged moves its position, and waiting for it ends', async () => {
    await given('a')
    const { client } = await subscribed('a')
    const position = await put('a', '2')
    const waiting = mesh.json<{ proxies: { id: string; state: string }[] }>(
      `/api/v1/wait?position=${position}&timeout=20s`,
    )
    await client.taken()
    expect((await waiting).proxies).toContainEqual({ id: node, state: 'acknowledged' })
    expect(await statusOf(node)).toMatchObject({ type: 'bare', ackedPosition: position })
  })
})

describe.each(['sotw', 'delta'] as const)('a bare node on the aggregated service, %s', (protocol) => {
  const connect = () => {
    const address = `127.0.0.1:${mesh.started.xds.port}`
    const client = bareClient({ address, node, service: 'ads', protocol })
    clients.push(client)
    return client
  }

  test('E34: each type is on its own: a route comes before anybody asks for its cluster', async () => {
    const route = {
      '@type': typeUrlOf.routes,
      name: 'dangling',
      virtual_hosts: [
        {
          name: '1',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'never-made' } }],
        },
      ],
    }
    await mesh.put(envoyResource(`${node}-dangling`, [node], route))
    const client = connect()
    client.ask('routes', { subscribe: ['dangling'] })
    expect(await client.taken()).toMatchObject({ type: 'routes', has: { dangling: '1' } })
  })

  test('E34: types in any order, on one stream', async () => {
    for (const type of configurableTypes)
      await mesh.put(envoyResource(`${node}-${type}`, [node], bareResource(type, 'one', '1')))
    const client = connect()
    const said: Said[] = []
    for (const type of configurableTypes.toReversed()) {
      client.ask(type, { subscribe: ['one'] })
      said.push(await client.taken())
    }
    expect(said.map(({ type, has }) => [type, has])).toEqual(
      configurableTypes.toReversed().map((type) => [type, { one: '1' }]),
    )
    await mesh.put(envoyResource(`${node}-endpoints`, [node], bareResource('endpoints', 'one', '2')))
    expect(await client.taken()).toMatchObject({ type: 'endpoints', has: { one: '2' } })
  })

  test('E35: a cluster that goes takes the endpoints of nobody along, and comes back whole', async () => {
    for (const type of ['clusters', 'endpoints'] as const)
      await mesh.put(envoyResource(`${node}-${type}`, [node], bareResource(type, 'one', '1')))
    const client = connect()
    client.ask('clusters')
    await client.taken()
    client.ask('endpoints', { subscribe: ['one'] })
    await client.taken()
    await mesh.remove('EnvoyResource', `${node}-clusters`)
    expect(await client.taken()).toMatchObject({ type: 'clusters', has: {} })
    await mesh.put(envoyResource(`${node}-clusters`, [node], bareResource('clusters', 'one', '2')))
    expect(await client.taken()).toMatchObject({ type: 'clusters', has: { one: '2' } })
    await mesh.put(envoyResource(`${node}-endpoints`, [node], bareResource('endpoints', 'one', '2')))
    expect(await client.taken()).toMatchObject({ type: 'endpoints', has: { one: '2' } })
  })
})
