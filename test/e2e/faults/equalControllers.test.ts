import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsAgentBus } from '../../../src/adapters/nats/agentBus.ts'
import type { AgentStatus, Standing } from '../../../src/model/frame.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { type NatsServers, startNats } from '../../adapters/nats/natsHarness.ts'
import { linked } from '../../adapters/nats/openedLog.ts'
import { freePort } from '../../freePort.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { instance, routeRule, service } from '../../reducers/given.ts'
import { figure } from '../fleet.ts'
import { randomFrom } from '../randomFrom.ts'
import { startRutter } from '../rutterProcess.ts'
import { scale } from './scale.ts'

const nats = await natsServerOrSkip()

const services = Array.from({ length: 50 }, (_, i) => `svc-${i}`)
const nodes = [1, 2, 3].map((i) => `sidecar~10.0.0.${i}~svc-${i}-0.default~default.svc.cluster.local`)
const perBatch = 500
const nothing: Standing = {
  own: { digest: '', position: 0 },
  view: { topic: '', digest: '', position: 0 },
  endpoints: { digest: '', position: 0 },
}

describe.skipIf(nats.skip)('three controllers on one log', () => {
  let servers: NatsServers
  let urls: readonly string[] = []
  const stopping: (() => Promise<unknown>)[] = []

  /** Starts one, and gives its address before it serves. */
  const start = async () => {
    const http = `127.0.0.1:${await freePort()}`
    const args = ['--log', 'nats', '--nats', servers.urls.join(), '--http', http, '--xds', '127.0.0.1:0']
    const rutter = startRutter(['serve', ...args])
    stopping.push(() => {
      rutter.child.kill('SIGKILL')
      return rutter.ended
    })
    return { url: `http://${http}`, serves: rutter.says(/serving http/) }
  }

  beforeAll(async () => {
    servers = await startNats(nats.path)
    const started = await Promise.all([start(), start(), start()])
    await Promise.all(started.map(({ serves }) => serves))
    urls = started.map(({ url }) => url)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(stopping.map((stop) => stop()))
    await servers?.stop()
  })

  const json = async <T>(url: string, path: string): Promise<T> =>
    (await (await fetch(`${url}${path}`)).json()) as T
  const onEach = <T>(path: string): Promise<readonly T[]> =>
    Promise.all(urls.map((url) => json<T>(url, path)))
  const post = async (url: string, resources: readonly Resource[]): Promise<void> => {
    const answer = await fetch(`${url}/api/v1/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(resources),
    })
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
  }

  test(
    `U10, H40: fed ${scale.events} events by turns, they come to equal hashes, versions and digests (seed ${scale.seed})`,
    async () => {
      const random = randomFrom(scale.seed)
      const upTo = (count: number) => Math.floor(random() * count)
      const link = await linked(servers.urls)
      const buses = nodes.map((node) => ({ node, bus: natsAgentBus(link, 'default', node) }))
      const status = (node: string, standing: Standing): AgentStatus => ({
        node,
        metadata: {},
        standing,
        position: 0,
        status: {
          id: node,
          type: 'sidecar',
          connected: true,
          state: 'synced',
          ackedPosition: 0,
          rejections: [],
        },
      })
      await post(
        urls[0] ?? '',
        services.map((name) => service(name)),
      )
      // From now on every controller keeps the configuration of these proxies up with the log, event by event.
      for (const { node, bus } of buses) bus.tell(status(node, nothing))
      for (const url of urls)
        await expect
          .poll(async () => (await json<{ proxies: unknown[] }>(url, '/api/v1/proxies')).proxies.length)
          .toBe(nodes.length)

      const changed = (batch: number, i: number): Resource => {
        const of = upTo(services.length)
        if (i === 0)
          return routeRule(`rule-${upTo(20)}`, {
            destination: { name: services[of] ?? '' },
            precedence: batch,
            route: [{ labels: { version: `v${upTo(3)}` } }],
          })
        const number = batch % 2 === 0 ? i : upTo(200)
        return instance(`svc-${of}-${number}-${i}`, services[of] ?? '', `10.0.${of}.${1 + (number % 250)}`, {
          labels: { version: `v${upTo(3)}`, batch: `${batch}` },
          weight: 1 + upTo(5),
        })
      }
      const batches = Array.from({ length: scale.events / perBatch }, (_, batch) =>
        Array.from({ length: perBatch }, (_, i) => changed(batch, i)),
      )
      await Promise.all(
        urls.map(async (url, i) => {
          for (const [at, batch] of batches.entries()) if (at % urls.length === i) await post(url, batch)
        }),
      )

      const [newest] = await onEach<{ position: number }>('/api/v1/snapshot')
      const position = Math.max(newest?.position ?? 0, batches.length + 1)
      for (const url of urls)
        await expect
          .poll(async () => (await json<{ position: number }>(url, '/api/v1/snapshot')).position, {
            timeout: 60_000,
          })
          .toBe(position)
      const snapshots = await onEach<{ hash: string }>('/api/v1/snapshot')
      expect(new Set(snapshots.map(({ hash }) => hash)).size).toBe(1)
      // Each holds back what is behind these proxies, which take nothing, for a time of its own.
      for (const url of urls) await expect.poll(() => figure({ url }, 'rutter_endpoints_held')).toBe(0)
      for (const { node, bus } of buses) {
        const [first, ...others] = await onEach<Record<string, object>>(`/api/v1/proxies/${node}/versions`)
        expect(Object.keys(first?.['clusters'] ?? {}).length).toBeGreaterThanOrEqual(services.length)
        for (const other of others) expect(other).toEqual(first)
        // One of them says where an agent should stand; by all of them it stands there.
        const answer = await bus.sync({ node, metadata: {}, standing: nothing })
        if (answer.type !== 'missing') throw new Error(answer.type)
        bus.tell(status(node, answer.standing))
        for (const url of urls)
          await expect
            .poll(() => json(url, `/api/v1/proxies/${node}`))
            .toMatchObject({ state: 'synced', ackedPosition: position })
      }
    },
    scale.events * 3 + 60_000,
  )

  test('U12: one that starts is ready only when it has folded what the log held', async () => {
    const [before] = await onEach<{ position: number; hash: string }>('/api/v1/snapshot')
    const { url, serves } = await start()
    const isReady = async (): Promise<boolean> =>
      (await fetch(`${url}/readyz`).catch(() => undefined))?.status === 200
    while (!(await isReady())) await Promise.race([serves, after(20)])
    expect(await json(url, '/api/v1/snapshot')).toEqual(before)
  }, 60_000)
})
