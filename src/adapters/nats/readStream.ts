import { type Entry, genesisHash, type Position } from '../../model/entry.ts'
import { logDamaged } from '../log/logDamaged.ts'
import type { EventStream } from './eventStream.ts'
import { orderedMessages } from './orderedMessages.ts'
import { entryOfMessage, hashOfMessage } from './storedEntry.ts'

export type ReadStreamOptions = {
  readonly after: Position
  readonly upTo: Position
  readonly signal: AbortSignal
  readonly onRetry: (reason: string) => void
}

const batchBytes = 2 ** 20
const batchEntries = 1024

/** The entries after `after` up to `upTo`, in batches of about 1 MiB, every hash of the chain verified. Throws a
 *  `LogDamaged` where one is missing or wrong; waits while servers are out of reach, until `signal` aborts. */
export async function* readStream(
  stream: EventStream,
  { after, upTo, signal, onRetry }: ReadStreamOptions,
): AsyncGenerator<readonly Entry[], void, undefined> {
  if (after >= upTo) return
  // The entry before says with which hash the chain goes on.
  let before = after === 0 ? genesisHash : undefined
  let expected = Math.max(after, 1)
  let batch: Entry[] = []
  let bytes = 0
  for await (const message of orderedMessages(stream, { from: expected, signal, onRetry })) {
    if (message.seq !== expected) {
      throw logDamaged(stream.name, expected, `the stream goes on at ${message.seq}`)
    }
    expected += 1
    if (before === undefined) {
      before = hashOfMessage(stream.name, message)
      continue
    }
    const entry = entryOfMessage(stream.name, message, before)
    before = entry.hash
    batch.push(entry)
    bytes += message.data.byteLength
    const last = entry.position >= upTo
    if (last || bytes >= batchBytes || batch.length >= batchEntries || message.info.pending === 0) {
      yield batch
      batch = []
      bytes = 0
    }
    if (last) return
  }
}
