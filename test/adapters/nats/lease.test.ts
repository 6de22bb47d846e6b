import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { jetstreamLog } from '../../../src/adapters/nats/jetstreamLog.ts'
import { type Lease, natsLease } from '../../../src/adapters/nats/lease.ts'
import { leaseStreamName } from '../../../src/adapters/nats/meshStream.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { type NatsServers, startNats } from './natsHarness.ts'
import { linked } from './openedLog.ts'

const nats = await natsServerOrSkip()

describe.skipIf(nats.skip)('a lease', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path, { nodes: 3 })
  }, 60_000)
  afterAll(() => servers?.stop())

  const meshWithLog = async (): Promise<string> => {
    const mesh = randomUUID()
    const log = await jetstreamLog(await linked(servers.urls), { mesh, onNotice: () => {} })
    onTestFinished(() => log.close())
    return mesh
  }
  /** Somebody who wants the lease, and each time that it was taken or lost. */
  const wanting = async (mesh: string, id: string, name = 'files/mesh') => {
    const link = await linked(servers.urls)
    const told: boolean[] = []
    const notices: string[] = []
    const lease: Lease = natsLease(link, {
      mesh,
      name,
      id,
      changed: () => void told.push(lease.holds()),
      notice: (message) => void notices.push(message),
      limits: { renewEveryMs: 200, holdMs: 800, freeAfterMs: 1_000 },
    })
    onTestFinished(() => lease.close())
    return { link, lease, told, notices }
  }
  const holding = (all: readonly { readonly lease: Lease }[]): number =>
    all.filter(({ lease }) => lease.holds()).length
  const oneOf = (all: readonly { readonly lease: Lease }[]) =>
    expect.poll(() => holding(all), { timeout: 15_000, interval: 5 }).toBe(1)

  test('F13: of several who want it one has it, and all know who', async () => {
    const mesh = await meshWithLog()
    const all = await Promise.all(['a', 'b', 'c'].map((id) => wanting(mesh, id)))
    await oneOf(all)
    const [other] = [await wanting(mesh, 'd', 'files/other')]
    await oneOf([other])
    const holder = ['a', 'b', 'c'][all.findIndex(({ lease }) => lease.holds())]
    await expect
      .poll(() => all.map(({ lease }) => lease.holder()), { timeout: 15_000 })
      .toEqual([holder, holder, holder])
    expect(other.lease.holder()).toBe('d')
    expect(all.flatMap(({ told }) => told)).toEqual([true])
  })

  test('F14: who leaves gives it to another at once; of who died another takes it, and never two have it', async () => {
    const mesh = await meshWithLog()
    const all = await Promise.all(['a', 'b', 'c'].map((id) => wanting(mesh, id)))
    const rest = [...all]
    const withoutHolder = async () => {
      await oneOf(rest)
      const index = rest.findIndex(({ lease }) => lease.holds())
      const [holder] = rest.splice(index, 1)
      if (holder === undefined) throw new Error('nobody has it')
      return holder
    }
    const first = await withoutHolder()
    await first.lease.close()
    expect(first.told).toEqual([true, false])
    const second = await withoutHolder()
    // Nothing that it says arrives any more.
    await second.link.close()
    let most = 0
    const counting = setInterval(() => {
      most = Math.max(most, holding(all))
    }, 1)
    onTestFinished(() => clearInterval(counting))
    await expect.poll(() => holding(rest), { timeout: 15_000, interval: 5 }).toBe(1)
    expect(most).toBe(1)
    expect(second.told).toEqual([true, false])
  })

  test('F14: servers that forget it, and a leader of theirs that dies, leave one who has it', async () => {
    const mesh = await meshWithLog()
    const all = await Promise.all(['a', 'b'].map((id) => wanting(mesh, id)))
    await oneOf(all)
    const jsm = await (await import('@nats-io/jetstream')).jetstreamManager(
      (await linked(servers.urls)).connection,
    )
    const { cluster } = await jsm.streams.info(leaseStreamName(mesh))
    const leader = servers.named(cluster?.leader ?? '')
    await leader.kill()
    await expect
      .poll(() => [holding(all), all.some(({ link }) => !link.connected())], { timeout: 15_000 })
      .toEqual([1, false])
    await leader.restart()
    await servers.ready()
    await jsm.streams.purge(leaseStreamName(mesh))
    await oneOf(all)
    await expect
      .poll(() => all.map(({ lease }) => lease.counters().taken), { timeout: 15_000 })
      .not.toEqual([0, 0])
  }, 60_000)
})
