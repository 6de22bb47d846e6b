import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { nearestType } from './encodeAny.ts'
import { messageEncoder } from './encodeMessage.ts'
import { isWellKnown } from './encodeWellKnown.ts'
import type { EncodeProblem } from './problems.ts'
import { messageSchema } from './schema.ts'
import { messageNameOf } from './typeUrls.ts'
import { finish, newWriter } from './writer.ts'

export type { EncodeProblem } from './problems.ts'

/** The bytes of the message that `json` stands for in Envoy's canonical JSON, of the type named by a type URL or a
 *  message name; snake_case and lowerCamelCase keys alike, and an `@type` at the top when it says the same. Equal
 *  messages give equal bytes, in whatever order their keys come. Refused is what Envoy would refuse: unknown fields and
 *  types, values out of range, and every limit of its protos (`validate.rules`); all problems at once, at most 50.
 *  Never throws, whatever `json` is, as long as it is plain data. */
export const encode = (typeUrl: string, json: unknown): Either<readonly EncodeProblem[], Uint8Array> => {
  const name = messageNameOf(typeUrl)
  if (messageSchema(name) === undefined) {
    return left([{ path: '', message: `unknown type ${typeUrl.slice(0, 200)}${nearestType(name)}` }])
  }
  const problems: EncodeProblem[] = []
  writer.at = writer.buffer.length
  messageEncoder(name)(writer, withoutType(name, json, problems), problems, 1)
  const result = problems.length > 0 ? left(problems) : right(finish(writer))
  // One huge message must not hold its memory for good.
  if (writer.buffer.length > 16 * 1024 * 1024) writer = newWriter(startBytes)
  return result
}

const startBytes = 64 * 1024

/** Shared, as encoding never waits. */
let writer = newWriter(startBytes)

const withoutType = (name: string, json: unknown, problems: EncodeProblem[]): unknown => {
  // A well-known type has no fields to stand beside; an Any's `@type` is its own.
  if (isWellKnown(name) || typeof json !== 'object' || json === null || Array.isArray(json)) return json
  if (!Object.hasOwn(json, '@type')) return json
  const { '@type': typeUrl, ...fields } = json as Readonly<Record<string, unknown>>
  if (typeof typeUrl !== 'string' || messageNameOf(typeUrl) !== name) {
    problems.push({ path: '/@type', message: `expected type.googleapis.com/${name}` })
  }
  return fields
}
