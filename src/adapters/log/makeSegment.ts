import { mkdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSegmentHeader } from './segmentHeader.ts'
import { type Place, type Segment, segmentOf, segmentPath, segmentsDirectory } from './segments.ts'
import { syncDirectory, writeDurably } from './writeDurably.ts'
import { writeFailed } from './writeFailed.ts'

/** Where a segment is written before it has its name; what a crash leaves there may be overwritten. */
export const temporarySegment = (directory: string): string => join(segmentsDirectory(directory), 'new.tmp')

/** A new, empty, durable segment behind `end`, the end of `before` if there is one. Rejects with a `WriteFailed`. */
export const makeSegment = async (
  directory: string,
  end: Place,
  before: Segment | undefined,
): Promise<Segment> => {
  const header = {
    first: end.position,
    hashBefore: end.hashBefore,
    firstBefore: before?.first ?? 0,
    bytesBefore: before === undefined ? 0 : end.offset,
  }
  const path = segmentPath(directory, end.position)
  try {
    await mkdir(segmentsDirectory(directory), { recursive: true })
    await writeDurably(path, temporarySegment(directory), encodeSegmentHeader(header))
    await syncDirectory(directory)
    return segmentOf(path, header)
  } catch (error) {
    throw writeFailed(path, error, await isAway(path))
  }
}

// A segment that stayed while entries go on in the one before it would read as damage.
const isAway = async (path: string): Promise<boolean> => {
  try {
    await unlink(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
