import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { clip } from '../checkText.ts'
import { suggestion } from '../nearest.ts'
import { problemCodes } from '../problemCode.ts'
import { atKey, type Codec, codec, inside, problem, shown } from './codec.ts'

/** A key that may be absent. */
export type Optional<A> = { readonly optional: Codec<A> }

/** A codec for each key of `A`, marked optional exactly where `A` says so: the compiler holds both together. */
export type Fields<A> = {
  readonly [K in keyof A]-?: Record<never, never> extends Pick<A, K>
    ? Optional<Exclude<A[K], undefined>>
    : Codec<A[K]>
}

/** Marks a key that may be absent. */
export const optional = <A>(of: Codec<A>): Optional<A> => ({ optional: of })

/** A map with these keys and no others; an unknown one is a problem at the key, with the nearest that is known. */
export const struct = <A extends object>(name: string, fields: Fields<A>): Codec<A> => {
  const known = Object.keys(fields)
  const table = new Map(Object.entries(fields) as [string, Codec<unknown> | Optional<unknown>][])
  return codec(name, (input, context) => {
    if (!isMap(input)) {
      return t.failures([
        problem(input, context, problemCodes.wrongType, `Expected a map, found ${shown(input)}.`),
      ])
    }
    const errors: t.ValidationError[] = []
    for (const key of Object.keys(input)) {
      if (table.has(key)) continue
      const message = `Unknown key "${clip(key)}" in ${name}.${suggestion(key, known)}`
      errors.push(
        atKey(problem(input[key], inside(context, key, t.unknown), problemCodes.unknownKey, message)),
      )
    }
    const read: Record<string, unknown> = {}
    for (const [key, field] of table) {
      const isOptional = 'optional' in field
      const type = isOptional ? field.optional : field
      const below = inside(context, key, type)
      if (!Object.hasOwn(input, key)) {
        if (isOptional) continue
        const message = `The key "${key}" is missing in ${name}.`
        errors.push(problem(undefined, below, problemCodes.missingKey, message))
        continue
      }
      const value = type.validate(input[key], below)
      if (isRight(value)) read[key] = value.right
      else errors.push(...value.left)
    }
    return errors.length > 0 ? t.failures(errors) : t.success(read as A)
  })
}

/** True for a JSON object. */
export const isMap = (input: unknown): input is Readonly<Record<string, unknown>> =>
  typeof input === 'object' && input !== null && !Array.isArray(input)
