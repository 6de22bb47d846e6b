import * as t from 'io-ts'
import { clip } from '../checkText.ts'
import { type ProblemCode, problemCodes } from '../problemCode.ts'
import { type Codec, codec, problem, shown } from './codec.ts'

/** A text for which `test` holds. `allowed` ends the sentence `"…" is not …`. */
export const text = (name: string, code: ProblemCode, allowed: string, test: (text: string) => boolean) =>
  textOr(name, code, (value) => (test(value) ? undefined : `"${clip(value)}" is not ${allowed}.`))

/** A text; `complaint` says in a sentence what is wrong with it, if anything. */
export const textOr = (
  name: string,
  code: ProblemCode,
  complaint: (text: string) => string | undefined,
): Codec<string> =>
  codec(name, (input, context) => {
    if (typeof input !== 'string') {
      const help = typeof input === 'number' || typeof input === 'boolean' ? '; put it in quotes' : ''
      const message = `Expected a text (${name}), found ${shown(input)}${help}.`
      return t.failures([problem(input, context, problemCodes.wrongType, message)])
    }
    const message = complaint(input)
    return message === undefined ? t.success(input) : t.failures([problem(input, context, code, message)])
  })

/** A text of 1 to `most` characters, none of them a control character. */
export const plainText = (name: string, most: number): Codec<string> =>
  text(
    name,
    problemCodes.badText,
    `a ${name}: 1 to ${most} characters without control characters`,
    (value) => value.length > 0 && value.length <= most && !/\p{Cc}/u.test(value),
  )
