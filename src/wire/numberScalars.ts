import { numberLimit } from './limits.ts'
import { report, shown } from './problems.ts'
import type { Scalar } from './scalar.ts'
import {
  fixed32,
  fixed64,
  varint,
  type Writer,
  writeDouble,
  writeFixed32,
  writeFixed64,
  writeFloat,
  writeVarint,
  writeVarint64,
} from './writer.ts'

/** True for the default of every number type; -0 is not it. */
export const isZero = (value: number | bigint): boolean => Object.is(value, 0) || value === 0n

const decimal = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,4})?$/

const numberFrom = (json: unknown): number | undefined => {
  if (typeof json === 'number') return json
  return typeof json === 'string' && json.length < 400 && decimal.test(json) ? Number(json) : undefined
}

const integer = (
  lowest: number,
  highest: number,
  wireType: number,
  write: (writer: Writer, value: number) => void,
): Scalar<number> => ({
  wireType,
  parse: (json, problems) => {
    const value = numberFrom(json)
    // Adding 0 makes -0 the 0 that it is on the wire.
    if (value !== undefined && Number.isInteger(value) && value >= lowest && value <= highest)
      return value + 0
    report(problems, `expected a whole number from ${lowest} to ${highest}, got ${shown(json)}`)
    return undefined
  },
  write,
  isDefault: isZero,
  limit: numberLimit,
})

const integer64 = (
  lowest: bigint,
  highest: bigint,
  wireType: number,
  write: (writer: Writer, value: number | bigint) => void,
): Scalar<number | bigint> => ({
  wireType,
  parse: (json, problems) => {
    const value = bigFrom(json)
    if (value !== undefined && value >= lowest && value <= highest) return value
    report(
      problems,
      typeof json === 'number' && Number.isInteger(json) && value === undefined
        ? `${json} cannot be told exactly as a JSON number: write it as a string`
        : `expected a whole number from ${lowest} to ${highest}, got ${shown(json)}`,
    )
    return undefined
  },
  write,
  isDefault: isZero,
  limit: numberLimit,
})

/** Exactly what was meant, as a number where that is safe; `undefined` where `json` is no whole number or not exact. */
const bigFrom = (json: unknown): number | bigint | undefined => {
  if (typeof json === 'string' && json.length <= 20 && /^-?(0|[1-9]\d*)$/.test(json)) {
    const value = Number(json)
    return Number.isSafeInteger(value) ? value + 0 : BigInt(json)
  }
  const value = numberFrom(json)
  return value !== undefined && Number.isSafeInteger(value) ? value + 0 : undefined
}

const floating = (
  highest: number,
  wireType: number,
  write: (writer: Writer, value: number) => void,
): Scalar<number> => ({
  wireType,
  parse: (json, problems) => {
    const named = typeof json === 'string' ? specialNumbers.get(json) : undefined
    if (named !== undefined) return named
    const value = numberFrom(json)
    if (value !== undefined && Math.abs(value) <= highest) return value
    report(problems, `expected a number from -${highest} to ${highest}, got ${shown(json)}`)
    return undefined
  },
  write,
  isDefault: isZero,
  limit: numberLimit,
})

const specialNumbers: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

const int32 = (wireType: number, write: (writer: Writer, value: number) => void): Scalar<number> =>
  integer(-0x80000000, 0x7fffffff, wireType, write)
const uint32 = (wireType: number, write: (writer: Writer, value: number) => void): Scalar<number> =>
  integer(0, 0xffffffff, wireType, write)
const int64 = (wireType: number, write: (writer: Writer, value: number | bigint) => void) =>
  integer64(-(2n ** 63n), 2n ** 63n - 1n, wireType, write)
const uint64 = (wireType: number, write: (writer: Writer, value: number | bigint) => void) =>
  integer64(0n, 2n ** 64n - 1n, wireType, write)

/** Protobuf's number types by name. JSON may write each as a number or as text; a whole number must be whole, in range
 *  and exact. */
export const numberScalars = {
  int32: int32(varint, writeVarint64),
  sint32: int32(varint, (writer, value) => writeVarint(writer, ((value << 1) ^ (value >> 31)) >>> 0)),
  sfixed32: int32(fixed32, writeFixed32),
  uint32: uint32(varint, writeVarint),
  fixed32: uint32(fixed32, writeFixed32),
  int64: int64(varint, writeVarint64),
  sint64: int64(varint, (writer, value) => {
    const wide = BigInt(value)
    writeVarint64(writer, (wide << 1n) ^ (wide >> 63n))
  }),
  sfixed64: int64(fixed64, writeFixed64),
  uint64: uint64(varint, writeVarint64),
  fixed64: uint64(fixed64, writeFixed64),
  float: floating(3.4028234663852886e38, fixed32, writeFloat),
  double: floating(Number.MAX_VALUE, fixed64, writeDouble),
}
