import type { VirtualHostPart, XdsResource } from '../model/xds.ts'
import { concatFields } from './splice.ts'

/** `virtual_hosts` in envoy/config/route/v3/route.proto. */
export const virtualHostsField = 2

/** The route configuration called `name`: `head`, which is all of it but its virtual hosts, and `parts`. Its bytes are
 *  put together when somebody sends it. */
export const splicedRoutes = (routes: {
  readonly name: string
  readonly version: string
  readonly head: Uint8Array
  readonly parts: readonly VirtualHostPart[]
  readonly causes: XdsResource['causes']
}): XdsResource => {
  const { head, parts } = routes
  return {
    name: routes.name,
    version: routes.version,
    bytes: () =>
      concatFields(
        head,
        virtualHostsField,
        parts.map(({ bytes }) => bytes),
      ),
    causes: routes.causes,
    parts,
    head,
  }
}
