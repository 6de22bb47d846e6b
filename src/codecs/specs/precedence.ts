import type { Codec } from '../shapes/codec.ts'
import { wholeNumber } from '../shapes/number.ts'

/** The rank of a rule among others, an int32 as in the proto of 2017; the highest is asked first. */
export const precedence: Codec<number> = wholeNumber('precedence', -(2 ** 31), 2 ** 31 - 1)
