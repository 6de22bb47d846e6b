import { isRight, map } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { clip } from '../checkText.ts'
import type { ProblemCode } from '../problemCode.ts'
import type { Path } from '../sourceNode.ts'

/** Reads untrusted JSON into an `A`, or tells every problem with its path. */
export type Codec<A> = t.Type<A, unknown, unknown>

/** What is wrong inside of a value whose parts are right by themselves. */
export type Finding = {
  readonly code: ProblemCode
  readonly message: string
  /** Below the value. */
  readonly path: Path
  /** Present: the place is that of the last key of the path, not of what stands under it. */
  readonly at?: 'key'
}

/** A codec that reads by `validate` alone. */
export const codec = <A>(
  name: string,
  validate: (input: unknown, context: t.Context) => t.Validation<A>,
): Codec<A> =>
  new t.Type<A, unknown, unknown>(
    name,
    (input): input is A => isRight(validate(input, [])),
    validate,
    (value) => value,
  )

/** One problem of `input`. io-ts carries one text for each; the code stands before its first space. */
export const problem = (
  input: unknown,
  context: t.Context,
  code: ProblemCode,
  message: string,
): t.ValidationError => ({ value: input, context, message: `${code} ${message}` })

/** `error`, placed at the key itself and not at the value under it. */
export const atKey = ({ message = '', ...error }: t.ValidationError): t.ValidationError => ({
  ...error,
  message: message.replace(' ', `${keyMark} `),
})

/** Stands after the code of a problem that is placed at a key. */
export const keyMark = '@'

/** The context one step further down, at `key`. */
export const inside = (
  context: t.Context,
  key: string | number,
  type: t.Decoder<unknown, unknown>,
): t.Context => t.appendContext(context, String(key), type)

/** `base`, and then `check` on what it read: its findings are paths below the value. */
export const checked = <A>(base: Codec<A>, check: (value: A) => readonly Finding[]): Codec<A> =>
  codec(base.name, (input, context) => {
    const read = base.validate(input, context)
    if (!isRight(read)) return read
    const findings = check(read.right)
    if (findings.length === 0) return read
    return t.failures(findings.map((finding) => errorOf(base, input, context, finding)))
  })

/** What `canonical` makes of what `base` reads. */
export const inForm = <A>(canonical: (value: A) => A, base: Codec<A>): Codec<A> =>
  codec(base.name, (input, context) => map(canonical)(base.validate(input, context)))

/** `base`, on what `current` makes of the input: older words in those of today. A problem is placed by today's words, or
 *  as near above as the input has them. */
export const inWordsOf = <A>(current: (input: unknown) => unknown, base: Codec<A>): Codec<A> =>
  codec(base.name, (input, context) => base.validate(current(input), context))

const errorOf = (
  base: t.Decoder<unknown, unknown>,
  input: unknown,
  context: t.Context,
  { code, message, path, at }: Finding,
): t.ValidationError => {
  const below = path.reduce<t.Context>((above, key) => inside(above, key, base), context)
  const error = problem(input, below, code, message)
  return at === 'key' ? atKey(error) : error
}

/** What `value` is, in words, for messages. */
export const shown = (value: unknown): string => {
  if (value === null) return 'nothing (null)'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `the text "${clip(value)}"`
  return typeof value === 'object'
    ? 'a map'
    : `the ${typeof value === 'number' ? 'number ' : ''}${String(value)}`
}
