import { type Either, isRight } from 'fp-ts/lib/Either.js'
import type { CheckpointUnfit } from '../adapters/log/checkpointFormat.ts'
import { logDamaged } from '../adapters/log/logDamaged.ts'
import type { Entry, Position } from '../model/entry.ts'
import type { Checkpoint } from '../ports.ts'
import { createMeshHasher } from '../projections/meshHash.ts'
import { emptySnapshot, replayMesh } from '../reducers/mesh.ts'

/** A log that is read from its first entry, beside those who write it. */
export type ReplaySource = {
  /** Positions of the checkpoints there are now. */
  checkpoints(): Promise<readonly Position[]>
  readCheckpoint(position: Position): Promise<Either<CheckpointUnfit, Checkpoint>>
  /** What to call it when it is wrong: its file. */
  nameOfCheckpoint(position: Position): string
  /** Every entry up to the end as of now, verified; throws a `LogDamaged`. */
  entries(onProgress: (done: number, total: number) => void): AsyncIterable<readonly Entry[]>
}

export type Replayed = {
  readonly position: Position
  /** Hash of the mesh there, as `GET /api/v1/snapshot` tells it. */
  readonly hash: string
  readonly entries: number
  readonly seconds: number
}

/** The state to which `log` folds, after its hash chain and its checkpoints were found right. Rejects with a
 *  `LogDamaged`, or when it cannot be read. */
export const replayLog = async (
  log: ReplaySource,
  onProgress: (done: number, total: number) => void,
): Promise<Replayed> => {
  const startedMs = performance.now()
  // Listed first: a live server may write one behind the end that is read here.
  const checkpoints = await log.checkpoints()
  const hashOf = createMeshHasher()
  const atCheckpoints = new Map<Position, { readonly logHash: string; readonly meshHash: string }>()
  let replay = replayMesh(emptySnapshot)
  let entries = 0
  const foldUpTo = (batch: readonly Entry[]): void => {
    const stop = batch.findIndex(({ position }) => checkpoints.includes(position))
    if (stop === -1) {
      replay.fold(batch)
      return
    }
    replay.fold(batch.slice(0, stop + 1))
    const snapshot = replay.finish()
    const logHash = batch[stop]?.hash ?? ''
    atCheckpoints.set(snapshot.position, { logHash, meshHash: hashOf(snapshot.mesh) })
    replay = replayMesh(snapshot)
    foldUpTo(batch.slice(stop + 1))
  }
  for await (const batch of log.entries(onProgress)) {
    entries += batch.length
    foldUpTo(batch)
  }
  const { position, mesh } = replay.finish()
  const hash = hashOf(mesh)
  for (const at of checkpoints) await verifyCheckpoint(log, at, atCheckpoints.get(at))
  return { position, hash, entries, seconds: Math.round(performance.now() - startedMs) / 1000 }
}

/** A checkpoint of another format or shape is only of no use; one that says something else than the log is damage. */
const verifyCheckpoint = async (
  log: ReplaySource,
  position: Position,
  folded: { readonly logHash: string; readonly meshHash: string } | undefined,
): Promise<void> => {
  const read = await log.readCheckpoint(position)
  if (!isRight(read)) {
    const unfit = read.left
    // A live server removes old checkpoints.
    const gone = !(await log.checkpoints()).includes(position)
    if (gone || unfit._tag === 'CheckpointOfOtherVersion') return
    throw logDamaged(unfit.file, position, `the checkpoint is damaged: ${unfit.reason}`)
  }
  const wrong = (reason: string) => logDamaged(log.nameOfCheckpoint(position), position, reason)
  if (folded === undefined) throw wrong('the checkpoint lies beyond the end of the log')
  const { logHash, meshHash, mesh } = read.right
  if (logHash !== folded.logHash) throw wrong('the checkpoint belongs to another log')
  if (meshHash !== folded.meshHash || createMeshHasher()(mesh) !== meshHash) {
    throw wrong('the checkpoint holds another mesh than the log folds to')
  }
}
