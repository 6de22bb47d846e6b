import { fileCheckpoints } from '../adapters/log/fileCheckpoints.ts'
import { fileLog } from '../adapters/log/fileLog.ts'
import { memoryLog } from '../adapters/log/memoryLog.ts'
import type { NatsControllerBus } from '../adapters/nats/controllerBus.ts'
import type { Lease, LeaseOptions } from '../adapters/nats/lease.ts'
import type { Position } from '../model/entry.ts'
import type { Snapshot } from '../model/mesh.ts'
import type { Checkpoint, Checkpoints, EventLog } from '../ports.ts'
import { emptySnapshot } from '../reducers/mesh.ts'
import { type CaughtUp, catchUp } from '../streams/catchUp.ts'
import { type NatsLogCounters, type NatsPlace, openNatsLog } from './openNatsLog.ts'

/** Which log: `memory`, the path of a directory, or one in NATS. */
export type LogPlace = string | NatsPlace

type Unfolded = {
  readonly log: EventLog
  readonly checkpoints: Checkpoints
  /** What the log counts, where it does. */
  readonly counters?: () => NatsLogCounters
  /** The bus to agents, where it is in NATS, of the controller `id`. */
  readonly bus?: (id: string) => NatsControllerBus
  /** Takes part in who of several controllers does what only one is to do, where there may be several. */
  readonly lease?: (options: Omit<LeaseOptions, 'mesh'>) => Lease
}

/** A log that is folded up to its end. */
export type OpenedLog = Unfolded & {
  readonly start: CaughtUp
  /** Position of the checkpoint that it was folded from; 0 without one. */
  readonly checkpointed: Position
}

/** Opens a log and folds it, from its newest good checkpoint where there is one. */
export const openLog = async (place: LogPlace, notice: (message: string) => void): Promise<OpenedLog> => {
  const opened = await open(place, notice)
  const { log, checkpoints } = opened
  try {
    const from = await startFrom(log, await checkpoints.newest(), notice)
    return { ...opened, start: await catchUp(log, from), checkpointed: from.position }
  } catch (error) {
    await log.close()
    throw error
  }
}

const open = async (place: LogPlace, notice: (message: string) => void): Promise<Unfolded> => {
  if (place === 'memory') return { log: memoryLog(), checkpoints: noCheckpoints }
  if (typeof place !== 'string') return openNatsLog(place, notice)
  const log = await fileLog(place, { onNotice: notice })
  return { log, checkpoints: fileCheckpoints(place) }
}

/** A checkpoint is believed only where the log says the same: the entry at its position has its hash. */
const startFrom = async (
  log: EventLog,
  checkpoint: Checkpoint | undefined,
  notice: (message: string) => void,
): Promise<Snapshot> => {
  if (checkpoint === undefined) return emptySnapshot
  const { position, at, mesh } = checkpoint
  if ((await hashAt(log, position)) === checkpoint.logHash) return { position, at, mesh }
  notice(`the checkpoint at ${position} is not of this log; everything is replayed`)
  return emptySnapshot
}

const hashAt = async (log: EventLog, position: number): Promise<string | undefined> => {
  if (position > (await log.end()).position) return undefined
  const abort = new AbortController()
  try {
    for await (const entries of log.tail(position - 1, abort.signal)) return entries[0]?.hash
    return undefined
  } finally {
    abort.abort()
  }
}

/** What is only in memory has no use for checkpoints. */
const noCheckpoints: Checkpoints = { newest: async () => undefined, write: async () => {} }
