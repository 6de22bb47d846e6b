import { isLeft } from 'fp-ts/lib/Either.js'
import { connectNats } from '../adapters/nats/connectNats.ts'
import { type EventStream, endOfStream } from '../adapters/nats/eventStream.ts'
import { jetstreamCheckpoints } from '../adapters/nats/jetstreamCheckpoints.ts'
import { natsRefused } from '../adapters/nats/natsRefused.ts'
import { openEventStream } from '../adapters/nats/openEventStream.ts'
import { readStream } from '../adapters/nats/readStream.ts'
import type { Entry } from '../model/entry.ts'
import type { NatsPlace } from './openNatsLog.ts'
import type { ReplaySource } from './replayLog.ts'

/** What `work` makes of the log of a mesh in NATS, whose connection lasts as long; progress counts entries. Makes no
 *  stream and changes nothing. Rejects with a `NatsRefused`, also when no entry comes for `patienceMs`, or a
 *  `LogDamaged`. */
export const withNatsSource = async <T>(
  { profile, mesh }: NatsPlace,
  work: (source: ReplaySource) => Promise<T>,
  patienceMs = 30_000,
): Promise<T> => {
  const link = await connectNats(profile)
  if (isLeft(link)) throw link.left
  try {
    const checkpoints = jetstreamCheckpoints(link.right, mesh, () => {})
    const { stream } = await openEventStream(link.right, {
      mesh,
      make: false,
      onNotice: () => {},
      onRetry: () => {},
    })
    return await work({
      checkpoints: checkpoints.list,
      readCheckpoint: checkpoints.read,
      nameOfCheckpoint: checkpoints.name,
      entries: (onProgress) => entriesOf(stream, onProgress, patienceMs),
    })
  } finally {
    await link.right.close()
  }
}

async function* entriesOf(
  stream: EventStream,
  onProgress: (done: number, total: number) => void,
  patienceMs: number,
): AsyncGenerator<readonly Entry[], void, undefined> {
  const { position: upTo } = await endOfStream(stream)
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(), patienceMs)
  let done = 0
  try {
    for await (const entries of readStream(stream, {
      after: 0,
      upTo,
      signal: silent.signal,
      onRetry: () => {},
    })) {
      yield entries
      done = entries.at(-1)?.position ?? done
      onProgress(done, upTo)
      timer.refresh()
    }
  } finally {
    clearTimeout(timer)
  }
  // Reading that was broken off ends like reading that is complete.
  if (done < upTo) {
    const problem = `${stream.name} brought no entry for ${patienceMs / 1000} s`
    throw natsRefused('unreachable', problem, 'see whether its servers run, and replay again')
  }
}
