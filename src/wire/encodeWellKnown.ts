import { encodeAny } from './encodeAny.ts'
import type { Encode } from './encodeMessage.ts'
import { encodeList, encodeStruct, encodeValue } from './encodeStruct.ts'
import { encodeDuration, encodeTimestamp } from './encodeTime.ts'
import { numberLimit } from './limits.ts'
import { report, shown } from './problems.ts'
import { scalarOf } from './scalars.ts'
import type { Rules } from './schema.ts'
import { wrappers } from './wrappers.ts'
import { writeTag, writeTextField } from './writer.ts'

/** The encoder of a well-known type whose JSON is not an object of its fields; `undefined` for every other message.
 *  `rules` hold for a duration, or for the value in a wrapper. */
export const encodeWellKnown = (name: string, rules: Rules): Encode | undefined => {
  const wrapped = wrappers.get(name)
  if (wrapped !== undefined) return encodeWrapper(wrapped, rules)
  switch (name) {
    case 'google.protobuf.Any':
      return encodeAny
    case 'google.protobuf.Duration':
      return encodeDuration(numberLimit(rules, 's'))
    case 'google.protobuf.FieldMask':
      return encodeFieldMask
    case 'google.protobuf.ListValue':
      return encodeList
    case 'google.protobuf.Struct':
      return encodeStruct
    case 'google.protobuf.Timestamp':
      return encodeTimestamp
    case 'google.protobuf.Value':
      return encodeValue
    default:
      return undefined
  }
}

/** True for the types that an Any carries under the key `value`. */
export const isWellKnown = (name: string): boolean => encodeWellKnown(name, {}) !== undefined

const encodeWrapper = (type: string, rules: Rules): Encode => {
  const { parse, write, isDefault, limit, wireType } = scalarOf(type)
  const check = limit(rules)
  return (writer, json, problems) => {
    const value = parse(json, problems)
    if (value === undefined) return
    const problem = check?.(value)
    if (problem !== undefined) report(problems, problem)
    if (isDefault(value)) return
    write(writer, value)
    writeTag(writer, 1, wireType)
  }
}

const encodeFieldMask: Encode = (writer, json, problems) => {
  if (typeof json !== 'string' || !/^[A-Za-z0-9.,]*$/.test(json)) {
    return report(problems, `expected names of fields, joined by commas, got ${shown(json)}`)
  }
  for (const path of json === '' ? [] : json.split(',').reverse()) {
    writeTextField(
      writer,
      1,
      path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    )
  }
}
