import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { instance, routeRule, service } from '../reducers/given.ts'
import { apply, startOn, written } from './running.ts'
import { testStream, typeUrl } from './testStream.ts'

const node = (ip: string, metadata = {}) => ({
  node: { id: `sidecar~${ip}~${ip}.default~default.svc.cluster.local`, metadata },
})

describe('sessions', () => {
  test.each([
    ['nobody', {}],
    ['an unreadable node', { node: { id: 'sidecar~not-an-ip~x~y', metadata: {} } }],
    ['an empty node', { node: { id: '', metadata: {} } }],
  ])('S11: a stream of %s is refused', (_, first) => {
    const { accept, counters } = startOn()
    const { stream, ended, request, sent } = testStream()
    accept(stream)
    request(typeUrl('clusters'), first)
    expect(ended).toEqual([{ code: 3, message: expect.any(String) }])
    expect(sent).toEqual([])
    expect(counters()).toMatchObject({ streamsRefused: 1, proxies: 0 })
  })

  test('S11: a stream that ends frees what it followed and leaves no timer', async () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const { accept, counters, write, controller } = startOn()
    const { stream, request, leave } = testStream()
    accept(stream)
    request(typeUrl('clusters'), node('10.0.0.1'))
    expect(counters()).toMatchObject({ streams: 1, proxies: 1, views: 1 })
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    leave()
    expect(vi.getTimerCount()).toBe(0)
    await written(write([apply(service('any'))]))
    expect((await controller.proxies()).proxies).toMatchObject([{ connected: false, state: 'silent' }])
    expect(counters()).toMatchObject({ streams: 0, proxies: 0, views: 0, known: 1 })
  })

  test('S13: a fault that one proxy’s stream brings out ends that stream alone', async () => {
    const { accept, counters, write, lost } = startOn()
    const [faulty, healthy] = [testStream(), testStream()]
    const send = () => {
      throw new Error('no such message')
    }
    accept({ ...faulty.stream, send })
    accept(healthy.stream)
    faulty.request(typeUrl('clusters'), node('10.0.0.1'))
    healthy.request(typeUrl('clusters'), node('10.0.0.2'))
    expect(faulty.ended).toEqual([{ code: 13, message: 'the controller failed: no such message' }])
    healthy.acknowledge()
    await written(write([apply(service('reviews'))]))
    await vi.waitFor(() => expect(healthy.sent).toMatchObject([{ type: 'clusters' }]), 10_000)
    expect(healthy.ended).toEqual([])
    expect(counters()).toMatchObject({ streamsFailed: 1 })
    expect(lost).toEqual([])
  })

  test('S12: a proxy that does not need a change reaches its position without being sent anything', async () => {
    const { accept, write, controller } = startOn()
    await written(write(['caller', 'other', 'reviews'].map((name) => apply(service(name)))))
    await written(
      write([apply(instance('c', 'caller', '10.0.0.1')), apply(instance('o', 'other', '10.0.0.2'))]),
    )
    const [caller, other] = [testStream(), testStream()]
    for (const [client, ip] of [
      [caller, '10.0.0.1'],
      [other, '10.0.0.2'],
    ] as const) {
      accept({ ...client.stream, id: ip })
      client.request(typeUrl('clusters'), node(ip))
      client.acknowledge()
      client.request(typeUrl('listeners'))
      client.acknowledge()
      client.request(typeUrl('routes'), {}, ['9080'])
      client.acknowledge()
      client.acknowledge()
    }
    const rule = routeRule('r', {
      destination: { name: 'reviews' },
      match: { source: { name: 'caller' } },
      route: [{ labels: { version: 'v1' } }],
    })
    const { position } = await written(write([apply(rule)]))
    const stand = async () => controller.waitFor(position, 0, new AbortController().signal)
    await controller.proxies()
    expect((await stand()).proxies.map(({ state }) => state)).toEqual(['pending', 'unaffected'])
    expect(other.sent).toEqual([])
    caller.acknowledge()
    caller.acknowledge()
    caller.acknowledge()
    expect((await stand()).proxies.map(({ state }) => state)).toEqual(['acknowledged', 'unaffected'])
    expect((await controller.proxies()).proxies.map(({ ackedPosition }) => ackedPosition)).toEqual([
      position,
      position,
    ])
  })
})
