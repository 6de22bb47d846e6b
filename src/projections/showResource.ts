import { typeUrlOf, type XdsResource, type XdsType } from '../model/xds.ts'
import { decode } from '../wire/decode.ts'
import type { JsonObject } from './json.ts'

/** `resource` in Envoy's canonical JSON with snake_case names, read back from the very bytes that are sent. */
export const showResource = (type: XdsType, resource: XdsResource): JsonObject =>
  decode(typeUrlOf[type], resource.bytes())
