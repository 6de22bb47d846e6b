import { createHash } from 'node:crypto'
import { get, type IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../../src/model/canonicalJson.ts'
import { genesisHash } from '../../../src/model/entry.ts'
import { service } from './resources.ts'
import { json, type Served, serve } from './serve.ts'

const add = ({ ask }: Served, ...names: readonly string[]) =>
  names.reduce(
    (before, name) =>
      before.then(() => ask(`/api/v1/config/service/default/${name}`, json('PUT', service(name)))),
    Promise.resolve<unknown>(undefined),
  )

const open = ({ server }: Served, path: string, headers: Readonly<Record<string, string>> = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(`${server.url}${path}`, { headers, agent: false }, resolve).on('error', reject)
  })

/** Text of a stream up to the first place where `pattern` stands. */
const until = async (response: IncomingMessage, pattern: RegExp): Promise<string> => {
  let seen = ''
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    seen += String(chunk)
    if (pattern.test(seen)) return seen
  }
  throw new Error(`the stream ended: ${seen}`)
}

const idsIn = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))

describe('the log over HTTP', () => {
  test('H27: pages of JSON hold entries with their chained hashes, from N on, bounded', async () => {
    const served = await serve()
    await add(served, 'a', 'b', 'c')
    const page = async (query: string) =>
      (await served.ask(`/api/v1/events${query}`, { headers: { accept: 'application/json' } })).body
    const { items, next } = await page('')
    expect([items.length, next]).toEqual([3, undefined])
    let before = genesisHash
    for (const { hash, events } of items) {
      before = createHash('sha256')
        .update(`${before}\n${canonicalJson(events)}`)
        .digest('hex')
      expect(hash).toBe(before)
    }
    expect(items[0].events[0]).toMatchObject({
      type: 'ServiceRegistered',
      v: 1,
      actor: 'anonymous',
      source: 'http',
    })
    expect(await page('?from=2&limit=1')).toEqual({ items: [items[1]], next: 3 })
    expect(await page('?from=3')).toEqual({ items: [items[2]] })
    expect(await page('?from=4')).toEqual({ items: [] })
    for (const query of ['?from=x', '?from=-1', '?from=1&from=2', '?limit=0', '?limit=1000000', '?since=1'])
      expect((await page(query)).status).toBe(400)
  })

  test('H28: a stream gives one event per entry, its position as id, what is there first and then what comes', async () => {
    const served = await serve()
    await add(served, 'a', 'b')
    const stream = await open(served, '/api/v1/events?from=2')
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const first = await until(stream, /id: 2\n.*\n\n/)
    await add(served, 'c')
    const all = first + (await until(stream, /id: 3\n.*\n\n/))
    expect(idsIn(all)).toEqual([2, 3])
    const [, data = ''] = /^data: (.*)$/m.exec(all) ?? []
    expect(JSON.parse(data)).toMatchObject({ position: 2, events: [{ data: { resource: service('b') } }] })
    stream.destroy()
  })

  test('H28: Last-Event-ID goes on after what was seen and wins over from', async () => {
    const served = await serve()
    await add(served, 'a', 'b', 'c')
    const stream = await open(served, '/api/v1/events?from=1', { 'last-event-id': '2' })
    expect(idsIn(await until(stream, /id: 3\n.*\n\n/))).toEqual([3])
    stream.destroy()
    const wrong = await served.ask('/api/v1/events', { headers: { 'last-event-id': 'x' } })
    expect(wrong.status).toBe(400)
  })

  test('H29: a quiet stream has heartbeats, and ends when the server closes', async () => {
    const served = await serve({ heartbeatMs: 5 })
    const stream = await open(served, '/api/v1/events')
    await until(stream, /(^:\n\n){2}/m)
    const ended = new Promise((resolve) => stream.once('close', resolve))
    stream.resume()
    await served.server.close()
    await ended
  })

  test('H30: a reader that does not keep up is cut and counted, and holds up nobody', async () => {
    const served = await serve({ stalledMs: 50 })
    const text = 'x'.repeat(200_000)
    const large = {
      ...service('a'),
      metadata: { name: 'a', namespace: 'default', annotations: { text } },
    }
    for (let i = 0; i < 40; i += 1)
      expect(
        (
          await served.ask(
            '/api/v1/config',
            json('POST', [{ ...large, spec: { ports: [{ name: 'http', port: i + 1 }] } }]),
          )
        ).status,
      ).toBe(200)
    const stalled = await open(served, '/api/v1/events')
    stalled.pause()
    const cut = async () =>
      (await served.registry.getSingleMetric('rutter_http_event_readers_cut_total')?.get())?.values[0]?.value
    while ((await cut()) !== 1) await served.ask('/healthz')
    const readers = await served.registry.getSingleMetric('rutter_http_event_readers')?.get()
    expect(readers?.values[0]?.value).toBe(0)
    stalled.destroy()
  })

  test('H30: readers are bounded; one more is refused, until one leaves', async () => {
    const served = await serve({ mostReaders: 1 })
    const first = await open(served, '/api/v1/events')
    expect((await served.ask('/api/v1/events')).body).toMatchObject({ status: 503, code: 'too-many-readers' })
    first.destroy()
    const second = async (): Promise<IncomingMessage> => {
      const response = await open(served, '/api/v1/events')
      if (response.statusCode === 200) return response
      response.resume()
      return second()
    }
    ;(await second()).destroy()
  })
})
