import { jetstream, jetstreamManager, StorageType, type StreamInfo } from '@nats-io/jetstream'
import { deadline } from '@nats-io/nats-core'
import { type ObjectStore, Objm } from '@nats-io/obj'
import { type Either, isRight } from 'fp-ts/lib/Either.js'
import type { Position } from '../../model/entry.ts'
import type { Checkpoint, Checkpoints } from '../../ports.ts'
import {
  type CheckpointUnfit,
  checkpointDamaged,
  checkpointSlices,
  decodeCheckpoint,
} from '../log/checkpointFormat.ts'
import type { NatsLink } from './connectNats.ts'
import { checkpointBucketName, eventStreamName } from './meshStream.ts'

/** Checkpoints that many may share. */
export type JetstreamCheckpoints = Checkpoints & {
  /** Positions of those of this log, rising. */
  list(): Promise<readonly Position[]>
  /** What the one at `position` is called. */
  name(position: Position): string
  /** The one at `position`, or why it is of no use. */
  read(position: Position): Promise<Either<CheckpointUnfit, Checkpoint>>
}

const answerMs = 5_000
/** A checkpoint of 100,000 instances is some 30 MB. */
const transferMs = 60_000

/** Checkpoints of the log of `mesh` in the object store `RUTTER_<mesh>_CHECKPOINTS`, which is made with the first.
 *  Several controllers write them: where one stands at the position, or later, another is not written. They carry when
 *  the log's stream was made, so that those of a stream that is gone are told apart, and removed. What cannot be read
 *  is passed over, with a word to `onNotice`. */
export const jetstreamCheckpoints = (
  link: NatsLink,
  mesh: string,
  onNotice: (message: string) => void,
): JetstreamCheckpoints => {
  const bucket = checkpointBucketName(mesh)
  const objects = new Objm(jetstream(link.connection, { timeout: answerMs }))
  const name = (position: Position): string => `${bucket}/${position}`
  let writing = false

  const logInfo = async (): Promise<StreamInfo> => {
    const jsm = await jetstreamManager(link.connection, { timeout: answerMs, checkAPI: false })
    return jsm.streams.info(eventStreamName(mesh))
  }

  const opened = async (): Promise<Bucket | undefined> => {
    try {
      const store = await objects.open(bucket)
      const { created } = await logInfo()
      return { store, prefix: `${created}/`, names: (await store.list()).map(({ name }) => name) }
    } catch (error) {
      if ((error as Error).message === 'object store not found') return undefined
      throw error
    }
  }

  const made = async (): Promise<Bucket> => {
    const { config, created } = await logInfo()
    const settings = { storage: StorageType.File, replicas: config.num_replicas }
    return { store: await objects.create(bucket, settings), prefix: `${created}/`, names: [] }
  }

  const read = async (position: Position): Promise<Either<CheckpointUnfit, Checkpoint>> => {
    const found = await opened()
    const bytes = await found?.store.getBlob(`${found.prefix}${position}`)
    if (bytes === undefined || bytes === null) return checkpointDamaged(name(position), 'it is gone')
    return decodeCheckpoint(Buffer.from(bytes), name(position))
  }

  const write = async (checkpoint: Checkpoint): Promise<void> => {
    const { store, prefix, names } = (await opened()) ?? (await made())
    const before = positionsOf({ prefix, names })
    if (before.some((position) => position >= checkpoint.position)) return
    await store.put({ name: `${prefix}${checkpoint.position}` }, streamOf(checkpointSlices(checkpoint)))
    const kept = before.slice(-1).map((position) => `${prefix}${position}`)
    for (const name of names) if (!kept.includes(name)) await store.delete(name)
  }

  const bounded = <T>(work: () => Promise<T>): Promise<T> => deadline(work(), transferMs)
  const list = () => bounded(async () => positionsOf(await opened()))

  return {
    list,
    name,
    read: (position) => bounded(() => read(position)),
    newest: async () => {
      try {
        for (const position of [...(await list())].reverse()) {
          const found = await bounded(() => read(position))
          if (isRight(found)) return found.right
        }
      } catch (error) {
        onNotice(`the checkpoints in ${bucket} cannot be read: ${(error as Error).message}`)
      }
      return undefined
    },
    write: async (checkpoint) => {
      if (writing) throw new Error('a checkpoint is being written already')
      writing = true
      try {
        await bounded(() => write(checkpoint))
      } finally {
        writing = false
      }
    },
  }
}

/** An object store, what is in it, and how the names of this log's checkpoints begin. */
type Bucket = {
  readonly store: ObjectStore
  readonly prefix: string
  readonly names: readonly string[]
}

const positionsOf = (bucket: Pick<Bucket, 'prefix' | 'names'> | undefined): Position[] =>
  (bucket?.names ?? [])
    .filter((name) => name.startsWith(bucket?.prefix ?? ''))
    .map((name) => Number(name.slice(bucket?.prefix.length)))
    .sort((a, b) => a - b)

/** Slices are encoded as the store takes them, a chunk and its acknowledgement at a time. */
const streamOf = (slices: Iterator<Buffer>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull: (controller) => {
      const { done, value } = slices.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
