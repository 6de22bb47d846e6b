import { mkdir, unlink } from 'node:fs/promises'
import { makeDirectories } from '../makeDirectories.ts'
import { findEnd, type LogEnd } from './findEnd.ts'
import { emptyHead, headPath } from './head.ts'
import { isDirectory } from './isDirectory.ts'
import { logDamaged } from './logDamaged.ts'
import { temporarySegment } from './makeSegment.ts'
import { segmentsDirectory } from './segments.ts'
import { openSegmentWriter } from './segmentWriter.ts'
import { writeDurably } from './writeDurably.ts'

/** Makes `directory` where it is absent. Throws a `LogDamaged` where something else stands there. */
export const makeDirectory = async (directory: string): Promise<void> => {
  if (!(await isDirectory(directory))) await makeDirectories(directory)
}

/** The end of the log in `directory`, whose lock the caller holds, ready for the next entry: an empty log is made
 *  where there is none, an entry torn by a crash is cut off, and all that stands is durable. */
export const openLogDirectory = async (directory: string): Promise<LogEnd> => {
  const found = (await findEnd(directory)) ?? (await makeLog(directory))
  await unlink(temporarySegment(directory)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  const last = found.segments.at(-1)
  if (last !== undefined) {
    const writer = openSegmentWriter(last.path)
    try {
      if (found.tornBytes > 0 && !writer.cut(found.end.offset)) throw new Error(`cannot shorten ${last.path}`)
      await writer.sync()
    } finally {
      writer.close()
    }
  }
  return found
}

// The head comes before the first segment: segments without a head are damage.
const makeLog = async (directory: string): Promise<LogEnd> => {
  await mkdir(segmentsDirectory(directory), { recursive: true })
  await writeDurably(headPath(directory), `${headPath(directory)}.tmp`, emptyHead())
  const made = await findEnd(directory)
  if (made === undefined) throw logDamaged(directory, 0, 'the log that was just made is gone')
  return made
}
