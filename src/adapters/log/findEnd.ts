import { open, stat } from 'node:fs/promises'
import { genesisHash } from '../../model/entry.ts'
import { frameHeaderBytes, frameIsWhole, frameLength, writePosition } from './frame.ts'
import { type Head, headPath, readHead } from './head.ts'
import { logDamaged } from './logDamaged.ts'
import { readSegment } from './segmentReader.ts'
import { listSegments, type Place, type Segment } from './segments.ts'

/** Where a log ends. */
export type LogEnd = {
  readonly segments: Segment[]
  /** Where the next entry goes in the last segment. */
  readonly end: Place
  /** Bytes behind `end` of an entry that was being written when its writer died; it was never acknowledged. */
  readonly tornBytes: number
}

/** The end of the log in `directory`; undefined where there is none. Reads the last segment only and changes
 *  nothing, so it may be asked beside a live writer. Throws a `LogDamaged` where entries up to the head are lost or
 *  spoilt: what is bad beyond the head is torn only when nothing whole comes after it. */
export const findEnd = async (directory: string, attempts = 5): Promise<LogEnd | undefined> => {
  const head = await readHead(directory)
  const segments = await listSegments(directory)
  const last = segments.at(-1)
  if (head === undefined && last === undefined) return undefined
  if (head === undefined) throw logDamaged(headPath(directory), 0, 'the file is missing')
  if (head === 'unreadable') throw logDamaged(headPath(directory), 0, 'the file is damaged')
  if (last === undefined) {
    if (head.position > 0) throw logDamaged(directory, 1, `all entries up to ${head.position} are missing`)
    return { segments, end: { position: 1, offset: 0, hashBefore: genesisHash }, tornBytes: 0 }
  }
  const { end, fault, headHash } = await scan(last, head)
  const lost = fault ?? `the log ends here, but ${head.position} was written`
  if (end.position <= head.position) throw logDamaged(last.path, end.position, lost)
  if (headHash !== undefined && headHash !== head.hash) {
    throw logDamaged(last.path, head.position, 'the hash is not that of the head')
  }
  if (fault !== undefined) {
    const writtenLongAgo = await wholeEntryBehind(last, end)
    // A live writer may have finished the entry meanwhile; it writes the head before it begins another.
    if (attempts > 1 && (await hasMoved(directory, head))) return findEnd(directory, attempts - 1)
    if (writtenLongAgo) throw logDamaged(last.path, end.position, fault)
  }
  return { segments, end, tornBytes: fault === undefined ? 0 : (await stat(last.path)).size - end.offset }
}

type Scanned = {
  readonly end: Place
  readonly fault: string | undefined
  /** Hash of the entry at the head's position, when it lies in this segment. */
  readonly headHash: string | undefined
}

const scan = async (segment: Segment, head: Head): Promise<Scanned> => {
  let end = segment.marks[0] as Place
  let fault: string | undefined
  let headHash = end.position - 1 === head.position ? end.hashBefore : undefined
  const reader = await readSegment(segment, end)
  try {
    for (let run = await reader.next(); run !== undefined; run = await reader.next()) {
      const frame = run.frames[head.position - end.position]
      if (frame !== undefined) headHash = run.bytes.toString('hex', frame.offset + 16, frame.payload)
      end = run.end
      fault = run.fault
    }
  } finally {
    await reader.close()
  }
  return { end, fault, headHash }
}

const hasMoved = async (directory: string, before: Head): Promise<boolean> => {
  const head = await readHead(directory)
  return typeof head === 'object' && head.position > before.position
}

/** True when somewhere behind `bad` the entry that should follow it can be read: then `bad` was written long ago,
 *  because a writer has only one entry under way. */
const wholeEntryBehind = async (segment: Segment, bad: Place): Promise<boolean> => {
  const file = await open(segment.path, 'r')
  try {
    const { size } = await file.stat()
    const rest = Buffer.alloc(Math.max(0, size - bad.offset))
    await file.read(rest, 0, rest.length, bad.offset)
    const following = Buffer.alloc(8)
    writePosition(following, bad.position + 1, 0)
    for (let at = rest.indexOf(following); at !== -1; at = rest.indexOf(following, at + 1)) {
      const offset = at - 8
      const length = offset < frameHeaderBytes ? undefined : frameLength(rest, offset, rest.length)
      if (length === undefined || offset + length > rest.length) continue
      if (frameIsWhole(rest, offset, length, bad.position + 1)) return true
    }
    return false
  } finally {
    await file.close()
  }
}
