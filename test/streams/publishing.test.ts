import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Assembly, createAssembly } from '../../src/agent/assembly.ts'
import type { Frame } from '../../src/model/frame.ts'
import { xdsTypes } from '../../src/model/xds.ts'
import { anyEvent, cluster, followed, sidecar, sidecarConfig } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { applied, given, instance, removed, routeRule, service } from '../reducers/given.ts'
import { agentOf, publishingOn } from './publishingOn.ts'

/** What is read of an assembly, or of the projection that it should equal: route configurations by their bytes. */
const shown = (readable: Pick<Assembly, 'names' | 'get'>) =>
  Object.fromEntries(
    xdsTypes.map((type) => [
      type,
      Object.fromEntries(
        [...readable.names(type)].sort().map((name) => {
          const resource = readable.get(type, name)
          return [name, resource && Buffer.from(resource.bytes()).toString('hex')]
        }),
      ),
    ]),
  )

const withAgents = async () => {
  const rutter = publishingOn()
  const agents = followed.map(([identity, metadata]) => agentOf(rutter, identity, metadata))
  for (const agent of agents) await agent.sync()
  const proxies = followed.map(([identity, metadata]) => rutter.projector.follow(identity, metadata))
  return { rutter: { ...rutter, proxies }, agents }
}

const topicsOf = (frames: readonly Frame[]): string[] => frames.map(({ topic }) => topic).sort()

