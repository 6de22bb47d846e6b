import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { typeUrlOf, type XdsResource, type XdsType } from '../model/xds.ts'
import { contentHash } from '../wire/contentHash.ts'
import { encode } from '../wire/encode.ts'
import type { JsonObject } from './json.ts'
import type { Provenance } from './provenance.ts'

/** A message in Envoy's wire format, with the hash of its bytes as its version. */
export type EncodedMessage = { readonly bytes: Uint8Array; readonly version: string }

/** `json` in Envoy's wire format; Left says which of Envoy's own field limits would refuse it, and where. */
export const tryEncoded = (typeUrl: string, json: JsonObject): Either<string, EncodedMessage> => {
  const result = encode(typeUrl, json)
  if (isLeft(result)) {
    const [first] = result.left
    return left(`${first?.path ?? ''} ${first?.message ?? ''}`.trim())
  }
  return right({ bytes: result.right, version: contentHash(result.right) })
}

/** `json` in Envoy's wire format, where nothing in it comes from users but what the codecs hold to Envoy's limits.
 *  Throws when they would refuse it all the same. */
export const encoded = (typeUrl: string, json: JsonObject): EncodedMessage => {
  const result = tryEncoded(typeUrl, json)
  if (isLeft(result)) throw new Error(`${typeUrl} cannot be encoded: ${result.left}`)
  return result.right
}

/** One Envoy resource made of `json`, caused by `rules`; Left says which of Envoy's limits would refuse it. */
export const tryXdsResource = (
  type: XdsType,
  name: string,
  json: JsonObject,
  rules: readonly Provenance[],
): Either<string, XdsResource> => {
  const message = tryEncoded(typeUrlOf[type], json)
  if (isLeft(message)) return message
  const { bytes, version } = message.right
  return right({ name, version, bytes: () => bytes, causes: rules })
}

/** The same where nothing in it comes from users but what the codecs hold to Envoy's limits. Throws when they would
 *  refuse it all the same. */
export const xdsResource = (
  type: XdsType,
  name: string,
  json: JsonObject,
  rules: readonly Provenance[],
): XdsResource => {
  const resource = tryXdsResource(type, name, json, rules)
  if (isLeft(resource)) throw new Error(`${type} ${name} cannot be encoded: ${resource.left}`)
  return resource.right
}
