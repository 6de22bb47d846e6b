import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { isRight } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { readKnownGood } from '../../src/adapters/envoy/knownGoodFile.ts'
import { endpointsTopic, proxyTopic } from '../../src/model/topic.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { instance, routeRule, service } from '../reducers/given.ts'
import { accepts } from './accepts.ts'
import { figure, startFleet, type TestFleet } from './fleet.ts'
import { startLoad } from './load.ts'
import type { Workload } from './mesh.ts'
import { refusableCluster } from './refusable.ts'

const envoy = await envoyOrSkip()
const nats = await natsServerOrSkip()

type Proxies = {
  readonly position: number
  readonly proxies: readonly { readonly id: string; readonly state: string }[]
}

describe.skipIf(envoy.skip || nats.skip)('Envoys fed by agents over NATS', () => {
  let fleet: TestFleet
  let client: Workload
  let other: Workload
  let reviews: Workload

  beforeAll(async () => {
    fleet = await startFleet({ envoy: envoy.path, nats: nats.path })
    const { mesh } = fleet
    for (const name of ['client', 'other', 'reviews']) await mesh.put(service(name))
    client = await mesh.workload('client-1', { service: 'client' })
    other = await mesh.workload('other-1', { service: 'other' })
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1' })
    reviews = await mesh.workload('reviews-v2', { service: 'reviews', version: 'v2' })
    await mesh.settled()
  }, 60_000)
  afterAll(() => fleet?.stop(), 60_000)

  const ask = async (caller: Workload): Promise<string> => (await caller.get('reviews:9080')).body
  /** Hears all that is said on topics, as somebody foreign would. */
  const listening = async () => {
    const connection: NatsConnection = await connect({ servers: [...fleet.servers.urls] })
    onTestFinished(() => connection.close())
    const heard: string[] = []
    for (const topic of ['fragment.>', 'proxy.>'])
      connection.subscribe(`rutter.default.${topic}`, {
        callback: (_, message) => void heard.push(message.subject.replace('rutter.default.', '')),
      })
    await connection.flush()
    return heard
  }
  const allTo = (version: string, more: object = {}) =>
    routeRule('reviews', { destination: { name: 'reviews' }, route: [{ labels: { version } }], ...more })

  test('B8: a rule given to one controller routes the requests of all, and every controller knows the fleet', async () => {
    for (const version of ['v1', 'v2']) {
      await fleet.mesh.put(allTo(version))
      await fleet.mesh.settled()
      for (const caller of [client, other])
        for (let i = 0; i < 10; i += 1) expect(await ask(caller)).toBe(`reviews ${version}`)
    }
    const { position } = await fleet.mesh.json<Proxies>('/api/v1/snapshot')
    for (const { url } of fleet.controllers) {
      await fetch(`${url}/api/v1/wait?position=${position}&timeout=15s`)
      const { proxies } = (await (await fetch(`${url}/api/v1/proxies`)).json()) as Proxies
      expect(proxies.map(({ id, state }) => `${id.split('~')[2]} ${state}`)).toEqual(
        ['client-1.default', 'other-1.default', 'reviews-v1.default', 'reviews-v2.default'].map(
          (id) => `${id} synced`,
        ),
      )
    }
  })

  test('B3, B4: a foreign listener hears one message for each cluster that an endpoint joins, and nothing of what nobody reads', async () => {
    const heard = await listening()
    await fleet.mesh.put(
      instance('reviews-v3', 'reviews', '127.0.0.9', { labels: { version: 'v3' }, ports: { http: 9080 } }),
    )
    await fleet.mesh.put(instance('nobody', 'nowhere', '127.0.0.10'))
    await fleet.mesh.remove('Instance', 'reviews-v3')
    await fleet.mesh.remove('Instance', 'nobody')
    await fleet.mesh.settled()
    const all = endpointsTopic('default', 'outbound|9080||reviews.default.svc.cluster.local')
    expect(heard).toEqual([all, all])
  })

  test('B5: a rule for one caller reaches that caller’s agent alone', async () => {
    const heard = await listening()
    const mine = allTo('v1', { precedence: 9, match: { source: { name: 'client' } } })
    await fleet.mesh.put({ ...mine, metadata: { ...mine.metadata, name: 'mine' } })
    await fleet.mesh.settled()
    expect(heard).toEqual([proxyTopic(client.node)])
    expect([await ask(client), await ask(other)]).toEqual(['reviews v1', 'reviews v2'])
    await fleet.mesh.remove('RouteRule', 'mine')
    await fleet.mesh.settled()
    expect(await ask(client)).toBe('reviews v2')
  })

  test('B9: an agent listens once to its own subject, and to no wildcard of others', async () => {
    const [server] = fleet.servers.servers
    const connz = (await (await fetch(`${server?.monitorUrl}/connz?subs=1`)).json()) as {
      readonly connections: readonly {
        readonly name?: string
        readonly subscriptions_list?: readonly string[]
      }[]
    }
    const own = connz.connections.find(({ name }) => name === `rutter-agent ${client.node}`)
    const subscriptions = own?.subscriptions_list ?? []
    expect(subscriptions.filter((subject) => subject.startsWith('rutter.default.proxy.'))).toEqual([
      `rutter.default.${proxyTopic(client.node)}`,
    ])
    expect(subscriptions.filter((subject) => /[*>]/.test(subject))).toEqual([])
    expect(connz.connections.filter(({ name }) => name?.startsWith('rutter-controller ')).length).toBe(2)
  })

  test('B17, B19: agents whose statuses are answered, by one controller each, do not ask', async () => {
    const sumOf = async (what: string, processes: Iterable<{ readonly url: string }>): Promise<number> => {
      const figures = await Promise.all([...processes].map((one) => figure(one, what)))
      return figures.reduce((sum, one) => sum + one, 0)
    }
    const agents = [...fleet.agents.values()]
    const compared = (): Promise<number> => sumOf('rutter_statuses_compared_total', fleet.controllers)
    const asked = (): Promise<number> => sumOf('rutter_agent_syncs_total', agents)
    const [comparedBefore, askedBefore] = [await compared(), await asked()]
    await vi.waitFor(
      async () => expect(await compared()).toBeGreaterThanOrEqual(comparedBefore + 2 * agents.length),
      { timeout: 30_000, interval: 100 },
    )
    expect(await asked()).toBe(askedBefore)
  })

  test('B10: what an Envoy refuses is shown by every controller, with its reason and cause', async () => {
    await fleet.mesh.put({
      apiVersion: 'rutter.dev/v1',
      kind: 'EnvoyResource',
      metadata: { name: 'refused', namespace: 'default' },
      spec: { proxies: { ids: [client.node] }, resource: refusableCluster('refused') },
    })
    for (const { url } of fleet.controllers)
      await vi.waitFor(
        async () => {
          const { proxies } = (await (await fetch(`${url}/api/v1/proxies`)).json()) as {
            proxies: readonly { id: string; state: string; rejections: readonly object[] }[]
          }
          expect(proxies.find(({ id }) => id === client.node)).toMatchObject({
            state: 'rejected',
            rejections: [{ cause: { kind: 'EnvoyResource', name: 'refused' } }],
          })
        },
        { timeout: 10_000 },
      )
    await fleet.mesh.remove('EnvoyResource', 'refused')
    await fleet.mesh.settled()
  })

  test('B11: an Envoy outlives its agent, and the next agent adopts it; no request fails', async () => {
    const agent = fleet.agents.get('client-1')
    if (agent === undefined) throw new Error('no agent')
    const load = startLoad([() => client.get('reviews:9080')], 50)
    await agent.kill()
    await fleet.mesh.put(allTo('v1'))
    await agent.start()
    await fleet.mesh.settled()
    expect(await ask(client)).toBe('reviews v1')
    expect((await load.stop()).failures).toEqual([])
    expect(await figure(agent, 'rutter_envoy_starts_total')).toBe(0)
  })

  test('B12: told to, an agent restarts its Envoy hot; no request fails', async () => {
    const agent = fleet.agents.get('client-1')
    if (agent === undefined) throw new Error('no agent')
    const load = startLoad([() => client.get('reviews:9080')], 50)
    const before = await figure(agent, 'rutter_envoy_hand_overs_total')
    agent.process.child.kill('SIGHUP')
    await vi.waitFor(
      async () => expect(await figure(agent, 'rutter_envoy_hand_overs_total')).toBe(before + 1),
      { timeout: 30_000, interval: 100 },
    )
    await fleet.mesh.put(allTo('v2'))
    await fleet.mesh.settled()
    expect(await ask(client)).toBe('reviews v2')
    expect((await load.stop()).failures).toEqual([])
  })

  test('E17: an instance that was away until its proxy took the listener down is called again once it listens', async () => {
    await fleet.mesh.remove('RouteRule', 'reviews')
    const load = startLoad([() => client.get('reviews:9080'), () => other.get('reviews:9080')], 100)
    for (let i = 0; i < 3; i += 1) {
      await fleet.mesh.remove('Instance', reviews.name)
      await vi.waitUntil(async () => !(await accepts(reviews.address, 9080)), { timeout: 10_000 })
      const before = reviews.served()
      await fleet.mesh.settled(await fleet.mesh.put(reviews.instance))
      await vi.waitUntil(() => reviews.served() > before, { timeout: 10_000 })
    }
    for (const controller of fleet.controllers)
      expect(await figure(controller, 'rutter_endpoints_held_in_vain_total')).toBe(0)
    expect((await load.stop()).failures).toEqual([])
    await fleet.mesh.put(allTo('v2'))
    await fleet.mesh.settled()
  }, 60_000)

  test('B13: with every controller and all of NATS gone, an agent and an Envoy that start anew serve what was acknowledged last', async () => {
    const agent = fleet.agents.get('client-1')
    const [server] = fleet.servers.servers
    if (agent === undefined || server === undefined) throw new Error('no agent')
    await fleet.mesh.put(allTo('v1'))
    const position = await fleet.mesh.put(allTo('v2'))
    await fleet.mesh.settled()
    // What was acknowledged is written at most once a second.
    await vi.waitFor(
      async () => {
        const kept = await readKnownGood(join(agent.state, 'known-good'), 'default', client.node)
        expect(isRight(kept) && kept.right.position).toBeGreaterThanOrEqual(position)
      },
      { timeout: 30_000, interval: 100 },
    )
    for (const controller of fleet.controllers) await controller.kill()
    await server.kill()
    await agent.kill()
    const pid = Number(/^\d+/.exec(readFileSync(join(agent.state, 'envoy', 'epoch-1'), 'utf8'))?.[0])
    process.kill(pid, 'SIGKILL')
    await agent.start()
    expect(await ask(client)).toBe('reviews v2')
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(200)
    await server.restart()
    for (const controller of fleet.controllers) await controller.start()
    await fleet.mesh.put(allTo('v1'))
    await fleet.mesh.settled()
    expect(await ask(client)).toBe('reviews v1')
  })
})
