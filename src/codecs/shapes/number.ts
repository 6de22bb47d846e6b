import * as t from 'io-ts'
import { type ProblemCode, problemCodes } from '../problemCode.ts'
import { type Codec, codec, problem, shown } from './codec.ts'

/** A number from `least` to `most`, both included. */
export const numberWithin = (name: string, least: number, most: number): Codec<number> =>
  numeric(name, `a number from ${least} to ${most}`, problemCodes.outOfRange, (n) => n >= least && n <= most)

/** A whole number from `least` to `most`, both included. */
export const wholeNumber = (
  name: string,
  least: number,
  most: number,
  code: ProblemCode = problemCodes.outOfRange,
): Codec<number> =>
  numeric(
    name,
    `a whole number from ${least} to ${most}`,
    code,
    (n) => Number.isInteger(n) && n >= least && n <= most,
  )

const numeric = (
  name: string,
  allowed: string,
  code: ProblemCode,
  test: (n: number) => boolean,
): Codec<number> =>
  codec(name, (input, context) => {
    if (typeof input !== 'number') {
      const help = typeof input === 'string' && /^-?\d/.test(input) ? '; leave the quotes out' : ''
      const message = `Expected a number (${name}), found ${shown(input)}${help}.`
      return t.failures([problem(input, context, problemCodes.wrongType, message)])
    }
    if (test(input)) return t.success(input)
    return t.failures([problem(input, context, code, `${input} is no ${name}; it is ${allowed}.`)])
  })

/** True or false. */
export const truth: Codec<boolean> = codec('true or false', (input, context) =>
  typeof input === 'boolean'
    ? t.success(input)
    : t.failures([
        problem(input, context, problemCodes.wrongType, `Expected true or false, found ${shown(input)}.`),
      ]),
)
