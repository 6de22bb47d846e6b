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
  /** The plans used last: messages of one type mostly have the same keys in the same order. */
  readonly recent: Plan[]
}

/** What to do with an object that has exactly these keys. */
type Plan = {
  readonly keys: readonly string[]
  /** By falling field number, as they are written. */
  readonly steps: readonly { readonly key: string; readonly field: Field }[]
  readonly problems: Problems
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
    recent: [],
  }
}

const encodeFields = (
  shape: Shape,
  writer: Writer,
  json: Readonly<Record<string, unknown>>,
  problems: Problems,
  depth: number,
): void => {
  const { steps, problems: found } = recentPlan(shape, json) ?? planFor(shape, presentKeys(shape, json))
  for (const { key, field } of steps) {
    const before = problems.length
    field.write ??= fieldWriter(field.schema)
    field.write(writer, json[key], problems, depth)
    if (problems.length !== before) locate(problems, before, key)
  }
  for (const problem of found) if (!full(problems)) problems.push(problem)
}

const recentPlan = ({ recent }: Shape, json: Readonly<Record<string, unknown>>): Plan | undefined => {
  for (const plan of recent) if (hasExactly(plan.keys, json)) return plan
  return undefined
}

/** Whether these are the keys of `json`, in their order, and each says something. */
const hasExactly = (keys: readonly string[], json: Readonly<Record<string, unknown>>): boolean => {
  let count = 0
  // Without a list of its keys, which would be made for every message.
  for (const key in json) {
    if (keys[count] !== key || json[key] === undefined || json[key] === null) return false
    count += 1
  }
  return count === keys.length
}

/** Keys whose value says something: `null` stands for an absent field, but for the two types that mean it. */
const presentKeys = (shape: Shape, json: Readonly<Record<string, unknown>>): readonly string[] => {
  const keys = Object.keys(json)
  for (const key of keys) {
    if (json[key] === null || json[key] === undefined) {
      return keys.filter((k) => json[k] !== undefined && (json[k] !== null || shape.fields.get(k)?.nullable))
    }
  }
  return keys
}

const planFor = (shape: Shape, keys: readonly string[]): Plan => {
  for (const plan of shape.recent) if (sameKeys(plan.keys, keys)) return plan
  const plan = planOf(shape, keys)
  if (plan.problems.length === 0) {
    shape.recent.unshift(plan)
    if (shape.recent.length > 4) shape.recent.pop()
  }
  return plan
}

const sameKeys = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

const planOf = (shape: Shape, keys: readonly string[]): Plan => {
  const problems: Problems = []
  const steps = new Map<Field, string>()
  let oneofs = 0
  for (const key of keys) {
    const field = shape.fields.get(key)
    if (field === undefined) {
      unknownField(shape, key, problems)
      continue
    }
    if (steps.has(field)) reportAt(problems, key, `${field.schema.name} is given twice`)
    else if ((oneofs & field.oneofBit) !== 0) {
      reportAt(problems, key, `only one of ${field.schema.oneof} may be set`)
    }
    oneofs |= field.oneofBit
    steps.set(field, key)
  }
  for (const { field, problem } of shape.musts) if (!steps.has(field)) report(problems, problem)
  for (const { bit, problem } of shape.oneofs) if ((oneofs & bit) === 0) report(problems, problem)
  const inOrder = [...steps].map(([field, key]) => ({ key, field }))
  inOrder.sort((a, b) => b.field.schema.number - a.field.schema.number)
  return { keys, steps: inOrder, problems }
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
