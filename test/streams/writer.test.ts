import { left } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { memoryLog } from '../../src/adapters/log/memoryLog.ts'
import { findIn } from '../../src/model/trie.ts'
import type { WriteRequest } from '../../src/model/write.ts'
import type { EventLog } from '../../src/ports.ts'
import { emptySnapshot, reduceMesh } from '../../src/reducers/mesh.ts'
import { createHead } from '../../src/streams/head.ts'
import { createWriter } from '../../src/streams/writer.ts'
import { applied, envelope, routeRule, service } from '../reducers/given.ts'
import { apply, entriesIn, handClock, refusal, remove, startOn, written } from './running.ts'

const [a, b, c] = [service('a'), service('b'), service('c')]

describe('writing', () => {
  test('S2: requests that come together share an entry, each within one', async () => {
    const { write, log } = startOn()
    const answers = await Promise.all([a, b, c].map((one) => written(write([apply(one)]))))
    expect(answers.map(({ position }) => position)).toEqual([1, 1, 1])
    expect((await entriesIn(log)).map(({ events }) => events.length)).toEqual([3])
  })

  test('S2: each of them is told its own diagnostics, which are looked for once', async () => {
    const log = memoryLog()
    const head = createHead(emptySnapshot)
    const asked: string[][] = []
    const writer = createWriter(log, head, handClock(), (_, resources) => {
      asked.push(resources.map(({ metadata }) => metadata.name))
      return resources.map(({ metadata }) => [
        { code: 'found', message: metadata.name, severity: 'info' as const },
      ])
    })
    const request = (...changes: WriteRequest['changes']) =>
      written(writer.write({ changes, actor: 'a', source: 'test' }))
    const answers = [request(apply(a), apply(b)), request(apply(a)), request(apply(c))]
    const tail = log.tail(0, new AbortController().signal)[Symbol.asyncIterator]()
    head.moveTo(reduceMesh(emptySnapshot, (await tail.next()).value))
    expect(
      (await Promise.all(answers)).map(({ items }) =>
        items.map(({ diagnostics }) => diagnostics.map(({ message }) => message)),
      ),
    ).toEqual([[['a'], ['b']], [['a']], [['c']]])
    expect(asked).toEqual([['a', 'b', 'a', 'c']])
  })

  test('S3: whoever reads after the answer sees the write', async () => {
    const { write, controller } = startOn()
    for (let i = 1; i <= 20; i += 1) {
      await written(write([apply(service(`s${i}`))]))
      expect(findIn(controller.snapshot().mesh.services, 'Service', 'default', `s${i}`)?.position).toBe(i)
    }
  })

  test('S4: what changes nothing appends nothing, and answers where its resource last changed', async () => {
    const { write, log } = startOn()
    await written(write([apply(a)]))
    await written(write([apply(b)]))
    expect(await written(write([apply(a)]))).toMatchObject({
      position: 1,
      items: [{ outcome: 'unchanged', position: 1 }],
    })
    expect(await written(write([apply(a), apply(b)]))).toMatchObject({ position: 2 })
    expect((await log.end()).position).toBe(2)
  })

  test('S4: a request that repeats one of its own entry waits for that entry', async () => {
    const { write } = startOn()
    const [first, second] = await Promise.all([write([apply(a)]), write([apply(a)])].map(written))
    expect(first?.items[0]?.outcome).toBe('created')
    expect(second?.items[0]).toMatchObject({ outcome: 'unchanged', position: 1 })
  })

  test('S5: a dry run answers as the write would, and appends nothing', async () => {
    const { write, log } = startOn()
    await written(write([apply(a)]))
    const dry = await written(write([apply(b), remove(a)], { dryRun: true }))
    expect(dry).toMatchObject({ position: 1, items: [{ outcome: 'created' }, { outcome: 'removed' }] })
    expect((await log.end()).position).toBe(1)
  })

  test('S5: a dry run tells the diagnostics that would hold', async () => {
    const { write } = startOn()
    const rule = routeRule('r', { destination: { name: 'nobody' } })
    const dry = await written(write([apply(rule)], { dryRun: true }))
    expect(dry.items[0]?.diagnostics.length).toBeGreaterThan(0)
    const both = await written(write([apply(rule), apply(service('nobody'))], { dryRun: true }))
    expect(both.items[0]?.diagnostics.length).toBeLessThan(dry.items[0]?.diagnostics.length ?? 0)
  })

  test('S6: a refused request does not keep others from their entry', async () => {
    const { write, log } = startOn()
    const [first, second] = await Promise.all([refusal(write([remove(a)])), refusal(write([apply(b)]))])
    expect([first, second]).toEqual(['NotFound', undefined])
    expect((await entriesIn(log)).flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
      'ServiceRegistered',
    ])
  })

  test('S7: when another writer was first, the request is admitted anew', async () => {
    const log = memoryLog()
    let interfere = true
    const shared: EventLog = {
      ...log,
      append: async (events, expected) => {
        if (interfere) {
          interfere = false
          await log.append([envelope(applied(a), 1)], expected)
        }
        return log.append(events, expected)
      },
    }
    const { write, counters } = startOn(shared)
    const [again, other] = await Promise.all([written(write([apply(a)])), written(write([apply(b)]))])
    expect(again.items[0]).toMatchObject({ outcome: 'unchanged', position: 1 })
    expect(other.position).toBe(2)
    expect(counters()['conflicts']).toBe(1)
  })

  test('S8: a log that cannot be written makes writes unavailable, until it can', async () => {
    const log = memoryLog()
    let full = true
    const { write } = startOn({
      ...log,
      append: async (...call) => {
        if (full) throw new Error('no space left')
        return log.append(...call)
      },
    })
    expect(await refusal(write([apply(a)]))).toBe('Unavailable')
    full = false
    expect((await written(write([apply(a)]))).position).toBe(1)
  })

  test('S8: a dry run is refused where the log could not take the entry', async () => {
    const { write } = startOn(memoryLog({ limitBytes: 400 }))
    const ask = (changes: WriteRequest['changes'], dryRun: boolean) => refusal(write(changes, { dryRun }))
    expect(await ask([apply(a)], true)).toBe(undefined)
    expect(await ask([apply(a), apply(b)], true)).toBe('TooLarge')
    expect(await ask([apply(a), apply(b)], false)).toBe('TooLarge')
  })

  test('S8: an entry that the log cannot take is refused alone', async () => {
    const log = memoryLog()
    const { write } = startOn({
      ...log,
      append: async (events, expected) =>
        events.length > 1 ? left({ _tag: 'TooLarge', limitBytes: 100 }) : log.append(events, expected),
    })
    const answers = await Promise.all([refusal(write([apply(a), apply(b)])), refusal(write([apply(c)]))])
    expect(answers).toEqual(['TooLarge', undefined])
  })

  test('S9: an event is never earlier than the one before it', async () => {
    const { write, log, clock } = startOn()
    await written(write([apply(a)]))
    clock.set(0)
    await written(write([apply(b)]))
    const [first, second] = (await entriesIn(log)).flatMap(({ events }) => events.map(({ at }) => at))
    expect(second).toBe(first)
  })
})

