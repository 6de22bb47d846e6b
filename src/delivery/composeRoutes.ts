import type { VirtualHostPart, XdsResource } from '../model/xds.ts'
import { contentHash } from '../wire/contentHash.ts'
import { concatFields } from '../wire/splice.ts'

// RouteConfiguration.virtual_hosts (envoy/config/route/v3/route.proto).
const virtualHostsField = 2

/** The route configuration `intended` with other virtual hosts: `parts`. Its version depends on its content only. */
export const composeRoutes = (intended: XdsResource, parts: readonly VirtualHostPart[]): XdsResource => {
  const head = headOf(intended)
  const versions = parts.map(({ name, version }) => `${name}\n${version}`)
  return {
    name: intended.name,
    version: contentHash([contentHash(head), ...versions].join('\n')),
    bytes: () =>
      concatFields(
        head,
        virtualHostsField,
        parts.map(({ bytes }) => bytes),
      ),
    causes: intended.causes,
    parts,
  }
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

const heads = new WeakMap<XdsResource, Uint8Array>()

// `bytes()` is the head followed by the parts, each with one byte of tag and its length before it.
const headOf = (resource: XdsResource): Uint8Array => {
  const known = heads.get(resource)
  if (known !== undefined) return known
  const bytes = resource.bytes()
  const tail = (resource.parts ?? []).reduce((sum, part) => sum + encodedLength(part.bytes.length), 0)
  const head = bytes.slice(0, bytes.length - tail)
  heads.set(resource, head)
  return head
}

const encodedLength = (length: number): number => {
  let prefix = 1
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) prefix += 1
  return 1 + prefix + length
}
