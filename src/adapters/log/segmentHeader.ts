import { crc32 } from 'node:zlib'
import type { Position } from '../../model/entry.ts'
import { readPosition, writePosition } from './frame.ts'

/** What a segment file says about itself and about the one before it, so that a segment that is missing or was cut
 *  short is noticed without reading it. */
export type SegmentHeader = {
  /** Position of the segment's first entry. */
  readonly first: Position
  /** Hex chain hash of the entry before. */
  readonly hashBefore: string
  /** First position and size in bytes of the segment before; both 0 for the first segment. */
  readonly firstBefore: Position
  readonly bytesBefore: number
}

/** Length of a segment's header in bytes. */
export const segmentHeaderBytes = 72

const magic = Buffer.from('RUTTERLG')
const formatVersion = 1

/** The header's bytes. */
export const encodeSegmentHeader = (header: SegmentHeader): Buffer => {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  magic.copy(bytes)
  bytes.writeUInt32LE(formatVersion, 8)
  writePosition(bytes, header.first, 12)
  writePosition(bytes, header.firstBefore, 20)
  writePosition(bytes, header.bytesBefore, 28)
  bytes.write(header.hashBefore, 36, 'hex')
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 68)), 68)
  return bytes
}

/** The header in `bytes`, or why it is none. */
export const decodeSegmentHeader = (bytes: Buffer): SegmentHeader | string => {
  if (bytes.length < segmentHeaderBytes) return 'the file is shorter than its header'
  if (!magic.equals(bytes.subarray(0, 8))) return 'this is no segment of a log'
  if (bytes.readUInt32LE(68) !== crc32(bytes.subarray(0, 68))) return "the header's checksum is wrong"
  const version = bytes.readUInt32LE(8)
  if (version !== formatVersion) return `format version ${version} is not known to this build`
  return {
    first: readPosition(bytes, 12),
    firstBefore: readPosition(bytes, 20),
    bytesBefore: readPosition(bytes, 28),
    hashBefore: bytes.toString('hex', 36, 68),
  }
}