describe('the past', () => {
  test('S10: it is shown at a position or a time', async () => {
    const { write, controller, clock } = startOn()
    clock.set(Date.UTC(2026, 0, 1, 10))
    await written(write([apply(a)]))
    clock.set(Date.UTC(2026, 0, 1, 11))
    await written(write([apply(b)]))
    const at = async (text: string) => {
      const found = await controller.snapshotAt(text)
      return 'right' in found ? found.right.position : found.left._tag
    }
    expect(await Promise.all(['0', '1', '2', '3', 'soon', ''].map(at))).toEqual([
      0,
      1,
      2,
      'BeyondEnd',
      'Unreadable',
      'Unreadable',
    ])
    const times = [
      '2026-01-01T09:59:59Z',
      '2026-01-01T10:00:00Z',
      '2026-01-01T11:59:59+01:00',
      '2030-01-01T00:00:00Z',
    ]
    expect(await Promise.all(times.map(at))).toEqual([0, 1, 1, 2])
  })

  test('S10: an old snapshot has the hash that it had', async () => {
    const { write, controller } = startOn()
    await written(write([apply(a)]))
    const hash = controller.hashOf(controller.snapshot())
    await written(write([apply(b)]))
    const found = await controller.snapshotAt('1')
    expect('right' in found && controller.hashOf(found.right)).toBe(hash)
  })
})
