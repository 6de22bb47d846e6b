import { hash } from 'node:crypto'
import { canonicalJson } from '../model/canonicalJson.ts'
import type { Mesh, Trie, TrieLeaf } from '../model/mesh.ts'
import type { Kind } from '../model/resource.ts'

/** The hex SHA-256 that stands for a mesh: equal meshes, equal hashes, on every controller. It is made of the hashes
 *  of the tries' nodes, which are remembered as long as the nodes live, so that a second one costs what has changed. */
export type MeshHasher = (mesh: Mesh) => string

export const createMeshHasher = (): MeshHasher => {
  const known = new WeakMap<object, string>()

  const remembered = <T extends object>(node: T, compute: (node: T) => string): string => {
    let found = known.get(node)
    if (found === undefined) {
      found = compute(node)
      known.set(node, found)
    }
    return found
  }

  // The records of a leaf are few; all of what the mesh says of them counts, so that nothing can differ unseen.
  const leafHash = (leaf: TrieLeaf): string => sha256(canonicalJson(leaf))

  const rowHash = <T extends object>(row: readonly (T | null)[], hashOf: (node: T) => string): string =>
    remembered(row, () => sha256(row.map((node) => (node === null ? '-' : hashOf(node))).join('\n')))

  const trieHash = <K extends Kind>(trie: Trie<K>): string =>
    rowHash(trie, (branch) => rowHash(branch, (twig) => rowHash(twig, (leaf) => remembered(leaf, leafHash))))

  return (mesh) =>
    remembered(mesh, ({ settings, services, instances, configs }) =>
      sha256(
        [canonicalJson(settings), trieHash(services), trieHash(instances), trieHash(configs)].join('\n'),
      ),
    )
}

const sha256 = (text: string): string => hash('sha256', text, 'hex')
