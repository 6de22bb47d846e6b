import type { ConfigKind, Mesh, Stored } from './mesh.ts'
import type { Kind, ResourceName } from './resource.ts'
import { byCodeUnit, keyOf, nameOf } from './resourceName.ts'
import { findIn, valuesOf } from './trie.ts'

/** What stands under `name` in `mesh`, of whatever kind. */
export const storedIn = (mesh: Mesh, { kind, namespace, name }: ResourceName): Stored | undefined => {
  switch (kind) {
    case 'Service':
      return findIn(mesh.services, kind, namespace, name)
    case 'Instance':
      return findIn(mesh.instances, kind, namespace, name)
    case 'MeshSettings':
      return settingsOf(mesh).find(
        ({ resource: { metadata } }) => metadata.name === name && metadata.namespace === namespace,
      )
    default:
      return findIn(mesh.configs, kind as ConfigKind, namespace, name)
  }
}

/** Everything in `mesh`, or everything of one kind and one namespace, sorted by kind, namespace and name. */
export const allStoredIn = (mesh: Mesh, kind?: Kind, namespace?: string): Stored[] => {
  const found: { readonly key: string; readonly stored: Stored }[] = []
  for (const stored of everyStoredIn(mesh, kind)) {
    const name = nameOf(stored.resource)
    if (kind !== undefined && name.kind !== kind) continue
    if (namespace !== undefined && name.namespace !== namespace) continue
    found.push({ key: keyOf(name), stored })
  }
  return found.sort((a, b) => byCodeUnit(a.key, b.key)).map(({ stored }) => stored)
}

/** Everything in `mesh` (of a kind at least that kind), unsorted and without building a list. */
export function* everyStoredIn(mesh: Mesh, kind?: Kind): Generator<Stored> {
  if (kind === undefined || kind === 'Service') yield* valuesOf(mesh.services)
  if (kind === undefined || kind === 'Instance') yield* valuesOf(mesh.instances)
  if (kind === undefined || kind === 'MeshSettings') yield* settingsOf(mesh)
  if (kind !== 'Service' && kind !== 'Instance' && kind !== 'MeshSettings') yield* valuesOf(mesh.configs)
}

const settingsOf = (mesh: Mesh): readonly Stored[] =>
  mesh.settings === null ? [] : [mesh.settings as Stored]
