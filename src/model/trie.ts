import type { Stored, Trie, TrieLeaf } from './mesh.ts'
import type { Kind } from './resource.ts'
import { keyOf } from './resourceName.ts'

/** Children of every node of a trie; three levels make 32,768 leaves. */
export const trieWidth = 32

/** Where a key stands in a trie: an index for each of the three levels, from a 32-bit FNV-1a hash of the key. */
export type Slot = { readonly branch: number; readonly twig: number; readonly leaf: number }

/** The slot of `key`. Keys differ mostly in their last characters, which FNV-1a leaves in its low bits. */
export const slotOf = (key: string): Slot => {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 15
  return { branch: hash & 31, twig: (hash >>> 5) & 31, leaf: (hash >>> 10) & 31 }
}

/** A trie that holds nothing. */
export const emptyTrie = <K extends Kind>(): Trie<K> => new Array<null>(trieWidth).fill(null)

/** What stands under kind, namespace and name, if anything does. */
export const findIn = <K extends Kind>(
  trie: Trie<K>,
  kind: K,
  namespace: string,
  name: string,
): Stored<K> | undefined => {
  const slot = slotOf(keyOf({ kind, namespace, name }))
  const leaf = trie[slot.branch]?.[slot.twig]?.[slot.leaf]
  return leaf?.find(
    ({ resource: { kind: itsKind, metadata } }) =>
      metadata.name === name && metadata.namespace === namespace && itsKind === kind,
  )
}

/** Every resource of `trie`, in slot order: the same for equal tries, but not sorted. */
export function* valuesOf<K extends Kind>(trie: Trie<K>): Generator<Stored<K>> {
  for (const leaf of leavesOf(trie)) yield* leaf
}

/** Every leaf of `trie`, in slot order. */
export function* leavesOf<K extends Kind>(trie: Trie<K>): Generator<TrieLeaf<K>> {
  for (const branch of trie) {
    if (branch === null) continue
    for (const twig of branch) {
      if (twig === null) continue
      for (const leaf of twig) if (leaf !== null) yield leaf
    }
  }
}
