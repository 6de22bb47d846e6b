import { JetStreamApiError, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream'
import { genesisHash, type Position } from '../../model/entry.ts'
import type { NatsLink } from './connectNats.ts'
import { eventSubjects } from './meshStream.ts'
import { hashOfMessage, type StoredMessage } from './storedEntry.ts'

/** The stream of a mesh's log, and the ways to it. */
export type EventStream = {
  readonly link: NatsLink
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly mesh: string
  readonly name: string
}

/** The message at `seq` as the stream's leader has it; undefined when there is none (yet). */
export const messageAt = (stream: EventStream, seq: number): Promise<StoredMessage | undefined> =>
  asked(stream, { seq })

/** Position and hash of the last entry, as the stream's leader has it. Throws a `LogDamaged` when the last message is
 *  no entry. */
export const endOfStream = async (
  stream: EventStream,
): Promise<{ readonly position: Position; readonly hash: string }> => {
  const last = await asked(stream, { last_by_subj: eventSubjects(stream.mesh).all })
  if (last === undefined) return { position: 0, hash: genesisHash }
  return { position: last.seq, hash: hashOfMessage(stream.name, last) }
}

/** The server's `err_code` for a message that is not there. */
const noMessage = 10037

const asked = async (
  { jsm, name }: EventStream,
  query: { readonly seq: number } | { readonly last_by_subj: string },
): Promise<StoredMessage | undefined> => {
  try {
    const found = await jsm.streams.getMessage(name, query)
    if (found === null) return undefined
    return { seq: found.seq, headers: found.header, data: found.data }
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === noMessage) return undefined
    throw error
  }
}
