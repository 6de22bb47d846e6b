import { byCodeUnit } from '../model/resourceName.ts'
import { type Encode, messageEncoder } from './encodeMessage.ts'
import { sizeLimit } from './limits.ts'
import { locate, report, shown } from './problems.ts'
import { scalarOf } from './scalars.ts'
import { type FieldSchema, messageSchema, type Rules } from './schema.ts'
import { lengthDelimited, writeHead, writeTag, writeVarint, written } from './writer.ts'

/** Writes one field, tag included, for its JSON value: nothing where that is the default and says nothing. */
export const fieldWriter = (field: FieldSchema): Encode => {
  if (field.shape === 'many') return listWriter(field)
  if (field.shape === 'map') return mapWriter(field)
  return isMessage(field.type) ? messageWriter(field) : scalarWriter(field)
}

/** What is wrong with a message that lacks `field`; nothing when it may. */
export const missingProblem = (field: FieldSchema): string | undefined => {
  const { rules, name } = field
  // A member of a oneof is asked for by the oneof, if at all: its own rules hold once it is chosen.
  if (field.oneof !== '') return undefined
  if (rules.required === true) return `${name} is required`
  if (field.shape !== 'one') return prefixed(name, sizeLimit(rules)?.([]))
  if (field.presence || rules.ignore_empty === true || isMessage(field.type)) return undefined
  return prefixed(name, scalarOf(field.type).limit(rules)?.(defaultOf(field.type)))
}

/** A value without its tag, as list items and map entries hold it. */
type Value = { readonly wireType: number; readonly write: Encode }

const isMessage = (type: string): boolean => messageSchema(type) !== undefined

const prefixed = (name: string, problem: string | undefined): string | undefined =>
  problem === undefined ? undefined : `${name} ${problem}`

const defaultOf = (type: string): unknown =>
  type === 'string' ? '' : type === 'bytes' ? new Uint8Array() : type === 'bool' ? false : 0

const messageWriter = ({ type, rules, number }: FieldSchema): Encode => {
  const content = messageEncoder(type, rules)
  return (writer, json, problems, depth) => {
    const before = written(writer)
    content(writer, json, problems, depth + 1)
    writeHead(writer, number, before)
  }
}

const scalarWriter = ({ type, rules, number, presence }: FieldSchema): Encode => {
  const { parse, write, isDefault, limit, wireType } = scalarOf(type)
  const check = limit(rules)
  const mayBeEmpty = rules.ignore_empty === true
  return (writer, json, problems) => {
    const value = parse(json, problems)
    if (value === undefined) return
    const empty = isDefault(value)
    const problem = empty && mayBeEmpty ? undefined : check?.(value)
    if (problem !== undefined) report(problems, problem)
    if (empty && !presence) return
    write(writer, value)
    writeTag(writer, number, wireType)
  }
}

const valueWriter = (type: string, rules: Rules = {}): Value => {
  if (isMessage(type)) {
    const content = messageEncoder(type, rules)
    return {
      wireType: lengthDelimited,
      write: (writer, json, problems, depth) => {
        const before = written(writer)
        content(writer, json, problems, depth + 1)
        writeVarint(writer, written(writer) - before)
      },
    }
  }
  const { parse, write, limit, wireType } = scalarOf(type)
  const check = limit(rules)
  return {
    wireType,
    write: (writer, json, problems) => {
      const value = parse(json, problems)
      if (value === undefined) return
      const problem = check?.(value)
      if (problem !== undefined) report(problems, problem)
      write(writer, value)
    },
  }
}

const listWriter = ({ type, rules, number }: FieldSchema): Encode => {
  const item = valueWriter(type, rules.items)
  const size = sizeLimit(rules)
  const packed = item.wireType !== lengthDelimited
  return (writer, json, problems, depth) => {
    if (!Array.isArray(json)) return report(problems, `expected a list, got ${shown(json)}`)
    const problem = size?.(json)
    if (problem !== undefined) report(problems, problem)
    const start = written(writer)
    for (let i = json.length - 1; i >= 0; i -= 1) {
      const before = problems.length
      item.write(writer, json[i], problems, depth)
      if (problems.length !== before) locate(problems, before, i)
      if (!packed) writeTag(writer, number, lengthDelimited)
    }
    if (packed && json.length > 0) writeHead(writer, number, start)
  }
}

const mapWriter = ({ type, keyType, rules, number }: FieldSchema): Encode => {
  const value = valueWriter(type, rules.values)
  const key = valueWriter(keyType, rules.keys)
  const size = sizeLimit(rules)
  return (writer, json, problems, depth) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      return report(problems, `expected an object, got ${shown(json)}`)
    }
    const entries = json as Readonly<Record<string, unknown>>
    const names = Object.keys(entries)
    if (names.length > 1) names.sort(byCodeUnit)
    const problem = size?.(names)
    if (problem !== undefined) report(problems, problem)
    for (const name of names.reverse()) {
      const before = problems.length
      const entry = written(writer)
      value.write(writer, entries[name], problems, depth + 1)
      writeTag(writer, 2, value.wireType)
      key.write(writer, keyFrom(keyType, name), problems, depth)
      writeTag(writer, 1, key.wireType)
      writeHead(writer, number, entry)
      if (problems.length !== before) locate(problems, before, name)
    }
  }
}

/** JSON writes the keys of every map as text. */
const keyFrom = (type: string, name: string): unknown =>
  type === 'bool' && (name === 'true' || name === 'false') ? name === 'true' : name
