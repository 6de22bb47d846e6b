import { randomUUID } from 'node:crypto'
import { jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jetstreamLog } from '../../../src/adapters/nats/jetstreamLog.ts'
import { eventStreamName, eventSubjects } from '../../../src/adapters/nats/meshStream.ts'
import { entryHeaders } from '../../../src/adapters/nats/storedEntry.ts'
import { collected, granted, taken } from '../../contract/eventLog.ts'
import { registered } from '../../contract/registered.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { type NatsServers, startNats } from './natsHarness.ts'
import { linked, openedLog } from './openedLog.ts'

const nats = await natsServerOrSkip()

describe.skipIf(nats.skip)('a stream as the log', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path, { syncInterval: '"60s"', extra: 'max_payload: 64KB' })
  })
  afterAll(() => servers?.stop())

  const manager = async () => jetstreamManager((await linked(servers.urls)).connection)
  const configOf = (mesh: string) => ({
    name: eventStreamName(mesh),
    subjects: [eventSubjects(mesh).all],
    deny_delete: true,
    deny_purge: true,
  })
  const noticesOf = async (
    mesh: string,
    monitors: readonly string[] = [servers.servers[0]?.monitorUrl ?? ''],
  ) => {
    const notices: string[] = []
    const onNotice = (message: string) => void notices.push(message)
    await openedLog(servers.urls, { mesh, onNotice, monitors })
    return notices
  }

  test('N1: is called after its mesh, keeps everything, and forbids to delete or purge', async () => {
    const { mesh } = await openedLog(servers.urls)
    const { config } = await (await manager()).streams.info(`RUTTER_${mesh}_EVENTS`)
    expect(config).toMatchObject({
      subjects: [`rutter.${mesh}.events.>`],
      retention: 'limits',
      storage: 'file',
      discard: 'new',
      num_replicas: 1,
      max_age: 0,
      max_msgs: -1,
      max_bytes: -1,
      deny_delete: true,
      deny_purge: true,
    })
  })

  test('N2: an entry is one message, whose sequence is its position and whose data is what was hashed', async () => {
    const log = await openedLog(servers.urls)
    const entry = granted(await log.append([registered('a'), registered('b')], 0))
    const message = await (await manager()).streams.getMessage(`RUTTER_${log.mesh}_EVENTS`, { seq: 1 })
    expect(message?.json()).toEqual(entry.events)
    expect(message?.header.get('Rutter-Hash')).toBe(entry.hash)
  })

  test('N3: an entry above what the servers take in a message is refused with that limit', async () => {
    const log = await openedLog(servers.urls)
    const limitBytes = 64 * 1024 - 512
    const sized = (bytes: number) => {
      const bare = JSON.stringify([registered('s', '')]).length
      return [registered('s', 'x'.repeat(bytes - bare))]
    }
    expect(await log.append(sized(limitBytes + 1), 0)).toMatchObject({
      left: { _tag: 'TooLarge', limitBytes },
    })
    expect(granted(await log.append(sized(limitBytes), 0)).position).toBe(1)
  })

  test('N4: servers that sync later than they acknowledge are told of, by their monitoring address', async () => {
    expect(await noticesOf(randomUUID())).toEqual([
      expect.stringMatching(
        /may lose what it acknowledged: the server at .* syncs every 60 s.*sync_interval: always/,
      ),
    ])
  })

  test('N4: that it could not be verified is told where no monitoring address is given, or none answers', async () => {
    expect(await noticesOf(randomUUID(), [])).toEqual([expect.stringContaining('--nats-monitor')])
    expect(await noticesOf(randomUUID(), ['http://127.0.0.1:1'])).toEqual([
      expect.stringContaining('does not tell its sync_interval'),
    ])
  })

  test.each([
    ['retention', { retention: RetentionPolicy.Interest }, 'its retention is interest'],
    ['storage', { storage: StorageType.Memory }, 'kept in memory'],
    ['max_age', { max_age: 3_600e9 }, 'max_age is 3600000000000, beyond which old entries are dropped'],
    ['max_msgs', { max_msgs: 10 }, 'max_msgs is 10, beyond which old entries are dropped'],
    ['max_bytes', { max_bytes: 1e6 }, 'max_bytes is 1000000'],
    ['max_msgs_per_subject', { max_msgs_per_subject: 5 }, 'max_msgs_per_subject is 5'],
    ['deny_purge', { deny_purge: false }, 'may be deleted or purged'],
    ['allow_rollup_hdrs', { allow_rollup_hdrs: true, deny_purge: false }, 'rollup headers'],
  ])('N4: a stream whose %s weakens it is used, and that is told', async (_, setting, told) => {
    const mesh = randomUUID()
    await (await manager()).streams.add({ ...configOf(mesh), ...setting })
    expect((await noticesOf(mesh)).join('\n')).toContain(told)
  })

  test('N4: a stream with fewer copies than asked for is used, and that is told', async () => {
    const mesh = randomUUID()
    await (await manager()).streams.add(configOf(mesh))
    const notices: string[] = []
    await openedLog(servers.urls, { mesh, replicas: 3, onNotice: (message) => void notices.push(message) })
    expect(notices.join('\n')).toContain('1 of 3 copies')
  })

  test('N5: more copies than there are servers are refused with advice', async () => {
    const link = await linked(servers.urls)
    await expect(
      jetstreamLog(link, { mesh: randomUUID(), replicas: 3, onNotice: () => {} }),
    ).rejects.toMatchObject({
      _tag: 'NatsRefused',
      advice: expect.stringContaining('--replicas 1'),
    })
  })

  test('N6: a stream from which entries were purged or deleted is damage', async () => {
    const streams = (await manager()).streams
    for (const remove of [
      (name: string) => streams.purge(name),
      (name: string) => streams.purge(name, { seq: 2 }),
      (name: string) => streams.deleteMessage(name, 2),
    ]) {
      const mesh = randomUUID()
      await streams.add({ ...configOf(mesh), deny_delete: false, deny_purge: false })
      const log = await openedLog(servers.urls, { mesh })
      for (let i = 0; i < 3; i += 1) granted(await log.append([registered(`s${i}`)], i))
      await remove(eventStreamName(mesh))
      await expect(openedLog(servers.urls, { mesh })).rejects.toMatchObject({ _tag: 'LogDamaged' })
    }
  })

  test('N6: a stream that takes other subjects is refused', async () => {
    const mesh = randomUUID()
    await (await manager()).streams.add({
      ...configOf(mesh),
      subjects: [`${mesh}.>`, eventSubjects(mesh).all],
    })
    await expect(openedLog(servers.urls, { mesh })).rejects.toMatchObject({ _tag: 'LogDamaged' })
  })

  test('N6: a message of another program is damage, at its position, for who opens and for who follows', async () => {
    const log = await openedLog(servers.urls)
    granted(await log.append([registered('a')], 0))
    const rejected = expect(collected(log.tail(0, new AbortController().signal))).rejects.toMatchObject({
      _tag: 'LogDamaged',
      position: 2,
    })
    const { connection } = await linked(servers.urls)
    await connection.request(`rutter.${log.mesh}.events.x`, '[]')
    await rejected
    await expect(log.append([registered('b')], 2)).rejects.toMatchObject({ _tag: 'LogDamaged', position: 2 })
    await expect(openedLog(servers.urls, { mesh: log.mesh })).rejects.toMatchObject({ position: 2 })
  })

  test('N6: an entry that does not follow the one before it is damage', async () => {
    const [log, other] = [await openedLog(servers.urls), await openedLog(servers.urls)]
    granted(await log.append([registered('a')], 0))
    granted(await other.append([registered('b')], 0))
    granted(await other.append([registered('c')], 1))
    const streams = (await manager()).streams
    const stray = await streams.getMessage(eventStreamName(other.mesh), { seq: 2 })
    const { connection } = await linked(servers.urls)
    if (stray === null) throw new Error('no message')
    await connection.request(eventSubjects(log.mesh).entry, stray.data, {
      headers: entryHeaders(stray.header.get('Rutter-Hash')),
      timeout: 2000,
    })
    await expect(taken(log, 1, 1)).rejects.toThrow('the hash chain is broken')
  })

  test('N6: a stream that was deleted and made again does not pass for the old one', async () => {
    const log = await openedLog(servers.urls)
    for (let i = 0; i < 3; i += 1) granted(await log.append([registered(`s${i}`)], i))
    const streams = (await manager()).streams
    await streams.delete(eventStreamName(log.mesh))
    await openedLog(servers.urls, { mesh: log.mesh })
    await expect(log.append([registered('x')], 3)).rejects.toMatchObject({ _tag: 'LogDamaged', position: 1 })
  })
})
