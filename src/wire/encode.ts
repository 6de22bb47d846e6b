import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { nearestType } from './encodeAny.ts'
import { type Encode, messageEncoder } from './encodeMessage.ts'
import { isWellKnown } from './encodeWellKnown.ts'
import { keptBytes } from './keptBytes.ts'
import type { EncodeProblem } from './problems.ts'
import { messageSchema } from './schema.ts'
import { messageNameOf, typeUrlFor } from './typeUrls.ts'
import { bytesOf, newWriter } from './writer.ts'

export type { EncodeProblem } from './problems.ts'

/** The bytes of the message that `json` stands for in Envoy's canonical JSON, of the type named by a type URL or a
 *  message name; snake_case and lowerCamelCase keys alike, and an `@type` at the top when it says the same. Equal
 *  messages give equal bytes, in whatever order their keys come. Refused is what Envoy would refuse: unknown fields and
 *  types, values out of range, and every limit of its protos (`validate.rules`); all problems at once, at most 50.
 *  Never throws, whatever `json` is, as long as it is plain data. */
export const encode = (typeUrl: string, json: unknown): Either<readonly EncodeProblem[], Uint8Array> => {
  const type = typeOf(typeUrl)
  if (type === undefined) {
    const hint = nearestType(messageNameOf(typeUrl))
    return left([{ path: '', message: `unknown type ${typeUrl.slice(0, 200)}${hint}` }])
  }
  const problems: EncodeProblem[] = []
  writer.at = writer.buffer.length
  type.write(writer, withoutType(type, json, problems), problems, 1)
  const result = problems.length > 0 ? left(problems) : right(keptBytes(bytesOf(writer)))
  // One huge message must not hold its memory for good.
  if (writer.buffer.length > 16 * 1024 * 1024) writer = newWriter(startBytes)
  return result
}

const startBytes = 64 * 1024

/** Shared, as encoding never waits. */
let writer = newWriter(startBytes)

type Type = { readonly name: string; readonly wellKnown: boolean; readonly write: Encode }

/** By usual type URL. */
const types = new Map<string, Type>()

const typeOf = (typeUrl: string): Type | undefined => {
  const known = types.get(typeUrl)
  if (known !== undefined) return known
  const name = messageNameOf(typeUrl)
  if (messageSchema(name) === undefined) return undefined
  const type = { name, wellKnown: isWellKnown(name), write: messageEncoder(name) }
  // Anything may stand before the name: only these are sure to be few.
  if (typeUrl === typeUrlFor(name)) types.set(typeUrl, type)
  return type
}

const withoutType = ({ name, wellKnown }: Type, json: unknown, problems: EncodeProblem[]): unknown => {
  // A well-known type has no fields to stand beside; an Any's `@type` is its own.
  if (wellKnown || typeof json !== 'object' || json === null || Array.isArray(json)) return json
  if (!Object.hasOwn(json, '@type')) return json
  const { '@type': typeUrl, ...fields } = json as Readonly<Record<string, unknown>>
  if (typeof typeUrl !== 'string' || messageNameOf(typeUrl) !== name) {
    problems.push({ path: '/@type', message: `expected type.googleapis.com/${name}` })
  }
  return fields
}
