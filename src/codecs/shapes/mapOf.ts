import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { problemCodes } from '../problemCode.ts'
import { atKey, type Codec, codec, inside, problem, shown } from './codec.ts'
import { isMap } from './struct.ts'

/** A map whose keys a user chooses, read into an object without prototype. */
export const mapOf = <A>(
  name: string,
  keys: Codec<string>,
  values: Codec<A>,
): Codec<Readonly<Record<string, A>>> =>
  codec(name, (input, context) => {
    if (!isMap(input)) {
      return t.failures([
        problem(input, context, problemCodes.wrongType, `Expected a map, found ${shown(input)}.`),
      ])
    }
    const errors: t.ValidationError[] = []
    const read: Record<string, A> = Object.create(null)
    for (const [key, one] of Object.entries(input)) {
      const below = inside(context, key, values)
      const validKey = keys.validate(key, below)
      const value = values.validate(one, below)
      if (!isRight(validKey)) errors.push(...validKey.left.map(atKey))
      if (isRight(value)) read[key] = value.right
      else errors.push(...value.left)
    }
    return errors.length > 0 ? t.failures(errors) : t.success(read)
  })
