import { mkdir, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isRight } from 'fp-ts/lib/Either.js'
import type { Position } from '../../model/entry.ts'
import type { Checkpoints } from '../../ports.ts'
import { readCheckpointFile, writeCheckpointFile } from './checkpointFile.ts'

const kept = 2

/** Checkpoints in files of `<directory>/checkpoints`, which is made when the first is written. One writer at a
 *  time: the holder of the log's lock. The mesh is encoded in slices of 1–2 ms, between which other work has its
 *  turn: handing it to another thread would cost this one more than encoding it. */
export const fileCheckpoints = (directory: string): Checkpoints => {
  let writing = false
  const write: Checkpoints['write'] = async (checkpoint) => {
    await mkdir(checkpointsDirectory(directory), { recursive: true })
    await writeCheckpointFile(checkpointPath(directory, checkpoint.position), checkpoint)
    await tidy(directory)
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

/** Removes all but the newest, and what a crash left half-written. */
const tidy = async (directory: string): Promise<void> => {
  const old = (await listCheckpoints(directory)).slice(0, -kept).map((one) => checkpointPath(directory, one))
  const folder = checkpointsDirectory(directory)
  const torn = (await namesIn(folder)).filter((name) => /^\d{20}\.json\.tmp$/.test(name))
  for (const path of [...old, ...torn.map((name) => join(folder, name))]) await unlink(path)
}
