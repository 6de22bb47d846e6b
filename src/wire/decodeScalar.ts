import {
  type Reader,
  readBytes,
  readDouble,
  readFixed32,
  readFixed64,
  readFloat,
  readText,
  readUint32,
  readVarint64,
} from './reader.ts'
import { enumSchema } from './schema.ts'
import { fixed32, fixed64, lengthDelimited, varint } from './writer.ts'

/** How values of one scalar type go from bytes to canonical JSON. */
export type ScalarReader = {
  readonly wireType: number
  readonly read: (reader: Reader) => unknown
  /** The JSON of the default. */
  readonly absent: unknown
  readonly isDefault: (json: unknown) => boolean
}

/** The scalar or enum called `type`; 64-bit integers are text in JSON, enums their names where they have one. */
export const scalarReader = (type: string): ScalarReader => {
  const known = readers.get(type)
  if (known !== undefined) return known
  const made = enumReader(type)
  readers.set(type, made)
  return made
}

const scalar = (wireType: number, absent: unknown, read: (reader: Reader) => unknown): ScalarReader => ({
  wireType,
  read,
  absent,
  isDefault: (json) => Object.is(json, absent),
})

const enumReader = (type: string): ScalarReader => {
  const schema = enumSchema(type)
  if (schema === undefined) throw new Error(`the schema names an unknown type, ${type}`)
  const named = (number: number): string | number => schema.nameOf.get(number) ?? number
  // NullValue is the one enum whose JSON is not its name.
  if (type === 'google.protobuf.NullValue') {
    return scalar(varint, null, (reader) => {
      readUint32(reader)
      return null
    })
  }
  return scalar(varint, named(0), (reader) => named(readUint32(reader) | 0))
}

/** The shortest number that is the same float: 0.1 rather than 0.10000000149011612. */
const shortestFloat = (value: number): number => {
  if (value === 0) return value // -0 has no digits of its own
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}

/** JSON has no NaN and no infinities: they are text. */
const finite = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

const readers = new Map<string, ScalarReader>(
  Object.entries({
    int32: scalar(varint, 0, (reader) => readUint32(reader) | 0),
    uint32: scalar(varint, 0, readUint32),
    sint32: scalar(varint, 0, (reader) => {
      const value = readUint32(reader)
      return (value >>> 1) ^ -(value & 1)
    }),
    fixed32: scalar(fixed32, 0, readFixed32),
    sfixed32: scalar(fixed32, 0, (reader) => readFixed32(reader) | 0),
    int64: scalar(varint, '0', (reader) => String(BigInt.asIntN(64, readVarint64(reader)))),
    uint64: scalar(varint, '0', (reader) => String(readVarint64(reader))),
    sint64: scalar(varint, '0', (reader) => {
      const value = readVarint64(reader)
      return String((value >> 1n) ^ -(value & 1n))
    }),
    fixed64: scalar(fixed64, '0', (reader) => String(readFixed64(reader))),
    sfixed64: scalar(fixed64, '0', (reader) => String(BigInt.asIntN(64, readFixed64(reader)))),
    float: scalar(fixed32, 0, (reader) => finite(shortestFloat(readFloat(reader)))),
    double: scalar(fixed64, 0, (reader) => finite(readDouble(reader))),
    bool: scalar(varint, false, (reader) => readVarint64(reader) !== 0n),
    string: scalar(lengthDelimited, '', readText),
    bytes: scalar(lengthDelimited, '', (reader) => readBytes(reader).toString('base64')),
  }),
)
