import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, codec, inside, problem, shown } from './codec.ts'

/** A list of at least `least` and at most `most` items. */
export const listOf = <A>(
  name: string,
  items: Codec<A>,
  least = 0,
  most = Number.POSITIVE_INFINITY,
): Codec<readonly A[]> =>
  codec(name, (input, context) => {
    if (!Array.isArray(input)) {
      return t.failures([
        problem(input, context, problemCodes.wrongType, `Expected a list, found ${shown(input)}.`),
      ])
    }
    if (input.length < least) {
      const message = `The list of ${name} has ${input.length} items; it needs at least ${least}.`
      return t.failures([problem(input, context, problemCodes.outOfRange, message)])
    }
    if (input.length > most) {
      const message = `The list of ${name} has ${input.length} items; it may have at most ${most}.`
      return t.failures([problem(input, context, problemCodes.outOfRange, message)])
    }
    const errors: t.ValidationError[] = []
    const read: A[] = []
    for (const [i, one] of input.entries()) {
      const item = items.validate(one, inside(context, i, items))
      if (isRight(item)) read.push(item.right)
      else errors.push(...item.left)
    }
    return errors.length > 0 ? t.failures(errors) : t.success(read)
  })
