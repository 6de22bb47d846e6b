import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Entry, Position } from '../../model/entry.ts'
import type { Envelope } from '../../model/event.ts'
import type { EventLog } from '../../ports.ts'
import { appendQueue } from '../log/appendQueue.ts'
import { followers } from '../log/followers.ts'
import { logDamaged } from '../log/logDamaged.ts'
import { defaultLimitBytes, prepareEntry } from '../log/prepareEntry.ts'
import { recentEntries } from '../log/recentEntries.ts'
import { appendEntry } from './appendEntry.ts'
import type { NatsLink } from './connectNats.ts'
import { type EventStream, endOfStream, messageAt } from './eventStream.ts'
import { type EventStreamOptions, openEventStream } from './openEventStream.ts'
import { orderedMessages } from './orderedMessages.ts'
import { readStream } from './readStream.ts'
import { retrying } from './retrying.ts'
import { entryOfMessage, hashOfMessage, headerRoomBytes } from './storedEntry.ts'
import { holdBackMs, takeTurns } from './turns.ts'
import { watchServer } from './watchServer.ts'

export type JetstreamLogOptions = Omit<EventStreamOptions, 'make' | 'onRetry'> & {
  /** Largest entry, in bytes of canonical JSON; 32 MiB unless given, and never more than the servers' max_payload. */
  readonly limitBytes?: number
  /** Entries kept in memory for tails; those that are behind read the stream. 1,024 unless given, 16 MiB at most. */
  readonly recent?: number
}

/** A log in JetStream. */
export type JetstreamLog = EventLog & {
  /** When the stream was made: tells it from another of the same name. */
  readonly created: string
  counters(): {
    readonly appended: number
    readonly conflicts: number
    /** Appends that got no answer and were sent again. */
    readonly uncertain: number
    /** Appends that waited for another's, which had asked for its turn. */
    readonly heldBack: number
    /** Requests that were tried again. */
    readonly retried: number
    /** Consumers that were lost and replaced. */
    readonly reopened: number
  }
}

const recentBytes = 16 * 2 ** 20
const askLimitMs = 15_000

/** The log of a mesh in the stream `RUTTER_<mesh>_EVENTS`, which is made where it is absent; many may write to it. An
 *  entry is a message, its position the message's sequence, so that one append is one message and all or none of it.
 *  Rejects with a `NatsRefused` or a `LogDamaged`. The link is the caller's.
 *
 *  Appends reject when the servers are out of reach for 15 s; tails wait for them. */
export const jetstreamLog = async (link: NatsLink, options: JetstreamLogOptions): Promise<JetstreamLog> => {
  const counters = { appended: 0, conflicts: 0, uncertain: 0, heldBack: 0, retried: 0, reopened: 0 }
  const onRetry = () => {
    counters.retried += 1
  }
  const { stream, created } = await openEventStream(link, { ...options, make: true, onRetry })
  const start = await retrying(() => endOfStream(stream), askLimitMs, onRetry)
  return { ...logOn(stream, start, options, counters), created, counters: () => ({ ...counters }) }
}

type End = { readonly position: Position; readonly hash: string }
type Counters = { -readonly [K in keyof ReturnType<JetstreamLog['counters']>]: number }

