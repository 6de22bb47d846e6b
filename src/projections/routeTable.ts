import { byCodeUnit } from '../model/resourceName.ts'
import type { VirtualHostPart, XdsResource } from '../model/xds.ts'
import { contentHash } from '../wire/contentHash.ts'
import { concatFields } from '../wire/splice.ts'
import { encoded } from './encoded.ts'

const routeConfigurationUrl = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'
/** `virtual_hosts` in envoy/config/route/v3/route.proto. */
export const virtualHostsField = 2

/** The route configuration called `name` of these virtual hosts, in the order of their names. Its version hangs on
 *  theirs, its bytes are spliced from theirs when somebody sends it. */
export const routeTable = (name: string, parts: Iterable<VirtualHostPart>): XdsResource => {
  const sorted = [...parts].sort((a, b) => byCodeUnit(a.name, b.name))
  return {
    name,
    version: contentHash([name, ...sorted.map(({ version }) => version)].join('\n')),
    bytes: () =>
      concatFields(
        encoded(routeConfigurationUrl, { name }).bytes,
        virtualHostsField,
        sorted.map(({ bytes }) => bytes),
      ),
    causes: [],
    parts: sorted,
  }
}
