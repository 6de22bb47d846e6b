import { RE2JS } from 're2js'
import { problemCodes } from '../problemCode.ts'
import type { Codec } from './codec.ts'
import { textOr } from './text.ts'

// Istio's cap for regexes that reach Envoy (1.30.4); compiling stays within milliseconds.
const regexMost = 1024

/** A regex in RE2's syntax, which is what Envoy reads. */
export const regex: Codec<string> = textOr('regex', problemCodes.badRegex, (value) => {
  if (value.length === 0 || value.length > regexMost) {
    return `The regex has ${value.length} characters; it has 1 to ${regexMost}.`
  }
  try {
    RE2JS.compile(value)
    return undefined
  } catch (error) {
    return `The regex is not RE2: ${error instanceof Error ? error.message : String(error)}.`
  }
})
