import { type Json, messageDecoder } from './decodeMessage.ts'
import { newReader } from './reader.ts'
import { messageSchema } from './schema.ts'
import { messageNameOf } from './typeUrls.ts'

/** The message in `bytes` in Envoy's canonical JSON with snake_case names, as in Envoy's config dump: defaults left
 *  out, 64-bit integers as text, an Any with its `@type` (of an unknown type with its bytes as `value`); fields that
 *  are unknown are passed over. The type is named by a type URL or a message name. Throws an Error that says what is
 *  wrong on an unknown type and on bytes that are truncated, malformed or nested deeper than 100. */
export const decode = (typeUrl: string, bytes: Uint8Array): Json => {
  const name = messageNameOf(typeUrl)
  if (messageSchema(name) === undefined) throw new Error(`unknown type ${typeUrl}`)
  return messageDecoder(name)(newReader(bytes), 1) as Json
}
