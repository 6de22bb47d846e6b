import type { ConfigKind, Mesh, Stored } from '../model/mesh.ts'
import type { ResourceName } from '../model/resource.ts'
import { findIn } from '../model/trie.ts'

/** What stands under `name` in `mesh`, of whatever kind. */
export const find = (mesh: Mesh, { kind, namespace, name }: ResourceName): Stored | undefined => {
  switch (kind) {
    case 'Service':
      return findIn(mesh.services, kind, namespace, name)
    case 'Instance':
      return findIn(mesh.instances, kind, namespace, name)
    case 'MeshSettings': {
      const metadata = mesh.settings?.resource.metadata
      return metadata?.name === name && metadata.namespace === namespace
        ? (mesh.settings as Stored)
        : undefined
    }
    default:
      return findIn(mesh.configs, kind as ConfigKind, namespace, name)
  }
}
