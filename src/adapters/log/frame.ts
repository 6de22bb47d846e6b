import { crc32 } from 'node:zlib'
import type { Position } from '../../model/entry.ts'

/** One entry in a segment file, little-endian:
 *
 *  | bytes | |
 *  |---|---|
 *  | 0–3 | CRC-32 of everything that follows in the frame |
 *  | 4–7 | length of the payload in bytes |
 *  | 8–15 | position |
 *  | 16–47 | the entry's chain hash |
 *  | 48– | payload: the RFC 8785 JSON of the events, the very bytes that were hashed |
 */
export const frameHeaderBytes = 48

/** The frame of an entry. */
export const encodeFrame = (position: Position, hash: string, payload: string): Buffer => {
  const length = Buffer.byteLength(payload)
  const frame = Buffer.allocUnsafe(frameHeaderBytes + length)
  frame.writeUInt32LE(length, 4)
  writePosition(frame, position, 8)
  frame.write(hash, 16, 'hex')
  frame.write(payload, frameHeaderBytes, 'utf8')
  frame.writeUInt32LE(crc32(frame.subarray(4)), 0)
  return frame
}

/** Length in bytes of the frame that begins at `offset`; undefined when its header does not fit before `end`.
 *  Not to be believed before `frameIsWhole`. */
export const frameLength = (bytes: Buffer, offset: number, end: number): number | undefined =>
  end - offset < frameHeaderBytes ? undefined : frameHeaderBytes + bytes.readUInt32LE(offset + 4)

/** True when `length` bytes at `offset` are the frame of the entry at `position`, undamaged. */
export const frameIsWhole = (bytes: Buffer, offset: number, length: number, position: Position): boolean =>
  readPosition(bytes, offset + 8) === position &&
  bytes.readUInt32LE(offset) === crc32(bytes.subarray(offset + 4, offset + length))

/** Hex chain hash of the frame at `offset`. */
export const frameHash = (bytes: Buffer, offset: number): string =>
  bytes.toString('hex', offset + 16, offset + frameHeaderBytes)

/** Writes `position` as 64 bits; exact up to 2^53. */
export const writePosition = (bytes: Buffer, position: Position, offset: number): void => {
  bytes.writeUInt32LE(position % 2 ** 32, offset)
  bytes.writeUInt32LE(Math.floor(position / 2 ** 32), offset + 4)
}

/** Reads what `writePosition` wrote. */
export const readPosition = (bytes: Buffer, offset: number): Position =>
  bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32
