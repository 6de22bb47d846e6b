import { createHash } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { type Either, isLeft, isRight } from 'fp-ts/lib/Either.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/model/canonicalJson.ts'
import { type Entry, genesisHash } from '../../src/model/entry.ts'
import type { AppendRefused, EventLog } from '../../src/ports.ts'
import { registered } from './registered.ts'

/** How an adapter's tests open a new, empty log that takes entries of up to `limitBytes`. */
export type OpenLog = (limitBytes: number) => Promise<EventLog>

const limitBytes = 100_000

/** What every EventLog promises (docs/spec/L.md, L1–L19). Run once per adapter. */
export const eventLogContract = (name: string, open: OpenLog) =>
  describe(name, () => {
    let log: EventLog
    const stop = new AbortController()
    beforeEach(async () => {
      log = await open(limitBytes)
    })
    afterEach(() => log.close())

    /** Appends entries of one event each, named 1, 2, 3 … */
    const appended = async (count: number, from = 1): Promise<Entry[]> => {
      const entries: Entry[] = []
      for (let i = from; i < from + count; i += 1) {
        entries.push(granted(await log.append([registered(`s${i}`)], i - 1)))
      }
      return entries
    }

    test('L1: an empty log ends at 0 with 64 zeros', async () =>
      expect(await log.end()).toEqual({ position: 0, hash: genesisHash }))

    test('L2: positions count entries from 1, whatever the number of events', async () => {
      const first = granted(await log.append([registered('a'), registered('b')], 0))
      const second = granted(await log.append([registered('c')], 1))
      expect([first.position, second.position]).toEqual([1, 2])
      expect(await log.end()).toEqual({ position: 2, hash: second.hash })
    })

    test('L3: the hash chains over the hash before and the canonical JSON of the events', async () => {
      const [first, second] = (await appended(2)) as [Entry, Entry]
      const hashOf = (before: string, { events }: Entry) =>
        createHash('sha256')
          .update(`${before}\n${canonicalJson(events)}`)
          .digest('hex')
      expect(first.hash).toBe(hashOf(genesisHash, first))
      expect(second.hash).toBe(hashOf(first.hash, second))
    })

    test('L4: an append at another position than the end is refused, and changes nothing', async () => {
      await appended(2)
      for (const expected of [0, 1, 3]) {
        expect(await log.append([registered('x')], expected)).toMatchObject({
          left: { _tag: 'Conflict', end: 2 },
        })
      }
      expect((await log.end()).position).toBe(2)
    })

    test('L5: of concurrent appends at one position exactly one wins', async () => {
      const names = Array.from({ length: 20 }, (_, i) => `s${i}`)
      const answers = await Promise.all(names.map((one) => log.append([registered(one)], 0)))
      expect(answers.filter(isRight)).toHaveLength(1)
      expect(answers.filter(isLeft)).toHaveLength(19)
      expect((await log.end()).position).toBe(1)
    })

    test('L6: an append of no events throws', async () => {
      await expect(log.append([], 0)).rejects.toThrow('at least one event')
      expect((await log.end()).position).toBe(0)
    })

    test('L7: an entry above the limit is refused whole; one at the limit is taken', async () => {
      const sized = (bytes: number) => {
        const bare = canonicalJson([registered('s', '')]).length
        return registered('s', 'x'.repeat(bytes - bare))
      }
      expect(await log.append([sized(limitBytes + 1)], 0)).toMatchObject({
        left: { _tag: 'TooLarge', limitBytes },
      })
      expect((await log.end()).position).toBe(0)
      expect(granted(await log.append([sized(limitBytes)], 0)).position).toBe(1)
    })

    test('L8: what is read equals what was appended, characters beyond ASCII included', async () => {
      const event = registered('s', 'Grüße, 世界 🚢 \u0000\u2028"\\')
      const entry = granted(await log.append([event], 0))
      expect(entry.events).toEqual([event])
      expect(await taken(log, 0, 1)).toEqual([entry])
    })

    test('L8: members that are undefined are as good as absent', async () => {
      const entry = granted(await log.append([{ ...registered('a'), cause: undefined } as never], 0))
      expect(Object.keys(entry.events[0] ?? {})).not.toContain('cause')
    })

    test('L9: an event that JSON cannot say exactly is refused with a rejection, and changes nothing', async () => {
      await expect(log.append([registered('s', '\ud800')], 0)).rejects.toThrow('surrogate')
      expect((await log.end()).position).toBe(0)
      expect(granted(await log.append([registered('s')], 0)).position).toBe(1)
    })

    test('L10: a tail from any position gives all that follows, in order', async () => {
      const entries = await appended(7)
      for (let after = 0; after < 7; after += 1) {
        expect(await taken(log, after, 7 - after)).toEqual(entries.slice(after))
      }
    })

    test('L11: a tail goes on with new entries as they come, none lost, none twice', async () => {
      await appended(3)
      const reading = taken(log, 0, 50)
      await appended(47, 4)
      expect((await reading).map(({ position }) => position)).toEqual(upTo(50))
    })

    test('L11: a tail may begin beyond the end, and waits', async () => {
      const reading = taken(log, 2, 1)
      await appended(3)
      expect((await reading).map(({ position }) => position)).toEqual([3])
    })

    test('L12: several tails see the same, each at its own pace', async () => {
      const readings = [taken(log, 0, 20), taken(log, 5, 15), taken(log, 19, 1)]
      await appended(20)
      const seen = await Promise.all(readings)
      expect(seen.map((entries) => entries.at(-1))).toEqual(Array(3).fill(seen[0]?.at(-1)))
      expect(seen[1]).toEqual(seen[0]?.slice(5))
    })

    test('L13: an aborted tail ends, also while it waits, and leaves no listener behind', async () => {
      await appended(1)
      const abort = new AbortController()
      const seen: Entry[] = []
      const waits = withResolvers()
      const reading = (async () => {
        for await (const batch of log.tail(0, abort.signal)) {
          seen.push(...batch)
          waits.resolve()
        }
      })()
      await waits.promise
      abort.abort()
      await reading
      expect(seen.map(({ position }) => position)).toEqual([1])
      expect(getEventListeners(abort.signal, 'abort')).toEqual([])
      expect(await collected(log.tail(0, abort.signal))).toEqual([])
    })

    test('L13: waiting again and again leaves no listener behind', async () => {
      const signal = stop.signal
      for (let i = 1; i <= 20; i += 1) {
        const one = taken(log, i - 1, 1, signal)
        await appended(1, i)
        await one
      }
      expect(getEventListeners(signal, 'abort')).toEqual([])
    })

    test('L14: a tail that is left in the middle can be taken up by another', async () => {
      await appended(5)
      expect((await taken(log, 0, 2)).map(({ position }) => position)).toEqual([1, 2])
      expect((await taken(log, 2, 3)).map(({ position }) => position)).toEqual([3, 4, 5])
    })

    test('L15: a tail from what is no position throws', async () => {
      for (const after of [-1, 0.5, Number.NaN]) {
        await expect(collected(log.tail(after, stop.signal))).rejects.toThrow('no position')
      }
    })

    test('L16: closing lets appends under way finish', async () => {
      const under = [1, 2, 3].map((i) => log.append([registered(`s${i}`)], i - 1))
      await log.close()
      expect((await Promise.all(under)).map((answer) => granted(answer).position)).toEqual([1, 2, 3])
    })

    test('L17: closing ends every tail', async () => {
      await appended(1)
      const readings = [0, 1, 9].map((after) => collected(log.tail(after, stop.signal)))
      await taken(log, 0, 1)
      await log.close()
      await Promise.all(readings)
    })

    test('L18: a closed log takes no append; closing twice is closing once', async () => {
      await log.close()
      await log.close()
      await expect(log.append([registered('s')], 0)).rejects.toThrow('closed')
    })

    test('L19: an entry is in the tail once its append has answered', async () => {
      const entry = granted(await log.append([registered('s')], 0))
      const [batch] = await firstBatch(log)
      expect(batch).toEqual(entry)
    })
  })

/** The entry of an append that was taken. */
export const granted = (answer: Either<AppendRefused, Entry>): Entry => {
  if (isLeft(answer)) throw new Error(`refused: ${JSON.stringify(answer.left)}`)
  return answer.right
}

/** The first `count` entries after `after`; then the tail is left. */
export const taken = async (
  log: Pick<EventLog, 'tail'>,
  after: number,
  count: number,
  signal = new AbortController().signal,
): Promise<Entry[]> => {
  const entries: Entry[] = []
  for await (const batch of log.tail(after, signal)) {
    entries.push(...batch)
    if (entries.length >= count) break
  }
  return entries.slice(0, count)
}

/** Everything, up to the end. */
export const collected = async (batches: AsyncIterable<readonly Entry[]>): Promise<Entry[]> => {
  const entries: Entry[] = []
  for await (const batch of batches) entries.push(...batch)
  return entries
}

const withResolvers = (): { readonly promise: Promise<void>; resolve(): void } => {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

const firstBatch = async (log: EventLog): Promise<readonly Entry[]> => {
  for await (const batch of log.tail(0, new AbortController().signal)) return batch
  return []
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
