import * as t from 'io-ts'
import { clip } from '../checkText.ts'
import { nearest } from '../nearest.ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, codec, problem, shown } from './codec.ts'

/** One of `choices`, letter for letter. */
export const choice = <A extends string>(name: string, choices: readonly A[]): Codec<A> =>
  chosen(name, choices, (input, one) => input === one)

/** One of `choices` in any case, read as it stands there. */
export const choiceInAnyCase = <A extends string>(name: string, choices: readonly A[]): Codec<A> =>
  chosen(name, choices, (input, one) => input.toLowerCase() === one.toLowerCase())

const chosen = <A extends string>(
  name: string,
  choices: readonly A[],
  same: (input: string, one: A) => boolean,
): Codec<A> =>
  codec(name, (input, context) => {
    if (typeof input !== 'string') {
      const message = `Expected ${name} (${choices.join(', ')}), found ${shown(input)}.`
      return t.failures([problem(input, context, problemCodes.wrongType, message)])
    }
    const found = choices.find((one) => same(input, one))
    if (found !== undefined) return t.success(found)
    const meant = nearest(input, choices)
    const help = meant === undefined ? '' : ` Did you mean "${meant}"?`
    const message = `"${clip(input)}" is no ${name}; it is one of ${choices.join(', ')}.${help}`
    return t.failures([problem(input, context, problemCodes.notAChoice, message)])
  })
