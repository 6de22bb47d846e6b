import { scalarReader } from './decodeScalar.ts'
import { decodeWellKnown } from './decodeWellKnown.ts'
import { malformed, newReader, type Reader, readMessage, readTag, skip } from './reader.ts'
import { type FieldSchema, type MessageSchema, messageSchema } from './schema.ts'
import { lengthDelimited } from './writer.ts'

/** Reads the content of one message, up to the reader's end, as JSON. `into` is what an earlier part of the same
 *  message gave: protobuf merges the two. Throws an Error on malformed bytes. */
export type Decode = (reader: Reader, depth: number, into?: Json) => unknown

export type Json = Record<string, unknown>

/** The decoder of the message called `name`, compiled on first use. Throws when the schema has no such message. */
export const messageDecoder = (name: string): Decode => {
  const special = decodeWellKnown(name)
  if (special !== undefined) return special
  let compiled = decoders.get(name)
  if (compiled === undefined) {
    compiled = compile(name)
    decoders.set(name, compiled)
  }
  return compiled
}

const decoders = new Map<string, Decode>()

/** Takes one field off the reader into `json`. */
type Field = {
  read: ((reader: Reader, tag: number, depth: number, json: Json) => void) | undefined
  readonly schema: FieldSchema
  /** The other members of its oneof: the last one sent wins. */
  readonly rivals: readonly string[]
}

const compile = (name: string): Decode => {
  const schema = messageSchema(name)
  if (schema === undefined) throw new Error(`the schema has no message ${name}`)
  const fields = new Map(
    schema.fields.map((field): [number, Field] => [
      field.number,
      { read: undefined, schema: field, rivals: rivalsOf(schema, field) },
    ]),
  )
  return (reader, depth, into = {}) => {
    if (depth > 100) throw malformed(reader, 'messages nested deeper than 100')
    while (reader.at < reader.end) {
      const tag = readTag(reader)
      const field = fields.get(Math.floor(tag / 8))
      if (field === undefined) skip(reader, tag)
      else {
        field.read ??= fieldReader(field.schema)
        field.read(reader, tag, depth, into)
        for (const rival of field.rivals) delete into[rival]
      }
    }
    return into
  }
}

const rivalsOf = (schema: MessageSchema, field: FieldSchema): readonly string[] =>
  field.oneof === ''
    ? []
    : schema.fields.flatMap((other) =>
        other.oneof === field.oneof && other.name !== field.name ? [other.name] : [],
      )

const fieldReader = (field: FieldSchema): NonNullable<Field['read']> => {
  if (field.shape === 'map') return mapReader(field)
  const isMessage = messageSchema(field.type) !== undefined
  if (field.shape === 'many') return isMessage ? messagesReader(field) : scalarsReader(field)
  return isMessage ? messageReader(field) : oneScalarReader(field)
}

const messageReader = ({ name, type }: FieldSchema): NonNullable<Field['read']> => {
  const content = messageDecoder(type)
  return (reader, tag, depth, json) => {
    if (tag % 8 !== lengthDelimited) return skip(reader, tag)
    const earlier = json[name]
    const into = typeof earlier === 'object' && earlier !== null ? (earlier as Json) : undefined
    json[name] = readMessage(reader, (inner) => content(inner, depth + 1, into))
  }
}

const messagesReader = ({ name, type }: FieldSchema): NonNullable<Field['read']> => {
  const content = messageDecoder(type)
  return (reader, tag, depth, json) => {
    if (tag % 8 !== lengthDelimited) return skip(reader, tag)
    listIn(json, name).push(readMessage(reader, (inner) => content(inner, depth + 1)))
  }
}

const oneScalarReader = ({ name, type, presence }: FieldSchema): NonNullable<Field['read']> => {
  const { wireType, read, isDefault } = scalarReader(type)
  return (reader, tag, _depth, json) => {
    if (tag % 8 !== wireType) return skip(reader, tag)
    const value = read(reader)
    if (presence || !isDefault(value)) json[name] = value
    else delete json[name]
  }
}

const scalarsReader = ({ name, type }: FieldSchema): NonNullable<Field['read']> => {
  const { wireType, read } = scalarReader(type)
  return (reader, tag, _depth, json) => {
    if (tag % 8 === wireType) listIn(json, name).push(read(reader))
    else if (tag % 8 === lengthDelimited) {
      const list = listIn(json, name)
      readMessage(reader, (packed) => {
        while (packed.at < packed.end) list.push(read(packed))
      })
    } else skip(reader, tag)
  }
}

const mapReader = ({ name, type, keyType }: FieldSchema): NonNullable<Field['read']> => {
  const key = scalarReader(keyType)
  const isMessage = messageSchema(type) !== undefined
  const content = isMessage ? messageDecoder(type) : undefined
  const scalar = isMessage ? undefined : scalarReader(type)
  const wireType = scalar?.wireType ?? lengthDelimited
  return (reader, tag, depth, json) => {
    if (tag % 8 !== lengthDelimited) return skip(reader, tag)
    readMessage(reader, (entry) => {
      let at: unknown = key.absent
      let value: unknown
      while (entry.at < entry.end) {
        const part = readTag(entry)
        if (part === 8 + key.wireType) at = key.read(entry)
        else if (part !== 16 + wireType) skip(entry, part)
        else if (scalar !== undefined) value = scalar.read(entry)
        else value = readMessage(entry, (inner) => content?.(inner, depth + 2))
      }
      value ??= scalar === undefined ? content?.(newReader(new Uint8Array()), depth) : scalar.absent
      mapIn(json, name)[String(at)] = value
    })
  }
}

const listIn = (json: Json, name: string): unknown[] => {
  const list = json[name]
  if (Array.isArray(list)) return list
  const made: unknown[] = []
  json[name] = made
  return made
}

/** Without a prototype: the keys come from outside. */
const mapIn = (json: Json, name: string): Json => {
  const made = (json[name] ?? Object.create(null)) as Json
  json[name] = made
  return made
}
