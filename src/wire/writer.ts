import { Buffer } from 'node:buffer'

/** Protobuf bytes under construction, written from the back to the front: the length of a nested message is known when
 *  its prefix is due, so nothing is measured beforehand nor moved afterwards. What comes last is written first. */
export type Writer = {
  buffer: Buffer
  /** Index of the byte written last; what follows it is done. */
  at: number
}

export const varint = 0
export const fixed64 = 1
export const lengthDelimited = 2
export const fixed32 = 5

/** An empty writer; it grows beyond `sizeBytes` as needed. */
export const newWriter = (sizeBytes: number): Writer => ({ buffer: Buffer.alloc(sizeBytes), at: sizeBytes })

/** How many bytes were written so far. */
export const written = (writer: Writer): number => writer.buffer.length - writer.at

/** The bytes written so far, until the writer goes on. */
export const bytesOf = ({ buffer, at }: Writer): Uint8Array => buffer.subarray(at)

/** A copy of the bytes written so far; the writer can go on. */
export const finish = (writer: Writer): Uint8Array => new Uint8Array(bytesOf(writer))

/** Field number and wire type, in front of what was written last. */
export const writeTag = (writer: Writer, number: number, wireType: number): void =>
  writeVarint(writer, number * 8 + wireType)

/** Length and tag of a field that began when `written` said `before`. */
export const writeHead = (writer: Writer, number: number, before: number): void => {
  writeVarint(writer, written(writer) - before)
  writeTag(writer, number, lengthDelimited)
}

/** A whole number from 0 to 2^53 - 1. */
export const writeVarint = (writer: Writer, value: number): void => {
  reserve(writer, 10)
  const { buffer } = writer
  if (value < 0x80) {
    writer.at -= 1
    buffer[writer.at] = value
    return
  }
  let size = 2
  for (let rest = Math.floor(value / 0x4000); rest > 0; rest = Math.floor(rest / 0x80)) size += 1
  writer.at -= size
  let rest = value
  let at = writer.at
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) buffer[at++] = (rest % 0x80) | 0x80
  buffer[at] = rest
}

/** A 64-bit integer; a negative one as its two's complement. */
export const writeVarint64 = (writer: Writer, value: number | bigint): void => {
  if (typeof value === 'number' && value >= 0) return writeVarint(writer, value)
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  writeBytes(writer, Uint8Array.from(bytes))
}

export const writeFixed32 = (writer: Writer, value: number): void => {
  reserve(writer, 4)
  writer.at -= 4
  writer.buffer.writeUInt32LE(value >>> 0, writer.at)
}

export const writeFixed64 = (writer: Writer, value: number | bigint): void => {
  reserve(writer, 8)
  writer.at -= 8
  writer.buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), writer.at)
}

export const writeFloat = (writer: Writer, value: number): void => {
  reserve(writer, 4)
  writer.at -= 4
  writer.buffer.writeFloatLE(value, writer.at)
}

export const writeDouble = (writer: Writer, value: number): void => {
  reserve(writer, 8)
  writer.at -= 8
  writer.buffer.writeDoubleLE(value, writer.at)
}

/** `bytes` alone, without tag or length. */
export const writeBytes = (writer: Writer, bytes: Uint8Array): void => {
  reserve(writer, bytes.length)
  writer.at -= bytes.length
  writer.buffer.set(bytes, writer.at)
}

/** `text` in UTF-8, without tag or length. A lone surrogate becomes U+FFFD: check beforehand. */
export const writeText = (writer: Writer, text: string): void => {
  if (text.length > 64 || !writeAscii(writer, text)) {
    const size = Buffer.byteLength(text)
    reserve(writer, size)
    writer.at -= size
    writer.buffer.write(text, writer.at, size, 'utf8')
  }
}

/** Short names are nearly always ASCII, and for them a loop beats the call into native code. */
const writeAscii = (writer: Writer, text: string): boolean => {
  reserve(writer, text.length)
  const { buffer } = writer
  let at = writer.at
  for (let i = text.length - 1; i >= 0; i -= 1) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) return false
    at -= 1
    buffer[at] = code
  }
  writer.at = at
  return true
}

const reserve = (writer: Writer, bytes: number): void => {
  if (writer.at < bytes) grow(writer, bytes)
}

const grow = (writer: Writer, bytes: number): void => {
  const done = writer.buffer.subarray(writer.at)
  const larger = Buffer.alloc(Math.max(writer.buffer.length * 2, done.length + bytes + 64))
  larger.set(done, larger.length - done.length)
  writer.buffer = larger
  writer.at = larger.length - done.length
}

/** A field that holds `text`. */
export const writeTextField = (writer: Writer, number: number, text: string): void => {
  const before = written(writer)
  writeText(writer, text)
  writeHead(writer, number, before)
}