describe('what is on the bus', () => {
  // As an agent does every 5 s: it says what it holds, and asks where that shows that something is missing.
  const compare = async (
    rutter: Awaited<ReturnType<typeof withAgents>>['rutter'],
    agents: Awaited<ReturnType<typeof withAgents>>['agents'],
    isLost: boolean,
  ): Promise<void> => {
    rutter.pass(5_000)
    if (isLost) return
    for (const agent of agents) if (agent.tell() === 'missing') await agent.askAll()
  }

  test(
    'B1: whatever is lost, doubled or comes late, what an agent puts together is what the projector says once two of its statuses were answered',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              events: fc.array(anyEvent, { minLength: 1, maxLength: 3 }),
              fate: fc.constantFrom('lost', 'late', 'doubled', 'whole', 'whole', 'whole'),
              comparisons: fc.array(fc.constantFrom('lost', 'answered'), { maxLength: 2 }),
            }),
            { maxLength: 12 },
          ),
          async (steps) => {
            const { rutter, agents } = await withAgents()
            let late: readonly Frame[] = []
            for (const { events, fate, comparisons } of steps) {
              const frames = rutter.step(...events)
              const heard = fate === 'lost' || fate === 'late' ? [] : [...frames, ...late]
              late = fate === 'late' ? frames : []
              for (const agent of agents)
                for (const frame of fate === 'doubled' ? [...heard, ...heard] : heard)
                  if (agent.take(frame)) await agent.askAll()
              for (const one of comparisons) await compare(rutter, agents, one === 'lost')
            }
            for (let i = 0; i < 2; i += 1) await compare(rutter, agents, false)
            for (const [i, agent] of agents.entries()) {
              const proxy = rutter.proxies[i]
              if (proxy !== undefined) expect(shown(agent.assembly)).toEqual(shown(proxy))
              expect(agent.tell()).toBe('equal')
            }
          },
        ),
        { seed: 11, numRuns: 120 },
      ),
    120_000,
  )

  test(
    'B2: of what is heard whole and in order, nothing must be asked for',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anyEvent, { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
          async (steps) => {
            const { rutter, agents } = await withAgents()
            for (const events of steps) {
              const frames = rutter.step(...events)
              for (const [i, agent] of agents.entries()) {
                for (const frame of frames) expect(agent.take(frame)).toBe(false)
                const proxy = rutter.proxies[i]
                if (proxy !== undefined) expect(shown(agent.assembly)).toEqual(shown(proxy))
                expect(agent.tell()).toBe('equal')
                expect(await agent.sync()).toMatchObject({ type: 'missing', frames: [] })
              }
            }
          },
        ),
        { seed: 12, numRuns: 60 },
      ),
    120_000,
  )

  const mesh = [
    applied(service('reviews')),
    applied(service('ratings')),
    applied(instance('reviews-v1', 'reviews', '10.2.0.1', { labels: { version: 'v1' } })),
    applied(instance('reviews-v2', 'reviews', '10.2.0.2', { labels: { version: 'v2' } })),
    applied(service('caller')),
    applied(instance('caller-1', 'caller', '10.1.0.1')),
    applied(routeRule('r', { destination: { name: 'reviews' }, route: [{ labels: { version: 'v2' } }] })),
  ]
  const meshed = async (count: number, isConnected = () => false) => {
    const rutter = publishingOn(given(...mesh), ['one'], { isConnected })
    const agents = Array.from({ length: count }, (_, i) =>
      agentOf(rutter, sidecar(`10.1.0.${i + 1}`, `p${i}`)),
    )
    for (const agent of agents) await agent.sync()
    return { rutter, agents }
  }

  test('B3: an endpoint that leaves is one message for each cluster it was in, however many agents there are', async () => {
    const { rutter } = await meshed(5)
    const frames = rutter.step(removed(instance('reviews-v2', 'reviews', '10.2.0.2')))
    expect(frames.map((frame) => frame.type === 'endpoints' && frame.fragment.name).sort()).toEqual([
      cluster('reviews.default', 'version=v2'),
      cluster('reviews.default'),
    ])
  })

  test('B21: what callers come to know later of a position takes the place of what they heard at it', async () => {
    const { rutter, agents } = await meshed(2, () => true)
    const [caller] = agents
    const frames = rutter.step(
      removed(instance('reviews-v1', 'reviews', '10.2.0.1')),
      applied(instance('new', 'reviews', '10.1.0.2')),
    )
    for (const frame of frames) expect(caller?.take(frame)).toBe(false)
    const addresses = (): readonly string[] => {
      const fragment = caller?.assembly.get('endpoints', cluster('reviews.default'))
      return Buffer.from(fragment?.bytes() ?? [])
        .toString('latin1')
        .match(/10\.\d\.0\.\d/g) as string[]
    }
    expect(addresses()).toEqual(['10.2.0.2'])
    const freed = rutter.free()
    expect(topicsOf(freed)).toEqual([expect.stringContaining('reviews')])
    // Whatever comes twice.
    for (const frame of [...freed, ...freed]) expect(caller?.take(frame)).toBe(false)
    expect(addresses()).toEqual(['10.1.0.2', '10.2.0.2'])
    expect(await caller?.sync()).toMatchObject({ type: 'missing', frames: [] })
  })

  test('B22: endpoints that callers share out by where they are are told once for each place', async () => {
    const rutter = publishingOn(
      given(
        ...mesh,
        ...['r1', 'r1', 'r2'].map((region, i) =>
          applied(instance(`c${i}`, 'caller', `10.1.0.${i + 1}`, { zone: `${region}/z` })),
        ),
      ),
    )
    const agents = [1, 2, 3].map((i) => agentOf(rutter, sidecar(`10.1.0.${i}`, `p${i}`)))
    for (const agent of agents) await agent.sync()
    const rule = applied(
      istio('DestinationRule', 'reviews', {
        host: 'reviews',
        trafficPolicy: { loadBalancer: { localityLbSetting: {} }, outlierDetection: {} },
      }),
    )
    const arrives = (name: string) => applied(instance(name, 'reviews', '10.2.0.9', { zone: 'r2/z' }))
    const leaves = removed(instance('new', 'reviews', ''))
    /** How many messages there were, and how many of them each agent heard. */
    const told = (frames: readonly Frame[]) => [
      frames.length,
      ...agents.map((agent) => frames.filter((frame) => agent.hears(frame)).length),
    ]
    const ask = async () => {
      for (const agent of agents) await agent.askAll()
    }
    expect(told(rutter.step(arrives('new')))).toEqual([1, 1, 1, 1])
    rutter.step(leaves)
    for (const frame of rutter.step(rule)) for (const agent of agents) agent.take(frame)
    await ask()
    const frames = rutter.step(arrives('new'))
    expect(told(frames)).toEqual([2, 1, 1, 1])
    for (const frame of frames) for (const agent of agents) expect(agent.take(frame)).toBe(false)
    for (const [i, agent] of agents.entries()) {
      const proxy = rutter.projector.follow(sidecar(`10.1.0.${i + 1}`, `p${i + 1}`), {})
      expect(shown(agent.assembly)).toEqual(shown(proxy))
    }
  })

  test('B4: what nobody reads is not told', async () => {
    const { rutter, agents } = await meshed(2)
    expect(rutter.step(applied(sidecarConfig('scope', ['*/ratings.default.svc.cluster.local'])))).not.toEqual(
      [],
    )
    for (const agent of agents) await agent.sync()
    expect(rutter.step(removed(instance('reviews-v2', 'reviews', '10.2.0.2')))).toEqual([])
    expect(rutter.step(applied(instance('x', 'nowhere', '10.2.0.9')))).toEqual([])
  })

  test('B5: a rule for one caller is told to that caller alone, and to it all that it needs', async () => {
    const { rutter, agents } = await meshed(3)
    const frames = rutter.step(
      applied(
        routeRule('mine', {
          destination: { name: 'reviews' },
          precedence: 5,
          match: { source: { name: 'caller' } },
          route: [{ labels: { version: 'v1' } }],
        }),
      ),
    )
    expect(frames.map((frame) => agents.map((agent) => agent.hears(frame)))).toEqual([[true, false, false]])
    expect(frames.map((frame) => agents[0]?.take(frame))).toEqual([false])
    const proxy = rutter.projector.follow(sidecar('10.1.0.1', 'p0'), {})
    expect(shown(agents[0]?.assembly ?? createAssembly())).toEqual(shown(proxy))
  })

  test('B6: who missed something gets what changed since, and no more', async () => {
    const { rutter, agents } = await meshed(1)
    rutter.step(removed(instance('reviews-v2', 'reviews', '10.2.0.2')))
    rutter.step(applied(service('details')))
    const answer = await agents[0]?.sync()
    if (answer?.type !== 'missing') throw new Error('nothing is missing')
    expect(topicsOf(answer.frames)).toHaveLength(3)
    const view = answer.frames.find((frame) => frame.type === 'view')
    expect(view?.put.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      `clusters ${cluster('details.default')}`,
      `endpoints ${cluster('details.default')}`,
      'virtualHosts details.default.svc.cluster.local:9080',
    ])
    expect(await agents[0]?.sync()).toMatchObject({ frames: [] })
  })

  test('B7: an agent that holds and acknowledged the newest counts as having acknowledged it', async () => {
    const { rutter, agents } = await meshed(1)
    const [agent] = agents
    if (agent === undefined) throw new Error('no agent')
    const told = agent.status({ ackedPosition: 7 }).status
    const tell = (state: 'synced' | 'pending') => rutter.status(agent.status({ ...told, state }))
    tell('synced')
    rutter.step(applied(instance('x', 'nowhere', '10.2.0.9')))
    expect(rutter.fleet.statuses()).toEqual([{ ...told, state: 'synced', ackedPosition: mesh.length + 1 }])
    rutter.step(removed(instance('reviews-v2', 'reviews', '10.2.0.2')))
    expect(rutter.fleet.statuses()).toMatchObject([{ state: 'pending', ackedPosition: 7 }])
    await agent.sync()
    tell('synced')
    expect(rutter.fleet.statuses()).toMatchObject([{ state: 'synced', ackedPosition: mesh.length + 2 }])
  })
})
