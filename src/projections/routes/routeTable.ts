import { byCodeUnit } from '../../model/resourceName.ts'
import type { VirtualHostPart, XdsResource } from '../../model/xds.ts'
import { typeUrlOf } from '../../model/xds.ts'
import { contentHash } from '../../wire/contentHash.ts'
import { splicedRoutes } from '../../wire/splicedRoutes.ts'
import { encoded } from '../encoded.ts'

/** The route configuration called `name` of these virtual hosts, in the order of their names. Its version hangs on
 *  theirs, its bytes are spliced from theirs when somebody sends it. */
export const routeTable = (name: string, parts: Iterable<VirtualHostPart>): XdsResource => {
  const sorted = [...parts].sort((a, b) => byCodeUnit(a.name, b.name))
  const version = contentHash([name, ...sorted.map(({ version }) => version)].join('\n'))
  const head = encoded(typeUrlOf.routes, { name }).bytes
  return splicedRoutes({ name, version, head, parts: sorted, causes: [] })
}
