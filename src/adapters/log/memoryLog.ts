import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import { type Entry, genesisHash } from '../../model/entry.ts'
import type { EventLog } from '../../ports.ts'
import { followers } from './followers.ts'
import { defaultLimitBytes, prepareEntry } from './prepareEntry.ts'

const batchEntries = 1024

/** A log that is gone with its process. Entries larger than `limitBytes` of canonical JSON are refused. */
export const memoryLog = ({
  limitBytes = defaultLimitBytes,
}: {
  readonly limitBytes?: number
} = {}): EventLog => {
  const entries: Entry[] = []
  const all = followers()
  let closed = false
  const end = () => ({ position: entries.length, hash: entries.at(-1)?.hash ?? genesisHash })

  return {
    append: async (events, expected) => {
      if (events.length === 0) throw new Error('an entry holds at least one event')
      if (closed) throw new Error('the log is closed')
      const { position, hash } = end()
      if (expected !== position) return left({ _tag: 'Conflict', end: position })
      const prepared = prepareEntry(events, position + 1, hash, limitBytes)
      if (isLeft(prepared)) return prepared
      entries.push(prepared.right.entry)
      all.wake()
      return right(prepared.right.entry)
    },
    limitBytes: () => limitBytes,
    tail: (after, signal) =>
      all.follow(
        {
          recent: (position) => entries.slice(position, position + batchEntries),
          read: () => {
            throw new Error('everything is in memory')
          },
        },
        after,
        signal,
      ),
    end: async () => end(),
    close: async () => {
      closed = true
      all.end()
    },
  }
}
