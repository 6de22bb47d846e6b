import { fieldWriter, missingProblem } from './encodeField.ts'
import { encodeWellKnown } from './encodeWellKnown.ts'
import { nearest } from './nearest.ts'
import { full, locate, type Problems, report, shown } from './problems.ts'
import { type FieldSchema, type MessageSchema, messageSchema, type Rules } from './schema.ts'
import type { Writer } from './writer.ts'

/** Writes the content of one message or value for `json`, and reports whatever is wrong with it. After a report the
 *  bytes mean nothing. */
export type Encode = (writer: Writer, json: unknown, problems: Problems, depth: number) => void

/** How deep messages may nest, as in Envoy's own JSON reader with some room. */
export const deepestNesting = 64

/** The encoder of the message called `name`, compiled on first use. `rules` are those of the field it is for; they
 *  matter to durations and wrappers only. Throws when the schema has no such message. */
export const messageEncoder = (name: string, rules?: Rules): Encode => {
  const special = encodeWellKnown(name, rules ?? {})
  if (special !== undefined) return special
  let compiled = encoders.get(name)
  if (compiled === undefined) {
    compiled = compile(name)
    encoders.set(name, compiled)
  }
  return compiled
}

const encoders = new Map<string, Encode>()

type Field = {
  readonly schema: FieldSchema
  /** A bit for each oneof of the message; 0 for a field of none. */
  readonly oneofBit: number
  readonly nullable: boolean
  write: Encode | undefined
}

type Shape = {
  readonly name: string
  /** By name and by JSON name. */
  readonly fields: ReadonlyMap<string, Field>
  /** What is wrong when a field is not there. */
  readonly musts: readonly { readonly field: Field; readonly problem: string }[]
  readonly oneofs: readonly { readonly bit: number; readonly problem: string }[]
}

const compile = (name: string): Encode => {
  const schema = messageSchema(name)
  if (schema === undefined) throw new Error(`the schema has no message ${name}`)
  const shape = shapeOf(schema)
  return (writer, json, problems, depth) => {
    if (depth > deepestNesting) return report(problems, `nested deeper than ${deepestNesting} messages`)
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      return report(problems, `expected an object (${name}), got ${shown(json)}`)
    }
    encodeFields(shape, writer, json as Readonly<Record<string, unknown>>, problems, depth)
  }
}

const shapeOf = (schema: MessageSchema): Shape => {
  const oneofs = [...new Set(schema.fields.map(({ oneof }) => oneof).filter((oneof) => oneof !== ''))]
  if (oneofs.length > 30) throw new Error(`${schema.name} has more oneofs than there are bits`)
  const fields = schema.fields.map(
    (field): Field => ({
      schema: field,
      oneofBit: field.oneof === '' ? 0 : 1 << oneofs.indexOf(field.oneof),
      nullable: field.type === 'google.protobuf.Value' || field.type === 'google.protobuf.NullValue',
      write: undefined,
    }),
  )
  return {
    name: schema.name,
    fields: new Map(
      fields.flatMap((field) => [
        [field.schema.jsonName, field],
        [field.schema.name, field],
      ]),
    ),
    musts: fields.flatMap((field) => {
      const problem = missingProblem(field.schema)
      return problem === undefined ? [] : [{ field, problem }]
    }),
    oneofs: schema.requiredOneofs.map((oneof) => ({
      bit: 1 << oneofs.indexOf(oneof),
      problem: `one of ${schema.fields.flatMap((field) => (field.oneof === oneof ? [field.name] : [])).join(', ')} must be set`,
    })),
  }
}

const encodeFields = (
  shape: Shape,
  writer: Writer,
  json: Readonly<Record<string, unknown>>,
  problems: Problems,
  depth: number,
): void => {
  const found: Field[] = []
  const keys: string[] = []
  let oneofs = 0
  for (const key of Object.keys(json)) {
    const field = shape.fields.get(key)
    if (field === undefined) {
      unknownField(shape, key, problems)
      continue
    }
    if (json[key] === undefined || (json[key] === null && !field.nullable)) continue
    if (found.includes(field)) reportAt(problems, key, `${field.schema.name} is given twice`)
    if (field.oneofBit !== 0) {
      if ((oneofs & field.oneofBit) !== 0)
        reportAt(problems, key, `only one of ${field.schema.oneof} may be set`)
      oneofs |= field.oneofBit
    }
    insert(found, keys, field, key)
  }
  for (let i = found.length - 1; i >= 0; i -= 1) {
    const field = found[i] as Field
    const key = keys[i] as string
    const before = problems.length
    field.write ??= fieldWriter(field.schema)
    field.write(writer, json[key], problems, depth)
    if (problems.length !== before) locate(problems, before, key)
  }
  for (const { field, problem } of shape.musts) if (!found.includes(field)) report(problems, problem)
  for (const { bit, problem } of shape.oneofs) if ((oneofs & bit) === 0) report(problems, problem)
}

/** Keeps both lists sorted by field number; input mostly comes nearly sorted. */
const insert = (found: Field[], keys: string[], field: Field, key: string): void => {
  let i = found.length
  for (; i > 0 && (found[i - 1] as Field).schema.number > field.schema.number; i -= 1) {
    found[i] = found[i - 1] as Field
    keys[i] = keys[i - 1] as string
  }
  found[i] = field
  keys[i] = key
}

const unknownField = (shape: Shape, key: string, problems: Problems): void => {
  if (full(problems)) return
  const names = [...new Set([...shape.fields.values()].map(({ schema }) => schema.name))]
  reportAt(problems, key, `unknown field of ${shape.name}${nearest(key, names)}`)
}

const reportAt = (problems: Problems, key: string, message: string): void => {
  const before = problems.length
  report(problems, message)
  locate(problems, before, key)
}
