import { Buffer } from 'node:buffer'
import { boolLimit, bytesLimit, numberLimit, textLimit } from './limits.ts'
import { nearest } from './nearest.ts'
import { isZero, numberScalars } from './numberScalars.ts'
import { report, shown } from './problems.ts'
import type { Scalar } from './scalar.ts'
import { enumSchema } from './schema.ts'
import {
  lengthDelimited,
  varint,
  writeBytes,
  writeText,
  writeVarint,
  writeVarint64,
  written,
} from './writer.ts'

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

const text: Scalar<string> = {
  wireType: lengthDelimited,
  parse: (json, problems) => {
    if (typeof json !== 'string') report(problems, `expected text, got ${shown(json)}`)
    else if (!json.isWellFormed()) report(problems, 'expected text, got half a surrogate pair')
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

const scalars: Map<string, AnyScalar> = new Map(
  Object.entries({ ...numberScalars, bool, string: text, bytes } as Record<string, AnyScalar>),
)
