import { randomUUID } from 'node:crypto'
import { jetstreamManager } from '@nats-io/jetstream'
import { isRight } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryLog } from '../../../src/adapters/log/memoryLog.ts'
import type { JetstreamLog } from '../../../src/adapters/nats/jetstreamLog.ts'
import { eventStreamName } from '../../../src/adapters/nats/meshStream.ts'
import type { Entry } from '../../../src/model/entry.ts'
import { granted, taken } from '../../contract/eventLog.ts'
import { registered } from '../../contract/registered.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { type NatsServer, type NatsServers, startNats } from './natsHarness.ts'
import { openedLog } from './openedLog.ts'

const nats = await natsServerOrSkip()

/** Appends one entry after the other, wherever the end is, until told to stop. */
const appending = (log: JetstreamLog, name: string) => {
  const acknowledged: Entry[] = []
  let stopped = false
  let woken = () => {}
  const run = async (): Promise<void> => {
    let { position } = await log.end()
    for (let i = 0; !stopped; i += 1) {
      const answer = await log.append([registered(`${name}-${i}`)], position)
      if (isRight(answer)) {
        acknowledged.push(answer.right)
        position = answer.right.position
        woken()
      } else {
        position = (answer.left as { readonly end: number }).end
        i -= 1
      }
    }
  }
  const done = run()
  return {
    acknowledged,
    /** Resolves once `count` more entries were acknowledged; rejects when an append did. */
    more: async (count: number): Promise<void> => {
      const wanted = acknowledged.length + count
      const reached = new Promise<void>((resolve) => {
        woken = () => {
          if (acknowledged.length >= wanted) resolve()
        }
      })
      await Promise.race([reached, done])
    },
    stop: async (): Promise<void> => {
      stopped = true
      await done
    },
  }
}

describe.skipIf(nats.skip)('a cluster of three', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path, { nodes: 3 })
  })
  afterAll(() => servers?.stop())

  const leaderOf = async ({ link, mesh }: Awaited<ReturnType<typeof openedLog>>): Promise<NatsServer> => {
    const jsm = await jetstreamManager(link.connection)
    const info = await jsm.streams.info(eventStreamName(mesh))
    return servers.named(info.cluster?.leader ?? '')
  }

  /** Everything that was acknowledged stands in the stream once, where it was said to. */
  const holds = async (log: JetstreamLog, acknowledged: readonly Entry[]): Promise<void> => {
    const { position, hash } = await log.end()
    const all = await taken(log, 0, position)
    expect(all.at(-1)?.hash).toBe(hash)
    for (const entry of acknowledged) expect(all[entry.position - 1]).toEqual(entry)
    const ids = all.map(({ events }) => events[0]?.id)
    expect(new Set(ids).size).toBe(ids.length)
  }

  test('N7: with its leader killed again and again, no acknowledged entry is lost, none is stored twice, and writing goes on', async () => {
    const log = await openedLog(servers.urls)
    const writer = appending(log, 'a')
    for (let i = 0; i < 3; i += 1) {
      await writer.more(20)
      const leader = await leaderOf(log)
      await leader.kill()
      await writer.more(20)
      await leader.restart()
      await servers.ready()
    }
    await writer.stop()
    await holds(log, writer.acknowledged)
    await holds(await openedLog(servers.urls, { mesh: log.mesh }), writer.acknowledged)
  }, 120_000)

  test.each(['the leader', 'the server it is connected to'])(
    'N7: with %s frozen, writing goes on, and nothing is lost or stored twice',
    async (which) => {
      const log = await openedLog(servers.urls)
      const connectedTo = log.link.connection.getServer()
      const frozen =
        which === 'the leader'
          ? await leaderOf(log)
          : servers.servers.find(({ url }) => url.endsWith(connectedTo.slice(connectedTo.lastIndexOf(':'))))
      const writer = appending(log, 'a')
      await writer.more(20)
      frozen?.freeze()
      try {
        await writer.more(20)
      } finally {
        frozen?.thaw()
      }
      await writer.more(20)
      await writer.stop()
      await servers.ready()
      await holds(log, writer.acknowledged)
    },
    120_000,
  )

  test('N7: with all servers killed and started again, everything acknowledged is there, and tails go on', async () => {
    const log = await openedLog(servers.urls)
    const writer = appending(log, 'a')
    await writer.more(20)
    const reading = taken(log, 0, writer.acknowledged.length + 30)
    await Promise.all(servers.servers.map((server) => server.kill()))
    await Promise.all(servers.servers.map((server) => server.restart()))
    await writer.more(50)
    await writer.stop()
    expect((await reading).map(({ position }) => position)).toEqual(
      Array.from({ length: (await reading).length }, (_, i) => i + 1),
    )
    await holds(log, writer.acknowledged)
  }, 120_000)

  test('N8: of two who write at once, every entry has one place, and both read the same', async () => {
    const mesh = randomUUID()
    const logs = [await openedLog(servers.urls, { mesh }), await openedLog(servers.urls, { mesh })] as const
    const writers = logs.map((log, i) => appending(log, `w${i}`))
    await Promise.all(writers.map((writer) => writer.more(50)))
    await Promise.all(writers.map((writer) => writer.stop()))
    const all = writers.flatMap(({ acknowledged }) => acknowledged)
    expect(new Set(all.map(({ position }) => position)).size).toBe(all.length)
    for (const log of logs) await holds(log, all)
    const { position } = await logs[0].end()
    expect(position).toBe(all.length)
    expect(await taken(logs[0], 0, position)).toEqual(await taken(logs[1], 0, position))
    expect(logs[0].counters().conflicts + logs[1].counters().conflicts).toBeGreaterThan(0)
  })

  test('N2: equal entries make equal hashes, here and in the embedded log', async () => {
    const [log, embedded] = [await openedLog(servers.urls), memoryLog()]
    for (let i = 0; i < 10; i += 1) {
      const events = [registered(`s${i}`, 'Grüße 🚢'), registered(`t${i}`)]
      expect(granted(await log.append(events, i))).toEqual(granted(await embedded.append(events, i)))
    }
    expect(await log.end()).toEqual(await embedded.end())
  })

  test('N1: a stream in a cluster has three copies', async () => {
    const log = await openedLog(servers.urls)
    const jsm = await jetstreamManager(log.link.connection)
    expect((await jsm.streams.info(eventStreamName(log.mesh))).config.num_replicas).toBe(3)
  })
})
