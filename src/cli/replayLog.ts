import { isRight } from 'fp-ts/lib/Either.js'
import { readCheckpointFile } from '../adapters/log/checkpointFile.ts'
import { checkpointPath, listCheckpoints } from '../adapters/log/fileCheckpoints.ts'
import { logDamaged } from '../adapters/log/logDamaged.ts'
import type { Progress } from '../adapters/log/readLog.ts'
import { verifyLog } from '../adapters/log/verifyLog.ts'
import type { Entry, Position } from '../model/entry.ts'
import { createMeshHasher } from '../projections/meshHash.ts'
import { emptySnapshot, replayMesh } from '../reducers/mesh.ts'

export type Replayed = {
  readonly position: Position
  /** Hash of the mesh there, as `GET /api/v1/snapshot` tells it. */
  readonly hash: string
  readonly entries: number
  readonly seconds: number
}

/** The state to which the log in `directory` folds, after its checksums, its hash chain and its checkpoints were found
 *  right. Rejects with a `LogDamaged`, or when a file cannot be read. */
export const replayLog = async (
  directory: string,
  onProgress: (progress: Progress) => void,
): Promise<Replayed> => {
  const startedMs = performance.now()
  // Listed first: a live server may write one behind the end that is read here.
  const checkpoints = await listCheckpoints(directory)
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
  await verifyLog(directory, {
    onEntries: (batch) => {
      entries += batch.length
      foldUpTo(batch)
    },
    onProgress,
  })
  const { position, mesh } = replay.finish()
  const hash = hashOf(mesh)
  for (const at of checkpoints) await verifyCheckpoint(directory, at, atCheckpoints.get(at))
  return { position, hash, entries, seconds: Math.round(performance.now() - startedMs) / 1000 }
}

/** A checkpoint of another format or shape is only of no use; one that says something else than the log is damage. */
const verifyCheckpoint = async (
  directory: string,
  position: Position,
  folded: { readonly logHash: string; readonly meshHash: string } | undefined,
): Promise<void> => {
  const file = checkpointPath(directory, position)
  const read = await readCheckpointFile(file)
  if (!isRight(read)) {
    const unfit = read.left
    // A live server removes old checkpoints.
    const gone = !(await listCheckpoints(directory)).includes(position)
    if (gone || unfit._tag === 'CheckpointOfOtherVersion') return
    throw logDamaged(file, position, `the checkpoint is damaged: ${unfit.reason}`)
  }
  if (folded === undefined) throw logDamaged(file, position, 'the checkpoint lies beyond the end of the log')
  const { logHash, meshHash, mesh } = read.right
  if (logHash !== folded.logHash) throw logDamaged(file, position, 'the checkpoint belongs to another log')
  if (meshHash !== folded.meshHash || createMeshHasher()(mesh) !== meshHash) {
    throw logDamaged(file, position, 'the checkpoint holds another mesh than the log folds to')
  }
}
