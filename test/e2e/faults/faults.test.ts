import { setTimeout as after } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventStreamName } from '../../../src/adapters/nats/meshStream.ts'
import { isolationOrSkip } from '../../adapters/nats/isolationOrSkip.ts'
import type { NatsServer } from '../../adapters/nats/natsHarness.ts'
import { envoyOrSkip } from '../../envoyOrSkip.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { randomFrom } from '../randomFrom.ts'
import { endure, type Fault, type Outcome } from './endure.ts'
import { type Caller, type FaultFleet, startFaultFleet } from './faultFleet.ts'
import { scale } from './scale.ts'

const [envoy, nats, isolation] = [await envoyOrSkip(), await natsServerOrSkip(), await isolationOrSkip()]

describe.skipIf(envoy.skip || nats.skip || isolation.skip)('a mesh over NATS under load', () => {
  let fleet: FaultFleet
  const outcomes: Outcome[] = []
  const random = randomFrom(scale.seed)
  const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)] as T

  beforeAll(async () => {
    fleet = await startFaultFleet({ envoy: envoy.path, nats: nats.path })
  }, 120_000)
  afterAll(async () => {
    console.table(outcomes.map(({ failures, ...outcome }) => ({ ...outcome, failed: failures.length })))
    await fleet?.stop()
  }, 60_000)

  /** No request fails, and the fleet comes together in time. */
  const comesThrough = async (fault: Fault): Promise<Outcome> => {
    const outcome = await endure(fleet, fault)
    outcomes.push(outcome)
    expect(outcome.failures).toEqual([])
    expect(outcome.perSecond).toBeGreaterThanOrEqual(scale.perSecond)
    expect(outcome.converged).toBeLessThan(scale.convergedWithinMs)
    return outcome
  }

  const placeOf = (server: NatsServer): number => fleet.servers.servers.indexOf(server)

  const leader = async (): Promise<NatsServer> => {
    const connection = await connect({ servers: [...fleet.servers.urls] })
    const jsm = await jetstreamManager(connection)
    let name = ''
    await expect
      .poll(
        async () => {
          name = (await jsm.streams.info(eventStreamName('default'))).cluster?.leader ?? ''
          return name
        },
        { timeout: 30_000 },
      )
      .not.toBe('')
    await connection.close()
    return fleet.servers.named(name)
  }

  test(
    `U1: controllers killed at any moment, ${scale.kills} times (seed ${scale.seed}), are not missed`,
    async () => {
      for (let i = 1; i <= scale.kills; i += 1) {
        await after(random() * 1_000)
        const killed = pick(fleet.controllers)
        await comesThrough({ name: `controller killed (${i})`, begin: killed.kill, repair: killed.start })
      }
    },
    scale.kills * 60_000,
  )

  const ways: readonly [string, (server: NatsServer) => Omit<Fault, 'name'>][] = [
    ['killed', (server) => ({ begin: server.kill, end: server.restart })],
    ['frozen', (server) => ({ begin: server.freeze, end: server.thaw })],
    [
      'cut off from all',
      (server) => ({
        begin: () => fleet.network.cutOff(placeOf(server)),
        end: () => fleet.network.mend(placeOf(server)),
      }),
    ],
    [
      'parted from its peers',
      (server) => ({
        begin: () => fleet.network.part(placeOf(server)),
        end: () => fleet.network.mend(placeOf(server)),
      }),
    ],
  ]

  test.each(ways)(
    'U2: a server of NATS that is %s is not missed',
    async (way, fault) => {
      const server = pick(fleet.servers.servers)
      await comesThrough({ name: `NATS node ${way}`, lastsMs: scale.nodeOutageMs, ...fault(server) })
      await fleet.servers.ready()
    },
    scale.nodeOutageMs + 120_000,
  )

  test.each(ways)(
    'U3: with the leader of the stream %s, writes are back',
    async (way, fault) => {
      const server = await leader()
      const { writesGone } = await comesThrough({
        name: `stream leader ${way}`,
        lastsMs: scale.nodeOutageMs,
        untilWritten: true,
        ...fault(server),
      })
      expect(writesGone).toBeLessThan(scale.writesBackWithinMs)
      await fleet.servers.ready()
    },
    scale.nodeOutageMs + 120_000,
  )

  test(
    `U4: with all controllers gone for ${scale.outageMs} ms, Envoys go on`,
    async () => {
      await comesThrough({
        name: 'all controllers killed',
        begin: () => Promise.all(fleet.controllers.map(({ kill }) => kill())),
        lastsMs: scale.outageMs,
        end: () => Promise.all(fleet.controllers.map(({ start }) => start())),
      })
    },
    scale.outageMs + 120_000,
  )

  test(
    `U5: with all of NATS gone for ${scale.outageMs} ms, Envoys go on`,
    async () => {
      await comesThrough({
        name: 'all of NATS killed',
        begin: () => Promise.all(fleet.servers.servers.map(({ kill }) => kill())),
        lastsMs: scale.outageMs,
        end: () => Promise.all(fleet.servers.servers.map(({ restart }) => restart())),
      })
      await fleet.servers.ready()
    },
    scale.outageMs + 120_000,
  )

  const callerNamed = (name: string): Caller => {
    const found = fleet.callers.find((caller) => caller.name === name)
    if (found === undefined) throw new Error(`nobody is called ${name}`)
    return found
  }

  test.each(['client-v1', 'reviews-v1'])(
    'U6: the agent of %s killed: its Envoy goes on, and what it missed comes with the next agent',
    async (name) => {
      const agent = fleet.agents.get(name)
      await comesThrough({
        name: `agent of ${name} killed`,
        begin: () => agent?.kill(),
        lastsMs: 2_000,
        end: () => agent?.start(),
      })
    },
    120_000,
  )

  test.each(['client-v2', 'ratings-v2'])(
    'U7: the Envoy of %s killed: it is back at once, and the others’ requests are answered elsewhere meanwhile',
    async (name) => {
      const caller = callerNamed(name)
      await comesThrough({
        name: `Envoy of ${name} killed`,
        begin: () => process.kill(caller.envoyPid(), 'SIGKILL'),
        without: name,
      })
    },
    120_000,
  )

  test('U8: through all of it no acknowledged write was lost, none stands twice, and no Envoy went back', async () => {
    await fleet.quiet()
    const { ids, positionOf, positionsOf } = fleet.generations
    expect(new Set(ids).size).toBe(ids.length)
    const wrong = fleet.writes.filter(({ generation, acked }) =>
      acked === undefined
        ? positionsOf(generation).length > 1
        : `${positionsOf(generation)}` !== `${acked.position}`,
    )
    expect(wrong).toEqual([])
    for (const { name, observations } of fleet.callers)
      expect([name, observations.backwards(positionOf)]).toEqual([name, []])
    const snapshots = await Promise.all(
      fleet.controllers.map(async ({ url }) => (await fetch(`${url}/api/v1/snapshot`)).json()),
    )
    for (const snapshot of snapshots) expect(snapshot).toEqual(snapshots[0])
  }, 60_000)
})
