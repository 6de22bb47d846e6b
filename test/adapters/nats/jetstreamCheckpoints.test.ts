import { jetstreamManager } from '@nats-io/jetstream'
import { Objm } from '@nats-io/obj'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { jetstreamCheckpoints } from '../../../src/adapters/nats/jetstreamCheckpoints.ts'
import { eventStreamName } from '../../../src/adapters/nats/meshStream.ts'
import type { Checkpoint } from '../../../src/ports.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { applied, given, instance, service } from '../../reducers/given.ts'
import { type NatsServers, startNats } from './natsHarness.ts'
import { openedLog } from './openedLog.ts'

const nats = await natsServerOrSkip()

// More than a chunk of the store, and more than a message.
const { mesh: large, at } = given(
  ...Array.from({ length: 10 }, (_, i) => applied(service(`s${i}`))),
  ...Array.from({ length: 6_000 }, (_, i) =>
    applied(instance(`i${i}`, `s${i % 10}`, `10.0.${i >> 8}.${i & 255}`)),
  ),
)
const checkpointAt = (position: number, mesh = large): Checkpoint => ({
  position,
  at,
  logHash: 'a'.repeat(64),
  meshHash: 'b'.repeat(64),
  mesh,
})

// Of several servers one that is a moment behind may be asked.
const soon = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, 5_000)

describe.skipIf(nats.skip).each([1, 3])('checkpoints on %i servers', (nodes) => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path, { nodes })
  })
  afterAll(() => servers?.stop())

  const opened = async () => {
    const { link, mesh } = await openedLog(servers.urls)
    const notices: string[] = []
    const open = () => jetstreamCheckpoints(link, mesh, (message) => void notices.push(message))
    return { link, mesh, notices, open, checkpoints: open() }
  }

  test('N11: the newest is read back as it was written, by whoever asks', async () => {
    const { checkpoints, open } = await opened()
    await soon(async () => expect(await checkpoints.newest()).toBeUndefined())
    await checkpoints.write(checkpointAt(9, given().mesh))
    await checkpoints.write(checkpointAt(10))
    await soon(async () => expect(await open().newest()).toEqual(checkpointAt(10)))
  })

  test('N11: the newest two are kept; where one stands at the position or later, none is written', async () => {
    const { checkpoints, open } = await opened()
    for (const position of [1, 2, 3, 4]) {
      await checkpoints.write(checkpointAt(position))
      await soon(async () => expect(await checkpoints.list()).toContain(position))
    }
    await soon(async () => expect(await checkpoints.list()).toEqual([3, 4]))
    await open().write(checkpointAt(4, given().mesh))
    await open().write(checkpointAt(2))
    await soon(async () => expect(await checkpoints.list()).toEqual([3, 4]))
    await soon(async () => expect(await checkpoints.newest()).toEqual(checkpointAt(4)))
  })

  test('N11: one that is spoilt is passed over for the one before', async () => {
    const { checkpoints, link, mesh } = await opened()
    await checkpoints.write(checkpointAt(1))
    await checkpoints.write(checkpointAt(2))
    const store = await new Objm(link.connection).open(`RUTTER_${mesh}_CHECKPOINTS`)
    const name = (await store.list()).map((one) => one.name).find((one) => one.endsWith('/2')) ?? ''
    const good = (await store.getBlob(name)) ?? new Uint8Array()
    good[100] = (good[100] ?? 0) ^ 1
    await store.putBlob({ name }, good)
    expect((await checkpoints.newest())?.position).toBe(1)
  })

  test('N11: those of a stream that is gone are no longer seen, and go with the next', async () => {
    const { checkpoints, link, mesh } = await opened()
    await checkpoints.write(checkpointAt(70))
    const jsm = await jetstreamManager(link.connection)
    const { config } = await jsm.streams.info(eventStreamName(mesh))
    await jsm.streams.delete(eventStreamName(mesh))
    await jsm.streams.add(config)
    await soon(async () => expect(await checkpoints.newest()).toBeUndefined())
    await checkpoints.write(checkpointAt(1))
    await soon(async () => expect(await checkpoints.list()).toEqual([1]))
    const store = await new Objm(link.connection).open(`RUTTER_${mesh}_CHECKPOINTS`)
    expect(await store.list()).toHaveLength(1)
  })

  test('N11: without servers, writing rejects and reading finds none, with a word', async () => {
    const { checkpoints, link, notices } = await opened()
    await link.close()
    await expect(checkpoints.write(checkpointAt(1))).rejects.toThrow()
    await soon(async () => expect(await checkpoints.newest()).toBeUndefined())
    expect(notices).toEqual([expect.stringContaining('cannot be read')])
  })
})
