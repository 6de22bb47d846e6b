import type { VirtualHostPart, XdsResource } from '../model/xds.ts'
import { contentHash } from '../wire/contentHash.ts'
import { splicedRoutes } from '../wire/splicedRoutes.ts'

/** The route configuration `intended` with other virtual hosts: `parts`. Its version depends on its content only. */
export const composeRoutes = (intended: XdsResource, parts: readonly VirtualHostPart[]): XdsResource => {
  const head = headOf(intended)
  const versions = parts.map(({ name, version }) => `${name}\n${version}`)
  const version = contentHash([contentHash(head), ...versions].join('\n'))
  return splicedRoutes({ name: intended.name, version, head, parts, causes: intended.causes })
}

/** True when both have the same bytes, told from the parts' versions. */
export const sameRoutes = (
  one: XdsResource,
  parts: readonly VirtualHostPart[],
  other: XdsResource,
): boolean =>
  one.parts !== undefined &&
  one.parts.length === parts.length &&
  one.parts.every(
    ({ name, version }, index) => parts[index]?.name === name && parts[index]?.version === version,
  ) &&
  Buffer.compare(headOf(one), headOf(other)) === 0

/** All of a route configuration but its virtual hosts. */
export const headOf = ({ head, bytes }: XdsResource): Uint8Array => head ?? bytes()
