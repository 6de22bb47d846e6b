import { type FileHandle, open } from 'node:fs/promises'
import type { Position } from '../../model/entry.ts'
import { frameHash, frameHeaderBytes, frameIsWhole, frameLength } from './frame.ts'
import type { Place, Segment } from './segments.ts'

/** Undamaged entries that stand one behind the other in `bytes`, which the following `next()` overwrites. */
export type Run = {
  readonly bytes: Buffer
  readonly frames: readonly Frame[]
  /** Behind the last frame. */
  readonly end: Place
  /** Why nothing behind `end` can be read, though the file goes on. */
  readonly fault?: string
}

export type Frame = {
  readonly position: Position
  /** Where the frame and its payload begin in `bytes`, and where both end. */
  readonly offset: number
  readonly payload: number
  readonly end: number
}

export type SegmentReader = {
  /** The next run; undefined at the end of the file, and behind a fault. */
  next(): Promise<Run | undefined>
  close(): Promise<void>
}

/** Bytes that are read at once, and the least distance between two marks. */
const chunkBytes = 2 ** 20

/** Reads `segment` from `start`, checking every checksum, and notes places in its marks. */
export const readSegment = async (segment: Segment, start: Place): Promise<SegmentReader> => {
  const file = await open(segment.path, 'r')
  // A short file needs no large buffer; one that grows meanwhile is read in more steps.
  const { size } = await file.stat()
  let buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(frameHeaderBytes, size - start.offset)))
  let place = start
  let over = false

  const next = async (): Promise<Run | undefined> => {
    while (!over) {
      const filled = await fill(file, buffer, place.offset)
      if (filled === 0) return undefined
      const run = runOf(buffer, filled, place)
      if (run.frames.length === 0 && run.fault === undefined) {
        // Less than one frame is at hand: either the buffer is too small for it, or the file is cut short.
        const length = frameLength(buffer, 0, filled) ?? frameHeaderBytes
        if (filled < buffer.length || place.offset + length > (await file.stat()).size) {
          over = true
          return { ...run, fault: 'the file ends within an entry' }
        }
        buffer = Buffer.allocUnsafeSlow(length)
        continue
      }
      over = run.fault !== undefined
      note(segment, place)
      place = run.end
      return run
    }
    return undefined
  }
  return { next, close: () => file.close() }
}

/** Fills `buffer` from `offset` of the file on; fewer bytes come back only at the end of the file. */
const fill = async (file: FileHandle, buffer: Buffer, offset: number): Promise<number> => {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

const runOf = (bytes: Buffer, filled: number, start: Place): Run => {
  const frames: Frame[] = []
  let { position, hashBefore } = start
  let offset = 0
  let fault: string | undefined
  while (offset < filled) {
    const length = frameLength(bytes, offset, filled)
    if (length === undefined || offset + length > filled) break
    if (!frameIsWhole(bytes, offset, length, position)) {
      fault = "the entry's checksum is wrong"
      break
    }
    frames.push({ position, offset, payload: offset + frameHeaderBytes, end: offset + length })
    hashBefore = frameHash(bytes, offset)
    position += 1
    offset += length
  }
  const end = { position, offset: start.offset + offset, hashBefore }
  return fault === undefined ? { bytes, frames, end } : { bytes, frames, end, fault }
}

const note = (segment: Segment, place: Place): void => {
  const last = segment.marks.at(-1)
  if (last === undefined || place.offset >= last.offset + chunkBytes / 2) segment.marks.push(place)
}
