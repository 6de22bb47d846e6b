import type { IstioStringMatch } from '../../../model/istio/virtualService.ts'
import { problemCodes } from '../../problemCode.ts'
import { type Codec, checked, codec } from '../../shapes/codec.ts'
import { mapOf } from '../../shapes/mapOf.ts'
import { regex } from '../../shapes/regex.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { text } from '../../shapes/text.ts'

// Longer than any header that Envoy takes by default (60 KiB for all of them).
const matchMost = 8192

const literal = (name: string): Codec<string> =>
  text(
    name,
    problemCodes.badText,
    `at most ${matchMost} characters without control characters`,
    (value) => value.length <= matchMost && !/\p{Cc}/u.test(value),
  )

// `*` is no RE2, but Istio takes it as "is there".
const regexOrAny: Codec<string> = codec('regex', (input, context) =>
  input === '*' ? literal('regex').validate(input, context) : regex.validate(input, context),
)

/** One of exact, prefix and regex, or none of them, which asks only that there is something. */
export const stringMatch: Codec<IstioStringMatch> = checked(
  struct<IstioStringMatch>('a match', {
    exact: optional(literal('exact')),
    prefix: optional(literal('prefix')),
    regex: optional(regexOrAny),
  }),
  (match) =>
    Object.keys(match).length <= 1
      ? []
      : [
          {
            code: problemCodes.incomplete,
            message: `A match has one of exact, prefix and regex; found ${Object.keys(match).join(' and ')}.`,
            path: [],
          },
        ],
)

/** A name of a header in any case (Envoy compares them in lower case). */
export const headerNameInAnyCase: Codec<string> = text(
  'header name',
  problemCodes.badHeader,
  'the name of a header',
  (value) => value.length <= 256 && /^:?[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(value),
)

/** Matches by header name. */
export const headerMatches = mapOf('headers', headerNameInAnyCase, stringMatch)

const parameterName = text(
  'parameter',
  problemCodes.badText,
  'the name of a query parameter: 1 to 1024 characters without control characters',
  (value) => value.length > 0 && value.length <= 1024 && !/\p{Cc}/u.test(value),
)

/** Matches by query parameter. */
export const queryMatches = mapOf('queryParams', parameterName, stringMatch)
