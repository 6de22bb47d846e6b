import { mkdir, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isRight } from 'fp-ts/lib/Either.js'
import type { Position } from '../../model/entry.ts'
import type { Checkpoints } from '../../ports.ts'
import { readCheckpointFile, writeCheckpointFile } from './checkpointFile.ts'

/** Checkpoints in files of `<directory>/checkpoints`, which is made when the first is written. One writer at a
 *  time: the holder of the log's lock. The mesh is encoded in slices of about 1 ms, between which other work has its
 *  turn: handing it to another thread would cost this one more than encoding it. */
export const fileCheckpoints = (directory: string): Checkpoints => {
  let writing = false
  const write: Checkpoints['write'] = async (checkpoint) => {
    await mkdir(checkpointsDirectory(directory), { recursive: true })
    await writeCheckpointFile(checkpointPath(directory, checkpoint.position), checkpoint)
    await tidy(directory, checkpoint.position)
  }
  return {
    newest: async () => {
      for (const position of (await listCheckpoints(directory)).reverse()) {
        const found = await readCheckpointFile(checkpointPath(directory, position))
        if (isRight(found)) return found.right
      }
      return undefined
    },
    write: async (checkpoint) => {
      if (writing) throw new Error('a checkpoint is being written already')
      writing = true
      try {
        await write(checkpoint)
      } finally {
        writing = false
      }
    },
  }
}

const checkpointsDirectory = (directory: string): string => join(directory, 'checkpoints')

/** The file of the checkpoint at `position` of the log in `directory`. */
export const checkpointPath = (directory: string, position: Position): string =>
  join(checkpointsDirectory(directory), `${String(position).padStart(20, '0')}.json`)

/** Positions of the checkpoint files in `directory`, rising; whether they are of use is not looked at. */
export const listCheckpoints = async (directory: string): Promise<Position[]> => {
  const names = await namesIn(checkpointsDirectory(directory))
  return names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20)))
}

const namesIn = async (directory: string): Promise<string[]> => {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Removes all but the checkpoint at `newest` and the one before it, and what a crash left half-written. What stands
 *  at a later position belongs to a log that is gone. */
const tidy = async (directory: string, newest: Position): Promise<void> => {
  const positions = await listCheckpoints(directory)
  const kept = positions.filter((position) => position <= newest).slice(-2)
  const old = positions.filter((position) => !kept.includes(position))
  const folder = checkpointsDirectory(directory)
  const torn = (await namesIn(folder)).filter((name) => /^\d{20}\.json\.tmp$/.test(name))
  const paths = [
    ...old.map((one) => checkpointPath(directory, one)),
    ...torn.map((name) => join(folder, name)),
  ]
  for (const path of paths) await unlink(path)
}
