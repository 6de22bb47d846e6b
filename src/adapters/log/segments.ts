import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { genesisHash, type Position } from '../../model/entry.ts'
import { logDamaged } from './logDamaged.ts'
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './segmentHeader.ts'

/** A place between two entries of a segment file. */
export type Place = {
  /** Position of the entry that begins here. */
  readonly position: Position
  readonly offset: number
  /** Hex chain hash of the entry before. */
  readonly hashBefore: string
}

export type Segment = SegmentHeader & {
  readonly path: string
  /** Places, in order, at least 1 MiB apart, noted by whoever has read past them; the first is the segment's start. */
  readonly marks: Place[]
}

/** Where the segment files of the log in `directory` are. */
export const segmentsDirectory = (directory: string): string => join(directory, 'segments')

/** The file whose first entry is `first`: 20 digits, so that names sort as positions do. */
export const segmentPath = (directory: string, first: Position): string =>
  join(segmentsDirectory(directory), `${String(first).padStart(20, '0')}.log`)

/** A segment with nothing noted yet. */
export const segmentOf = (path: string, header: SegmentHeader): Segment => ({
  ...header,
  path,
  marks: [{ position: header.first, offset: segmentHeaderBytes, hashBefore: header.hashBefore }],
})

/** Every segment of the log in `directory`, in order; files of other names are left alone. Throws a `LogDamaged`
 *  where a segment is missing, was cut short, or is none: each header names the segment before it and its size. */
export const listSegments = async (directory: string): Promise<Segment[]> => {
  const segments: Segment[] = []
  let [expected, firstBefore, bytesBefore] = [1, 0, 0]
  for (const name of await segmentNames(directory)) {
    const path = join(segmentsDirectory(directory), name)
    const { header, bytes } = await readHeader(path, Number(name.slice(0, 20)))
    if (segments.length === 0 && (header.first !== expected || header.hashBefore !== genesisHash)) {
      throw logDamaged(path, expected, 'the first segment is missing')
    }
    if (header.firstBefore !== firstBefore) {
      throw logDamaged(path, expected, `the segment that begins at ${header.firstBefore} is missing`)
    }
    if (header.bytesBefore !== bytesBefore) {
      const before = segments.at(-1)?.path ?? path
      throw logDamaged(before, firstBefore, `the file has ${bytesBefore} bytes, not ${header.bytesBefore}`)
    }
    segments.push(segmentOf(path, header))
    expected = header.first + 1
    firstBefore = header.first
    bytesBefore = bytes
  }
  return segments
}

const segmentNames = async (directory: string): Promise<string[]> => {
  try {
    const names = await readdir(segmentsDirectory(directory))
    return names.filter((name) => /^\d{20}\.log$/.test(name)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const readHeader = async (
  path: string,
  first: Position,
): Promise<{ readonly header: SegmentHeader; readonly bytes: number }> => {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(segmentHeaderBytes)
    const { bytesRead } = await file.read(buffer, 0, segmentHeaderBytes, 0)
    const header = decodeSegmentHeader(buffer.subarray(0, bytesRead))
    if (typeof header === 'string') throw logDamaged(path, first, header)
    if (header.first !== first) throw logDamaged(path, first, `the segment begins at ${header.first}`)
    return { header, bytes: (await file.stat()).size }
  } finally {
    await file.close()
  }
}
