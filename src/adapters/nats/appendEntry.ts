import { JetStreamApiError } from '@nats-io/jetstream'
import type { Position } from '../../model/entry.ts'
import { logDamaged } from '../log/logDamaged.ts'
import type { PreparedEntry } from '../log/prepareEntry.ts'
import { type EventStream, endOfStream } from './eventStream.ts'
import { eventSubjects } from './meshStream.ts'
import { isPassing, retrying } from './retrying.ts'
import { entryHeaders } from './storedEntry.ts'

/** What the log knows of its stream, and what it wants to be told on the way. */
export type AppendWatch = {
  /** The hash of the entry at `position`; undefined when there is none. Waits up to `patienceMs` for the stream to
   *  bring it before it asks. */
  hashAt(position: Position, patienceMs: number): Promise<string | undefined>
  /** An answer did not come: what the stream holds when it is sent again tells what has happened. */
  uncertain(): void
  retry(error: Error): void
}

/** An append is tried for so long, through elections and lost connections. */
const limitMs = 15_000
/** A leader that is frozen or cut off does not answer; what is late is recognized in the stream. */
const answerMs = 1_000
/** What another appended comes by itself, at about the same time as the refusal. Asking for it would cost round trips
 *  in which whoever won appends again, and so wins again. */
const bringingMs = 250

/** `appended` once the entry is acknowledged at its position, `conflict` when another stands there. Whether an append
 *  of which no answer came has happened is seen in the stream: a hash of the chain stands there once or not at all,
 *  and the expected sequence keeps a second try from being stored beside the first.
 *
 *  Rejects when the servers cannot be reached for 15 s; the entry may then still come to stand there. Rejects with a
 *  `LogDamaged` when the stream ends before the entry that this one follows. */
export const appendEntry = async (
  stream: EventStream,
  { entry, payload }: PreparedEntry,
  watch: AppendWatch,
): Promise<'appended' | 'conflict'> => {
  const { link, js, mesh, name } = stream
  const untilMs = performance.now() + limitMs
  const publish = async (): Promise<'appended' | 'conflict'> => {
    await link.untilConnected(Math.max(0, untilMs - performance.now()))
    try {
      const { seq } = await js.publish(eventSubjects(mesh).entry, payload, {
        headers: entryHeaders(entry.hash),
        expect: { streamName: name, lastSequence: entry.position - 1 },
        timeout: answerMs,
      })
      if (seq === entry.position) return 'appended'
      throw logDamaged(name, entry.position, `the entry was stored at ${seq}`)
    } catch (error) {
      if (isPassing(error)) watch.uncertain()
      // Sent again, it is refused where it was stored: looking it up now would wait for the same leader.
      if (!isConflict(error)) throw error
      const stands = await watch.hashAt(entry.position, bringingMs)
      if (stands === undefined) throw error
      return stands === entry.hash ? 'appended' : 'conflict'
    }
  }
  // A conflict with nothing at the position: another's append is under way there, or the stream has lost entries.
  const passing = (error: unknown) => isPassing(error) || isConflict(error)
  try {
    return await retrying(publish, limitMs, watch.retry, passing)
  } catch (error) {
    if (!isConflict(error)) throw error
    const { position } = await endOfStream(stream)
    if (position >= entry.position - 1) throw error
    throw logDamaged(name, position + 1, 'entries that were acknowledged are gone from the stream')
  }
}

/** The server's `err_code`s for another last sequence than the expected one. */
const wrongSequence = [10071, 10164]

const isConflict = (error: unknown): boolean =>
  error instanceof JetStreamApiError && wrongSequence.includes(error.code)
