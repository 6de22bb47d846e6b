import { problemCodes } from '../problemCode.ts'
import type { Codec } from './codec.ts'
import { text } from './text.ts'

/** The name of a header in lower case, as HTTP/2 and Envoy have them (a token of RFC 9110). */
export const headerName: Codec<string> = text(
  'header name',
  problemCodes.badHeader,
  'the name of a header in lower case',
  (value) => value.length <= 256 && /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(value),
)

/** What a header may hold; Envoy refuses NUL, line feed and carriage return in it. */
export const headerValue: Codec<string> = text(
  'header value',
  problemCodes.badHeader,
  'the value of a header: 1 to 8192 characters without control characters',
  (value) => value.length > 0 && value.length <= 8192 && !/\p{Cc}/u.test(value),
)
