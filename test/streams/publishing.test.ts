import fc from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Assembly, createAssembly, nothingChanged } from '../../src/agent/assembly.ts'
import { decodeFrame, decodeSyncAnswer, encodeFrame, encodeSyncAnswer } from '../../src/codecs/busMessage.ts'
import { parseNodeId } from '../../src/codecs/nodeId.ts'
import type { MeshEvent } from '../../src/model/event.ts'
import type { Frame, SyncAnswer, SyncRequest } from '../../src/model/frame.ts'
import type { Snapshot } from '../../src/model/mesh.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../src/model/proxy.ts'
import { xdsTypes } from '../../src/model/xds.ts'
import type { ControllerBus, ControllerBusListener } from '../../src/ports.ts'
import { createProjector } from '../../src/projections/projector.ts'
import { emptySnapshot, reduceMesh } from '../../src/reducers/mesh.ts'
import { createFleet } from '../../src/streams/fleet.ts'
import { createPublishing } from '../../src/streams/publishing.ts'
import { anyEvent, cluster, followed, sidecar, sidecarConfig } from '../projections/anyMesh.ts'
import { applied, entriesOf, given, instance, removed, routeRule, service } from '../reducers/given.ts'
import { handClock } from './running.ts'

/** A controller whose bus is a list of frames. */
const publishingOn = (start: Snapshot = emptySnapshot) => {
  const sent: Frame[] = []
  let listener: ControllerBusListener | undefined
  let snapshot = start
  const bus: ControllerBus = {
    id: 'one',
    log: 'one',
    peers: () => ['one'],
    announce: () => {},
    ask: () => {},
    askPeers: async () => {},
    publish: (frame) => {
      const travelled = decodeFrame(encodeFrame(frame))
      if (isRight(travelled)) sent.push(travelled.right)
    },
    listen: (given) => {
      listener = given
    },
  }
  const projector = createProjector(start)
  const fleet = createFleet(projector.concerned)
  const publishing = createPublishing({
    bus,
    projector,
    fleet,
    clock: handClock(),
    identify: parseNodeId,
    reached: async () => {},
    standing: async ({ position }) => fleet.direct(position),
  })
  onTestFinished(() => publishing.close())
  return {
    projector,
    fleet,
    publishing,
    status: (status: Parameters<ControllerBusListener['status']>[0]) => listener?.status(status),
    step: (...events: readonly MeshEvent[]): readonly Frame[] => {
      snapshot = reduceMesh(snapshot, entriesOf(events, snapshot.position + 1))
      sent.length = 0
      publishing.stepped(projector.step(snapshot))
      return [...sent]
    },
    ask: async (request: SyncRequest): Promise<SyncAnswer> => {
      const answer = await listener?.sync(request)
      if (answer === undefined) throw new Error('nobody listens')
      const travelled = decodeSyncAnswer(encodeSyncAnswer(answer))
      expect(isRight(travelled)).toBe(true)
      return isRight(travelled) ? travelled.right : answer
    },
  }
}

type Rutter = ReturnType<typeof publishingOn>

/** The agent of a proxy; it asks when it notices that something is missing. */
const agentOf = (rutter: Rutter, identity: ProxyIdentity, metadata: ProxyMetadata = {}) => {
  const assembly = createAssembly()
  const { node } = identity
  const sync = async (): Promise<SyncAnswer> => {
    const answer = await rutter.ask({ node, metadata, standing: assembly.standing(), log: 'one' })
    if (answer.type === 'missing') {
      for (const frame of answer.frames) assembly.take(frame, nothingChanged())
      assembly.compare(answer.standing)
    }
    return answer
  }
  const hears = (frame: Frame): boolean =>
    frame.topic === assembly.view() ||
    frame.topic ===
      `proxy.${encodeURIComponent(node).replaceAll('%', '=').replaceAll('.', '=2E').replaceAll('~', '=7E')}` ||
    [...assembly.endpointTopics().values()].includes(frame.topic)
  return {
    assembly,
    sync,
    hears,
    /** True when it noticed that something is missing. */
    take: (frame: Frame): boolean => hears(frame) && assembly.take(frame, nothingChanged()) === 'gap',
  }
}

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
  test(
    'B1: whatever is lost, doubled or comes late, what an agent puts together is what the projector says once it has asked',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              events: fc.array(anyEvent, { minLength: 1, maxLength: 3 }),
              fate: fc.constantFrom('lost', 'late', 'doubled', 'whole', 'whole', 'whole'),
            }),
            { maxLength: 12 },
          ),
          async (steps) => {
            const { rutter, agents } = await withAgents()
            let late: readonly Frame[] = []
            for (const { events, fate } of steps) {
              const frames = rutter.step(...events)
              const heard = fate === 'lost' || fate === 'late' ? [] : [...frames, ...late]
              late = fate === 'late' ? frames : []
              for (const [i, agent] of agents.entries()) {
                for (const frame of fate === 'doubled' ? [...heard, ...heard] : heard)
                  if (agent.take(frame)) await agent.sync()
                await agent.sync()
                await agent.sync()
                const proxy = rutter.proxies[i]
                if (proxy !== undefined) expect(shown(agent.assembly)).toEqual(shown(proxy))
              }
            }
          },
        ),
        { seed: 11, numRuns: 60 },
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
  const meshed = async (count: number) => {
    const rutter = publishingOn(given(...mesh))
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
    const { node } = sidecar('10.1.0.1', 'p0')
    const told = { id: node, type: 'sidecar', connected: true, ackedPosition: 7, rejections: [] } as const
    const tell = (state: 'synced' | 'pending') =>
      rutter.status({
        node,
        metadata: {},
        standing: agents[0]?.assembly.standing() ?? createAssembly().standing(),
        status: { ...told, state },
      })
    tell('synced')
    rutter.step(applied(instance('x', 'nowhere', '10.2.0.9')))
    expect(rutter.fleet.statuses()).toEqual([{ ...told, state: 'synced', ackedPosition: mesh.length + 1 }])
    rutter.step(removed(instance('reviews-v2', 'reviews', '10.2.0.2')))
    expect(rutter.fleet.statuses()).toMatchObject([{ state: 'pending', ackedPosition: 7 }])
    await agents[0]?.sync()
    tell('synced')
    expect(rutter.fleet.statuses()).toMatchObject([{ state: 'synced', ackedPosition: mesh.length + 2 }])
  })
})
