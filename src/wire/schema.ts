import { schemaText } from './schemaText.ts'

/** The limits that Envoy's protos put on one field (`validate.rules` of protoc-gen-validate), those that occur.
 *  Durations are in seconds. Of a wrapper the limits hold for the value in it. */
export type Rules = {
  readonly required?: boolean
  readonly const?: boolean
  readonly defined_only?: boolean
  readonly ignore_empty?: boolean
  readonly in?: readonly (string | number)[]
  readonly not_in?: readonly (string | number)[]
  readonly gt?: number
  readonly gte?: number
  readonly lt?: number
  readonly lte?: number
  readonly min_len?: number
  readonly max_len?: number
  readonly max_bytes?: number
  readonly prefix?: string
  readonly suffix?: string
  readonly pattern?: string
  readonly well_known_regex?: string
  /** Of `well_known_regex`; absent means true. */
  readonly strict?: boolean
  readonly unique?: boolean
  readonly min_items?: number
  readonly max_items?: number
  readonly min_pairs?: number
  readonly items?: Rules
  readonly keys?: Rules
  readonly values?: Rules
}

export type FieldSchema = {
  readonly number: number
  readonly name: string
  readonly jsonName: string
  /** A scalar such as `uint32`, or the full name of a message or enum. Of a map: of its values. */
  readonly type: string
  readonly shape: 'one' | 'many' | 'map'
  /** Scalar type of a map's keys. */
  readonly keyType: string
  /** True: a scalar that was set to its default is sent all the same. */
  readonly presence: boolean
  /** Empty for a field of no oneof. */
  readonly oneof: string
  readonly rules: Rules
}

export type MessageSchema = {
  readonly name: string
  /** By rising number. */
  readonly fields: readonly FieldSchema[]
  /** Oneofs of which one member must be set. */
  readonly requiredOneofs: readonly string[]
}

export type EnumSchema = {
  readonly name: string
  readonly numberOf: ReadonlyMap<string, number>
  readonly nameOf: ReadonlyMap<number, string>
}

/** The message called `name` (`envoy.config.cluster.v3.Cluster`), read on first use; `undefined` when Envoy 1.40's
 *  v3 API has none of that name. */
export const messageSchema = (name: string): MessageSchema | undefined => {
  const known = messages.get(name)
  if (known !== undefined) return known
  const row = rowOf(name)
  if (row === undefined || !('fields' in row)) return undefined
  const message = {
    name,
    fields: row.fields.map((field) => fieldOf(field, packageOf(name))),
    requiredOneofs: row.required ?? [],
  }
  messages.set(name, message)
  return message
}

/** The enum called `name`, read on first use; `undefined` when there is none. */
export const enumSchema = (name: string): EnumSchema | undefined => {
  const known = enums.get(name)
  if (known !== undefined) return known
  const row = rowOf(name)
  if (row === undefined || !('values' in row)) return undefined
  const nameOf = new Map<number, string>()
  // Of several names of one number the first is the canonical one.
  for (const [value, number] of row.values) if (!nameOf.has(number)) nameOf.set(number, value)
  const found = { name, numberOf: new Map(row.values), nameOf }
  enums.set(name, found)
  return found
}

/** Full names of all messages, sorted. */
export const messageNames = (): readonly string[] => {
  names ??= [...lines()].filter(([, row]) => row.startsWith('{"fields"')).map(([name]) => name)
  return names
}

type FieldRow = readonly [number: number, name: string, type: string, oneof?: string, rules?: Rules]
type Row =
  | { readonly fields: readonly FieldRow[]; readonly required?: readonly string[] }
  | { readonly values: readonly (readonly [string, number])[] }

const messages = new Map<string, MessageSchema>()
const enums = new Map<string, EnumSchema>()
let names: readonly string[] | undefined
let index: ReadonlyMap<string, string> | undefined

/** Line by name: cutting the text is cheap, parsing all of it is not. */
const lines = (): ReadonlyMap<string, string> => {
  index ??= new Map(
    schemaText.split('\n').map((line) => {
      const space = line.indexOf(' ')
      return [line.slice(0, space), line.slice(space + 1)]
    }),
  )
  return index
}

const rowOf = (name: string): Row | undefined => {
  const line = lines().get(name)
  return line === undefined ? undefined : JSON.parse(line)
}

const fieldOf = ([number, name, text, oneof = '', rules = {}]: FieldRow, ownPackage: string): FieldSchema => {
  const [, many, keyType = '', optional, type = ''] = /^(\[\])?(?:\{(\w+)\})?(\?)?(.*)$/.exec(text) ?? []
  return {
    number,
    name,
    jsonName: name.replace(/_+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase()),
    type: type.startsWith('.') ? ownPackage + type : type,
    shape: many !== undefined ? 'many' : keyType !== '' ? 'map' : 'one',
    keyType,
    presence: optional !== undefined || oneof !== '',
    oneof,
    rules,
  }
}

/** Packages are written small, messages with a capital. */
const packageOf = (name: string): string => /^(?:[a-z]\w*\.)*[a-z]\w*(?=\.[A-Z])/.exec(name)?.[0] ?? ''
