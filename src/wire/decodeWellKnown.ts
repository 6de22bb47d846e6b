import { decodeAny } from './decodeAny.ts'
import type { Decode, Json } from './decodeMessage.ts'
import { scalarReader } from './decodeScalar.ts'
import {
  malformed,
  type Reader,
  readDouble,
  readMessage,
  readTag,
  readText,
  readVarint64,
  skip,
} from './reader.ts'
import { wrappers } from './wrappers.ts'
import { fixed64, lengthDelimited, varint } from './writer.ts'

/** The decoder of a well-known type whose JSON is not an object of its fields; `undefined` for every other message.
 *  Of one that is sent in two parts the second alone counts, unlike in protobuf: no encoder writes such a thing. */
export const decodeWellKnown = (name: string): Decode | undefined => {
  const wrapped = wrappers.get(name)
  if (wrapped !== undefined) return wrapperDecoder(wrapped)
  switch (name) {
    case 'google.protobuf.Any':
      return decodeAny
    case 'google.protobuf.Duration':
      return (reader) => {
        const { seconds, nanos } = secondsAndNanos(reader)
        const sign = seconds < 0n || nanos < 0 ? '-' : ''
        return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`
      }
    case 'google.protobuf.FieldMask':
      return (reader) => textsIn(reader).map(camel).join(',')
    case 'google.protobuf.ListValue':
      return (reader, depth) => decodeList(reader, depth)
    case 'google.protobuf.Struct':
      return (reader, depth) => decodeStruct(reader, depth)
    case 'google.protobuf.Timestamp':
      return decodeTimestamp
    case 'google.protobuf.Value':
      return decodeValue
    default:
      return undefined
  }
}

/** A google.protobuf.Struct as the object it stands for, which has no prototype. */
export const decodeStruct = (reader: Reader, depth: number): Json => {
  if (depth > 100) throw malformed(reader, 'messages nested deeper than 100')
  const json = Object.create(null) as Json
  eachField(reader, (tag) => {
    if (tag !== 8 + lengthDelimited) return skip(reader, tag)
    readMessage(reader, () => {
      let key = ''
      let value: unknown = null
      eachField(reader, (part) => {
        if (part === 8 + lengthDelimited) key = readText(reader)
        else if (part === 16 + lengthDelimited)
          value = readMessage(reader, (inner) => decodeValue(inner, depth + 2))
        else skip(reader, part)
      })
      json[key] = value
    })
  })
  return json
}

const decodeList = (reader: Reader, depth: number): unknown[] => {
  if (depth > 100) throw malformed(reader, 'messages nested deeper than 100')
  const list: unknown[] = []
  eachField(reader, (tag) => {
    if (tag !== 8 + lengthDelimited) return skip(reader, tag)
    list.push(readMessage(reader, (inner) => decodeValue(inner, depth + 1)))
  })
  return list
}

const decodeValue: Decode = (reader, depth) => {
  let value: unknown = null
  eachField(reader, (tag) => {
    if (tag === 8 + varint) {
      readVarint64(reader)
      value = null
    } else if (tag === 16 + fixed64) value = readDouble(reader)
    else if (tag === 24 + lengthDelimited) value = readText(reader)
    else if (tag === 32 + varint) value = readVarint64(reader) !== 0n
    else if (tag === 40 + lengthDelimited)
      value = readMessage(reader, (inner) => decodeStruct(inner, depth + 1))
    else if (tag === 48 + lengthDelimited)
      value = readMessage(reader, (inner) => decodeList(inner, depth + 1))
    else skip(reader, tag)
  })
  return value
}

const wrapperDecoder = (type: string): Decode => {
  const { wireType, read, absent } = scalarReader(type)
  return (reader) => {
    let value = absent
    eachField(reader, (tag) => {
      if (tag === 8 + wireType) value = read(reader)
      else skip(reader, tag)
    })
    return value
  }
}

const decodeTimestamp: Decode = (reader) => {
  const { seconds, nanos } = secondsAndNanos(reader)
  if (seconds < -62_135_596_800n || seconds > 253_402_300_799n || nanos < 0) {
    throw malformed(reader, 'a time outside of the years 1 to 9999')
  }
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`
}

const secondsAndNanos = (reader: Reader): { readonly seconds: bigint; readonly nanos: number } => {
  let seconds = 0n
  let nanos = 0
  eachField(reader, (tag) => {
    if (tag === 8 + varint) seconds = BigInt.asIntN(64, readVarint64(reader))
    else if (tag === 16 + varint) nanos = Number(BigInt.asIntN(32, readVarint64(reader)))
    else skip(reader, tag)
  })
  if (Math.abs(nanos) > 999_999_999) throw malformed(reader, 'more nanoseconds than a second has')
  return { seconds, nanos }
}

/** `.5` as canonical JSON has it: with 3, 6 or 9 digits, or nothing. */
const fraction = (nanos: number): string =>
  nanos === 0
    ? ''
    : `.${String(nanos)
        .padStart(9, '0')
        .replace(/(000){1,2}$/, '')}`

const textsIn = (reader: Reader): readonly string[] => {
  const texts: string[] = []
  eachField(reader, (tag) => {
    if (tag === 8 + lengthDelimited) texts.push(readText(reader))
    else skip(reader, tag)
  })
  return texts
}

const camel = (path: string): string => path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const eachField = (reader: Reader, take: (tag: number) => void): void => {
  while (reader.at < reader.end) take(readTag(reader))
}
