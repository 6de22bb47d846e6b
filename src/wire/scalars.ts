import { Buffer } from 'node:buffer'
import { boolLimit, bytesLimit, type Limit, numberLimit, textLimit } from './limits.ts'
import { nearest } from './nearest.ts'
import { type Problems, report, shown } from './problems.ts'
import { enumSchema, type Rules } from './schema.ts'
import {
  fixed32,
  fixed64,
  lengthDelimited,
  varint,
  type Writer,
  writeBytes,
  writeDouble,
  writeFixed32,
  writeFixed64,
  writeFloat,
  writeText,
  writeVarint,
  writeVarint64,
  written,
} from './writer.ts'

/** How values of one scalar type go from JSON to bytes. */
export type Scalar<A> = {
  readonly wireType: number
  /** The value that `json` stands for; `undefined` after a report. */
  readonly parse: (json: unknown, problems: Problems) => A | undefined
  /** Without tag, with the length where one belongs. */
  readonly write: (writer: Writer, value: A) => void
  readonly isDefault: (value: A) => boolean
  readonly limit: (rules: Rules) => Limit<A> | undefined
}

// Which value belongs to which scalar is known where a field is compiled, not to the type system.
type AnyScalar = Scalar<unknown>

/** The scalar or enum called `type`; throws when there is none. */
export const scalarOf = (type: string): AnyScalar => {
  const known = scalars.get(type)
  if (known !== undefined) return known
  const made = enumScalar(type) as AnyScalar
  scalars.set(type, made)
  return made
}

const isZero = (value: number | bigint): boolean => Object.is(value, 0) || value === 0n

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

const bool: Scalar<boolean> = {
  wireType: varint,
  parse: (json, problems) => {
    if (typeof json === 'boolean') return json
    report(problems, `expected true or false, got ${shown(json)}`)
    return undefined
  },
  write: (writer, value) => writeVarint(writer, value ? 1 : 0),
  isDefault: (value) => !value,
  limit: boolLimit,
}

/** A surrogate that has no other half: UTF-8 has no bytes for it. */
const halfPair = /[\ud800-\udfff]/u

const text: Scalar<string> = {
  wireType: lengthDelimited,
  parse: (json, problems) => {
    if (typeof json !== 'string') report(problems, `expected text, got ${shown(json)}`)
    else if (halfPair.test(json)) report(problems, 'expected text, got half a surrogate pair')
    else return json
    return undefined
  },
  write: (writer, value) => {
    const before = written(writer)
    writeText(writer, value)
    writeVarint(writer, written(writer) - before)
  },
  isDefault: (value) => value === '',
  limit: textLimit,
}

const bytes: Scalar<Uint8Array> = {
  wireType: lengthDelimited,
  parse: (json, problems) => {
    // The alphabets of base64 and base64url, padding left out or not.
    if (
      typeof json === 'string' &&
      /^[A-Za-z0-9+/_-]*={0,2}$/.test(json) &&
      json.replace(/=+$/, '').length % 4 !== 1
    ) {
      return Buffer.from(json, 'base64')
    }
    report(problems, `expected bytes in base64, got ${shown(json)}`)
    return undefined
  },
  write: (writer, value) => {
    writeBytes(writer, value)
    writeVarint(writer, value.length)
  },
  isDefault: (value) => value.length === 0,
  limit: bytesLimit,
}

const enumScalar = (type: string): Scalar<number> => {
  const schema = enumSchema(type)
  if (schema === undefined) throw new Error(`the schema names an unknown type, ${type}`)
  const { numberOf, nameOf } = schema
  const nullNumber = type === 'google.protobuf.NullValue' ? 0 : null
  return {
    wireType: varint,
    parse: (json, problems) => {
      const number = typeof json === 'string' ? numberOf.get(json) : json === null ? nullNumber : json
      if (
        typeof number === 'number' &&
        Number.isInteger(number) &&
        number >= -0x80000000 &&
        number <= 0x7fffffff
      ) {
        return number + 0
      }
      const hint = typeof json === 'string' ? nearest(json, numberOf.keys()) : ''
      report(problems, `expected a value of ${type}, got ${shown(json)}${hint}`)
      return undefined
    },
    write: writeVarint64,
    isDefault: isZero,
    limit: (rules) => {
      const among = numberLimit(rules)
      if (rules.defined_only !== true) return among
      return (value) => (nameOf.has(value) ? among?.(value) : `${value} is no value of ${type}`)
    },
  }
}

const int32 = (wireType: number, write: (writer: Writer, value: number) => void): Scalar<number> =>
  integer(-0x80000000, 0x7fffffff, wireType, write)
const uint32 = (wireType: number, write: (writer: Writer, value: number) => void): Scalar<number> =>
  integer(0, 0xffffffff, wireType, write)
const int64 = (wireType: number, write: (writer: Writer, value: number | bigint) => void) =>
  integer64(-(2n ** 63n), 2n ** 63n - 1n, wireType, write)
const uint64 = (wireType: number, write: (writer: Writer, value: number | bigint) => void) =>
  integer64(0n, 2n ** 64n - 1n, wireType, write)

const scalars: Map<string, AnyScalar> = new Map(
  Object.entries({
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
    bool,
    string: text,
    bytes,
  } as Record<string, AnyScalar>),
)
