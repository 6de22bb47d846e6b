import { headers, type MsgHdrs } from '@nats-io/nats-core'
import { isLeft } from 'fp-ts/lib/Either.js'
import { eventsFromStored } from '../../codecs/event.ts'
import type { Entry } from '../../model/entry.ts'
import { chainHash } from '../log/chainHash.ts'
import { logDamaged } from '../log/logDamaged.ts'

/** A message of a log's stream. */
export type StoredMessage = {
  readonly seq: number
  readonly headers?: MsgHdrs | undefined
  /** The canonical JSON of the entry's events. */
  readonly data: Uint8Array
}

/** What a message needs beside its data, at most: what NATS adds to say what is expected, and the hash. */
export const headerRoomBytes = 512

const hashHeader = 'Rutter-Hash'

/** The headers of the entry with `hash`. */
export const entryHeaders = (hash: string): MsgHdrs => {
  const made = headers()
  made.set(hashHeader, hash)
  return made
}

/** The hash that a message says its entry has. Throws a `LogDamaged` where it says none: another program's message. */
export const hashOfMessage = (stream: string, message: StoredMessage): string => {
  const hash = message.headers?.get(hashHeader) ?? ''
  if (!/^[0-9a-f]{64}$/.test(hash)) throw logDamaged(stream, message.seq, 'the message is no entry of a log')
  return hash
}

/** The entry in `message`, whose predecessor has the hash `before`. Throws a `LogDamaged` when it does not follow, or
 *  holds what this build does not know. */
export const entryOfMessage = (stream: string, message: StoredMessage, before: string): Entry => {
  const hash = hashOfMessage(stream, message)
  if (chainHash(before, message.data) !== hash) {
    throw logDamaged(stream, message.seq, 'the hash chain is broken')
  }
  const { data } = message
  // Buffer's decoder is the faster one for what is nearly all ASCII.
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
  const events = eventsFromStored(parsed(stream, message.seq, text))
  if (isLeft(events)) throw logDamaged(stream, message.seq, events.left.message)
  return { position: message.seq, hash, events: events.right }
}

const parsed = (stream: string, position: number, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw logDamaged(stream, position, (error as Error).message)
  }
}
