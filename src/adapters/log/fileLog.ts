import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Position } from '../../model/entry.ts'
import type { Envelope } from '../../model/event.ts'
import type { EventLog } from '../../ports.ts'
import { appendQueue } from './appendQueue.ts'
import { followers } from './followers.ts'
import { type Journal, openJournal } from './journal.ts'
import { lockDirectory, type Unlock } from './lockDirectory.ts'
import { makeDirectory } from './openLogDirectory.ts'
import { defaultLimitBytes, prepareEntry } from './prepareEntry.ts'
import { readEntries } from './readEntries.ts'
import { recentEntries } from './recentEntries.ts'
import { leftNothing } from './writeFailed.ts'

export type FileLogOptions = {
  /** Largest entry, in bytes of canonical JSON; 32 MiB unless given. */
  readonly limitBytes?: number
  /** A segment that would outgrow this is followed by another; 64 MiB unless given. */
  readonly segmentBytes?: number
  /** Entries kept in memory for tails; those that are behind read the files. 1,024 unless given, 16 MiB at most. */
  readonly recent?: number
  /** Told what an operator should know: that an entry torn by a crash was cut off. */
  readonly onNotice?: (message: string) => void
}

const recentBytes = 16 * 2 ** 20

/** The log in `directory`, which is made where it is absent, locked for this process. Rejects with a `LogInUse` or
 *  a `LogDamaged`; then nothing was changed.
 *
 *  An append that the disk refuses rejects. Where the half-written entry could be taken back, later appends may
 *  succeed; after a sync that failed all later appends reject with its cause. Reading goes on in either case. */
export const fileLog = async (directory: string, options: FileLogOptions = {}): Promise<EventLog> => {
  const { limitBytes = defaultLimitBytes, segmentBytes = 64 * 2 ** 20, recent = 1024 } = options
  const { onNotice = () => {} } = options
  await makeDirectory(directory)
  const unlock = await lockDirectory(directory)
  try {
    return logOn(await openJournal(directory, segmentBytes, onNotice), limitBytes, recent, unlock)
  } catch (error) {
    await unlock()
    throw error
  }
}

const logOn = (journal: Journal, limitBytes: number, entries: number, unlock: Unlock): EventLog => {
  const all = followers()
  const recent = recentEntries(journal.end().position, { entries, bytes: recentBytes })
  let broken: Error | undefined

  const appendNow = async (events: readonly Envelope[], expected: Position) => {
    if (broken !== undefined) throw broken
    const end = journal.end()
    if (expected !== end.position) return left({ _tag: 'Conflict' as const, end: end.position })
    const prepared = prepareEntry(events, end.position + 1, end.hash, limitBytes)
    if (isLeft(prepared)) return prepared
    try {
      await journal.write(prepared.right)
    } catch (error) {
      if (leftNothing(error)) throw error
      broken = new Error(`the log takes no more entries: ${(error as Error).message}`, { cause: error })
      throw broken
    }
    recent.push(prepared.right.entry, prepared.right.bytes)
    all.wake()
    return right(prepared.right.entry)
  }

  const queue = appendQueue(appendNow)

  return {
    append: queue.append,
    limitBytes: () => limitBytes,
    tail: (after, signal) =>
      all.follow(
        {
          recent: recent.after,
          read: (from) => readEntries(journal.segments, from, journal.end().position, { hashes: true }),
        },
        after,
        signal,
      ),
    end: async () => journal.end(),
    close: () =>
      queue.close(async () => {
        all.end()
        await journal.close()
        await unlock()
      }),
  }
}
