import type { Stored, Trie, TrieLeaf } from './mesh.ts'
import type { Kind } from './resource.ts'
import { byCodeUnit } from './resourceName.ts'

/** Children of every node of a trie; three levels make 32,768 leaves. */
export const trieWidth = 32

/** Where a name stands in a trie, 15 bits: five for each of the levels, from a 32-bit FNV-1a hash of the name. The
 *  kind does not count; leaves tell kinds apart. Names differ mostly at their end, which FNV-1a leaves in its low bits. */
export const slotOf = (namespace: string, name: string): number => {
  const hash = hashOn(name, Math.imul(hashOn(namespace, 0x811c9dc5) ^ 0x2f, 0x01000193))
  return (hash ^ (hash >>> 15)) & 0x7fff
}

const hashOn = (text: string, start: number): number => {
  let hash = start
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/** The index of a slot in the root, in a branch and in a twig. */
export const branchOf = (slot: number): number => slot & 31
export const twigOf = (slot: number): number => (slot >>> 5) & 31
export const leafOf = (slot: number): number => slot >>> 10

/** Order of resources in a leaf: by name, namespace, kind. */
export const byName = (a: Stored, b: Stored): number => {
  const one = a.resource.metadata
  const other = b.resource.metadata
  if (one.name !== other.name) return one.name < other.name ? -1 : 1
  if (one.namespace !== other.namespace) return one.namespace < other.namespace ? -1 : 1
  return byCodeUnit(a.resource.kind, b.resource.kind)
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
  const slot = slotOf(namespace, name)
  const leaf = trie[branchOf(slot)]?.[twigOf(slot)]?.[leafOf(slot)]
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
