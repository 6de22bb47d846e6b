import { isLeft } from 'fp-ts/lib/Either.js'
import { encode } from '../../src/wire/encode.ts'

/** The bytes of a message that must be accepted. */
export const encoded = (type: string, json: unknown): Uint8Array => {
  const result = encode(type, json)
  if (isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}