const logOn = (
  stream: EventStream,
  start: End,
  { limitBytes = defaultLimitBytes, recent: entries = 1024 }: JetstreamLogOptions,
  counters: Counters,
): EventLog => {
  const all = followers()
  const recent = recentEntries(start.position, { entries, bytes: recentBytes })
  const closing = new AbortController()
  const tails = new Set<() => void>()
  let end = start
  let broken: Error | undefined

  const onRetry = () => {
    counters.retried += 1
  }
  const onReopen = () => {
    counters.reopened += 1
  }
  const watch = {
    retry: onRetry,
    uncertain: () => {
      counters.uncertain += 1
    },
    hashAt: async (position: Position, patienceMs: number) => {
      if (patienceMs > 0) await brought(position, patienceMs)
      if (end.position === position) return end.hash
      const held = recent.after(position - 1)?.[0]
      if (held !== undefined) return held.hash
      const message = await messageAt(stream, position)
      return message === undefined ? undefined : hashOfMessage(stream.name, message)
    },
  }

  // What this log appended is there before the stream brings it back; what others appended comes by the stream.
  const accept = (entry: Entry, bytes: number): void => {
    if (entry.position !== end.position + 1) return
    recent.push(entry, bytes)
    end = { position: entry.position, hash: entry.hash }
    all.wake()
  }

  const follow = async (): Promise<void> => {
    const from = Math.max(1, end.position)
    try {
      for await (const message of orderedMessages(stream, {
        from,
        signal: closing.signal,
        onRetry: onReopen,
      })) {
        const { seq } = message
        if (seq > end.position + 1)
          throw logDamaged(stream.name, end.position + 1, `the stream goes on at ${seq}`)
        if (seq === end.position && hashOfMessage(stream.name, message) !== end.hash) {
          throw logDamaged(stream.name, seq, 'the stream holds another entry than it held')
        }
        if (seq === end.position + 1) {
          accept(entryOfMessage(stream.name, message, end.hash), message.data.byteLength)
        }
      }
    } catch (error) {
      broken = error as Error
      all.wake()
    }
  }
  const following = follow()
  const turns = takeTurns(stream.link, stream.mesh)
  const stopWatching = watchServer(stream)

  async function* tail(after: Position, signal: AbortSignal) {
    const stop = new AbortController()
    const abort = () => stop.abort()
    signal.addEventListener('abort', abort)
    if (signal.aborted || queue.closed()) abort()
    tails.add(abort)
    const upToNow = (from: Position) =>
      readStream(stream, { after: from, upTo: end.position, signal: stop.signal, onRetry: onReopen })
    const recently = (position: Position) => {
      const found = recent.after(position)
      if (broken !== undefined && found?.length === 0) throw broken
      return found
    }
    try {
      yield* all.follow({ recent: recently, read: upToNow }, after, stop.signal)
    } finally {
      tails.delete(abort)
      signal.removeEventListener('abort', abort)
    }
  }

  const newestEnd = async (): Promise<End> => {
    const found = await retrying(() => endOfStream(stream), askLimitMs, onRetry)
    return found.position > end.position ? found : end
  }

  /** True once the stream has brought the entry at `position`; false when it has not within `limitMs`. */
  const brought = async (position: Position, limitMs: number): Promise<boolean> => {
    if (end.position >= position) return true
    for await (const _ of tail(position - 1, AbortSignal.timeout(limitMs))) break
    return end.position >= position
  }

  const conflict = (position: Position) => {
    counters.conflicts += 1
    turns.lost()
    return left({ _tag: 'Conflict' as const, end: position })
  }

  const largestBytes = (): number =>
    Math.min(limitBytes, (stream.link.connection.info?.max_payload ?? 2 ** 20) - headerRoomBytes)

  const appendNow = async (events: readonly Envelope[], expected: Position) => {
    if (broken !== undefined) throw broken
    if (expected > end.position) {
      const { position } = await newestEnd()
      if (position !== expected) return conflict(position)
      if (!(await brought(expected, askLimitMs))) {
        throw new Error(`${stream.name} does not bring entry ${expected}`)
      }
    }
    if (expected === end.position && turns.isAnothers()) {
      counters.heldBack += 1
      await brought(end.position + 1, holdBackMs)
    }
    if (expected < end.position) return conflict(end.position)
    const prepared = prepareEntry(events, expected + 1, end.hash, largestBytes())
    if (isLeft(prepared)) return prepared
    const { entry, bytes } = prepared.right
    if ((await appendEntry(stream, prepared.right, watch)) === 'conflict') {
      return conflict(Math.max(entry.position, end.position))
    }
    counters.appended += 1
    turns.won()
    accept(entry, bytes)
    return right(entry)
  }

  const queue = appendQueue(appendNow)

  return {
    append: queue.append,
    limitBytes: largestBytes,
    tail,
    end: newestEnd,
    close: () =>
      queue.close(async () => {
        all.end()
        for (const abort of [...tails]) abort()
        turns.close()
        stopWatching()
        closing.abort()
        await following
      }),
  }
}
