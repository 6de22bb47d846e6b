import { RE2JS } from 're2js'
import { problemCodes } from '../problemCode.ts'
import type { Codec } from './codec.ts'
import { regexSize } from './regexSize.ts'
import { textOr } from './text.ts'

// Istio's cap for regexes that reach Envoy (1.30.4).
const regexMost = 1024

// Instructions of a compiled regex. In UTF-8, as Envoy compiles it, a character class takes up to eight times as many;
// the bootstrap lets Envoy take 32,768 (`re2.max_program_size.error_level`, without which it takes 100).
const programMost = 4000

/** A regex in RE2's syntax, which is what Envoy reads. */
export const regex: Codec<string> = textOr('regex', problemCodes.badRegex, (value) => {
  if (value.length === 0 || value.length > regexMost) {
    return `The regex has ${value.length} characters; it has 1 to ${regexMost}.`
  }
  // Asked before compiling, which takes a tenth of a second for the largest that the library would take.
  const size = regexSize(value)
  if (size > programMost)
    return `The regex compiles to some ${size} instructions; it may have ${programMost}.`
  try {
    RE2JS.compile(value)
    return undefined
  } catch (error) {
    return `The regex is not RE2: ${error instanceof Error ? error.message : String(error)}.`
  }
})
