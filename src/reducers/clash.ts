import type { ProxySelector } from '../model/envoyResource.ts'
import type { Mesh } from '../model/mesh.ts'
import type { Resource } from '../model/resource.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import { valuesOf } from '../model/trie.ts'

/** Why `resource` cannot stand beside what is in `mesh`, or `undefined`: MeshSettings are the only ones of their
 *  mesh, and two EnvoyResources of one type and inner name need provably different proxies (contract §2). */
export const clashOf = (mesh: Mesh, resource: Resource): string | undefined => {
  if (resource.kind === 'MeshSettings') return settingsClash(mesh, resource)
  if (resource.kind === 'EnvoyResource') return envoyResourceClash(mesh, resource)
  return undefined
}

const settingsClash = (mesh: Mesh, resource: Resource<'MeshSettings'>): string | undefined => {
  const stands = mesh.settings?.resource
  if (stands === undefined || keyOf(nameOf(stands)) === keyOf(nameOf(resource))) return undefined
  return `a mesh has one MeshSettings, and ${keyOf(nameOf(stands))} is it`
}

const envoyResourceClash = (mesh: Mesh, resource: Resource<'EnvoyResource'>): string | undefined => {
  const type = resource.spec.resource['@type']
  const name = innerName(resource)
  for (const { resource: other } of valuesOf(mesh.configs)) {
    if (other.kind !== 'EnvoyResource' || keyOf(nameOf(other)) === keyOf(nameOf(resource))) continue
    if (other.spec.resource['@type'] !== type || innerName(other) !== name) continue
    if (apart(other.spec.proxies, resource.spec.proxies)) continue
    return `${keyOf(nameOf(other))} already gives proxies a ${type.slice(type.lastIndexOf('.') + 1)} named ${name}`
  }
  return undefined
}

/** The name that Envoy knows a raw resource by: `name`, or `cluster_name` of a ClusterLoadAssignment. */
export const innerName = ({ spec: { resource } }: Resource<'EnvoyResource'>): string =>
  String(resource['cluster_name'] ?? resource['clusterName'] ?? resource['name'] ?? '')

// Labels are never proof: a proxy may carry both sets. An id of a proxy tells its type.
const apart = (a: ProxySelector, b: ProxySelector): boolean => {
  if (a.ids !== undefined && b.ids !== undefined) return !a.ids.some((id) => b.ids?.includes(id))
  if (a.types !== undefined && b.types !== undefined) return !a.types.some((type) => b.types?.includes(type))
  return typesApart(a, b) || typesApart(b, a)
}

const typesApart = (withIds: ProxySelector, withTypes: ProxySelector): boolean =>
  withIds.ids !== undefined &&
  withTypes.types !== undefined &&
  withIds.ids.every((id) => !withTypes.types?.some((type) => id.startsWith(`${type}~`)))
