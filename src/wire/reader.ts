import { Buffer, isUtf8 } from 'node:buffer'
import { fixed32, fixed64, lengthDelimited, varint } from './writer.ts'

/** A place in protobuf bytes. Every function here moves it on, and throws an Error on bytes that end too early or that
 *  no protobuf can hold. */
export type Reader = {
  readonly bytes: Buffer
  at: number
  /** Index after the last byte of the message that is being read. */
  end: number
}

/** A reader at the start of `bytes`, which it does not copy. */
export const newReader = (bytes: Uint8Array): Reader => ({
  bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  at: 0,
  end: bytes.byteLength,
})

/** Field number × 8 + wire type. */
export const readTag = (reader: Reader): number => {
  const tag = readVarint(reader)
  if (tag < 8 || tag > 0xffffffff) throw malformed(reader, 'a tag without a field number')
  return tag
}

/** A varint as an unsigned number; exact up to 2^53, used for tags, lengths and 32-bit values. */
export const readVarint = (reader: Reader): number => {
  let value = 0
  let scale = 1
  for (let i = 0; i < 10; i += 1) {
    const byte = readByte(reader)
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 0x80
  }
  throw malformed(reader, 'a varint of more than 10 bytes')
}

/** A varint as an unsigned 64-bit integer. */
export const readVarint64 = (reader: Reader): bigint => {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = readByte(reader)
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  throw malformed(reader, 'a varint of more than 10 bytes')
}

/** A varint cut to 32 bits, as Envoy cuts it. */
export const readUint32 = (reader: Reader): number => {
  const start = reader.at
  const value = readVarint(reader)
  if (value <= 0xffffffff) return value
  reader.at = start
  return Number(BigInt.asUintN(32, readVarint64(reader)))
}

export const readFixed32 = (reader: Reader): number => reader.bytes.readUInt32LE(take(reader, 4))
export const readFixed64 = (reader: Reader): bigint => reader.bytes.readBigUInt64LE(take(reader, 8))
export const readFloat = (reader: Reader): number => reader.bytes.readFloatLE(take(reader, 4))
export const readDouble = (reader: Reader): number => reader.bytes.readDoubleLE(take(reader, 8))

/** Bytes with their length in front; a view, not a copy. */
export const readBytes = (reader: Reader): Buffer => {
  const size = readVarint(reader)
  const start = take(reader, size)
  return reader.bytes.subarray(start, start + size)
}

/** Text with its length in front. */
export const readText = (reader: Reader): string => {
  const size = readVarint(reader)
  const start = take(reader, size)
  const text = reader.bytes.toString('utf8', start, start + size)
  if (text.includes('\ufffd') && !isUtf8(reader.bytes.subarray(start, start + size))) {
    throw malformed(reader, 'text that is not UTF-8')
  }
  return text
}

/** What `read` makes of the message that begins here with its length; the reader stands behind it afterwards. */
export const readMessage = <A>(reader: Reader, read: (reader: Reader) => A): A => {
  const size = readVarint(reader)
  const start = take(reader, size)
  const { end } = reader
  reader.at = start
  reader.end = start + size
  const message = read(reader)
  reader.at = reader.end
  reader.end = end
  return message
}

/** Passes over the value of a field that nobody knows. */
export const skip = (reader: Reader, tag: number, depth = 0): void => {
  switch (tag % 8) {
    case varint:
      readVarint(reader)
      return
    case fixed64:
      take(reader, 8)
      return
    case lengthDelimited:
      take(reader, readVarint(reader))
      return
    case 3:
      return skipGroup(reader, tag, depth)
    case fixed32:
      take(reader, 4)
      return
    default:
      throw malformed(reader, `wire type ${tag % 8}`)
  }
}

/** An Error that says what is wrong with the bytes, and where. */
export const malformed = (reader: Reader, what: string): Error =>
  new Error(`malformed protobuf at byte ${reader.at}: ${what}`)

const skipGroup = (reader: Reader, start: number, depth: number): void => {
  if (depth > 64) throw malformed(reader, 'groups nested deeper than 64')
  for (;;) {
    const tag = readTag(reader)
    if (tag === start + 1) return
    skip(reader, tag, depth + 1)
  }
}

const readByte = (reader: Reader): number => {
  if (reader.at >= reader.end) throw malformed(reader, 'the bytes end too early')
  return reader.bytes[reader.at++] ?? 0
}

const take = (reader: Reader, size: number): number => {
  const start = reader.at
  if (size > reader.end - start) throw malformed(reader, 'the bytes end too early')
  reader.at = start + size
  return start
}
