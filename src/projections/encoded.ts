import { isLeft } from 'fp-ts/lib/Either.js'
import { type Cause, typeUrlOf, type XdsResource, type XdsType } from '../model/xds.ts'
import { contentHash } from '../wire/contentHash.ts'
import { encode } from '../wire/encode.ts'
import type { JsonObject } from './json.ts'
import type { Provenance } from './provenance.ts'

/** A message in Envoy's wire format, with the hash of its bytes as its version. */
export type EncodedMessage = { readonly bytes: Uint8Array; readonly version: string }

/** `json` in Envoy's wire format. Throws when Envoy's own field limits would refuse it: what comes from users is
 *  held to those limits before it is admitted. */
export const encoded = (typeUrl: string, json: JsonObject): EncodedMessage => {
  const result = encode(typeUrl, json)
  if (isLeft(result)) {
    const [first] = result.left
    throw new Error(`${typeUrl} cannot be encoded: ${first?.path ?? ''} ${first?.message ?? ''}`)
  }
  return { bytes: result.right, version: contentHash(result.right) }
}

/** One Envoy resource made of `json`, caused by `rules`. */
export const xdsResource = (
  type: XdsType,
  name: string,
  json: JsonObject,
  rules: readonly Provenance[],
): XdsResource => {
  const { bytes, version } = encoded(typeUrlOf[type], json)
  return { name, version, bytes: () => bytes, causes: rules.map(causeOf) }
}

/** What to blame for a piece of configuration. */
export const causeOf = ({ kind, namespace, name, position }: Provenance): Cause => ({
  kind,
  namespace,
  name,
  position,
})
