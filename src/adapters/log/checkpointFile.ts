import { open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Checkpoint } from '../../ports.ts'
import {
  type CheckpointUnfit,
  checkpointDamaged,
  checkpointSlices,
  decodeCheckpoint,
} from './checkpointFormat.ts'
import { syncDirectory } from './writeDurably.ts'

/** Writes `checkpoint` to `path`, durable when it resolves, whole or not at all. */
export const writeCheckpointFile = async (path: string, checkpoint: Checkpoint): Promise<void> => {
  const temporary = `${path}.tmp`
  try {
    await writeSlices(temporary, checkpointSlices(checkpoint))
    await rename(temporary, path)
  } catch (error) {
    // A full disk is no place for half a checkpoint.
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}

const writeSlices = async (path: string, slices: Iterable<Buffer>): Promise<void> => {
  const file = await open(path, 'w')
  try {
    for (const slice of slices) await file.writeFile(slice)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** The checkpoint in `path`, or why it is of no use. Its mesh is not frozen: `replayMesh` freezes what it makes. */
export const readCheckpointFile = async (path: string): Promise<Either<CheckpointUnfit, Checkpoint>> => {
  try {
    return decodeCheckpoint(await readFile(path), path)
  } catch (error) {
    return checkpointDamaged(path, (error as Error).message)
  }
}
