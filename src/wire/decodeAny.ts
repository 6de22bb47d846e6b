import { Buffer } from 'node:buffer'
import { type Decode, type Json, messageDecoder } from './decodeMessage.ts'
import { isWellKnown } from './encodeWellKnown.ts'
import { malformed, newReader, readBytes, readTag, readText, skip } from './reader.ts'
import { messageSchema } from './schema.ts'
import { messageNameOf } from './typeUrls.ts'
import { lengthDelimited } from './writer.ts'

/** An Any as `@type` and the fields of its message; of a type that is unknown here, `value` holds its bytes in base64. */
export const decodeAny: Decode = (reader, depth) => {
  if (depth > 100) throw malformed(reader, 'messages nested deeper than 100')
  let typeUrl = ''
  let value: Uint8Array = Buffer.alloc(0)
  while (reader.at < reader.end) {
    const tag = readTag(reader)
    if (tag === 8 + lengthDelimited) typeUrl = readText(reader)
    else if (tag === 16 + lengthDelimited) value = readBytes(reader)
    else skip(reader, tag)
  }
  if (typeUrl === '' && value.length === 0) return {}
  const name = messageNameOf(typeUrl)
  if (messageSchema(name) === undefined)
    return { '@type': typeUrl, value: Buffer.from(value).toString('base64') }
  const content = messageDecoder(name)(newReader(value), depth + 1)
  return isWellKnown(name) ? { '@type': typeUrl, value: content } : { '@type': typeUrl, ...(content as Json) }
}
