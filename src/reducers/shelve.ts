import type { Draft } from 'immer'
import type { Stored, Trie, TrieLeaf } from '../model/mesh.ts'
import type { Kind } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import { slotOf, trieWidth } from '../model/trie.ts'

type Name = { readonly kind: Kind; readonly namespace: string; readonly name: string }
type Row<T> = (T | null)[]

/** Puts `stored` into the draft of a trie, in place of what has its name. Leaves are replaced, never mutated, so
 *  that immer need not draft the resources in them. */
export const shelve = <K extends Kind>(trie: Draft<Trie<K>>, stored: Stored<K>): void => {
  const key = keyOf(nameOf(stored.resource))
  const slot = slotOf(key)
  const twig = child(child(trie as Row<Row<Row<TrieLeaf>>>, slot.branch), slot.twig)
  const others = (twig[slot.leaf] ?? []).filter((one) => keyOf(nameOf(one.resource)) !== key)
  twig[slot.leaf] = [...others, stored].sort((a, b) =>
    byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource))),
  )
}

/** Takes the resource called `name` out of the draft of a trie, with the branches that it leaves empty, so that
 *  removing undoes adding. Taking out what is not there is fine: registries repeat themselves. */
export const unshelve = <K extends Kind>(trie: Draft<Trie<K>>, name: Name): void => {
  const key = keyOf(name)
  const slot = slotOf(key)
  const root = trie as Row<Row<Row<TrieLeaf>>>
  const branch = root[slot.branch]
  const twig = branch?.[slot.twig]
  const leaf = twig?.[slot.leaf]
  if (branch == null || twig == null || leaf == null) return
  const rest = leaf.filter((one) => keyOf(nameOf(one.resource)) !== key)
  if (rest.length === leaf.length) return
  twig[slot.leaf] = rest.length === 0 ? null : rest
  if (rest.length > 0 || !isEmpty(twig)) return
  branch[slot.twig] = null
  if (isEmpty(branch)) root[slot.branch] = null
}

const isEmpty = (row: Row<unknown>): boolean => row.every((one) => one === null)

const child = <T>(row: Row<Row<T>>, index: number): Row<T> => {
  const found = row[index]
  if (found != null) return found
  row[index] = new Array<null>(trieWidth).fill(null)
  return row[index] as Row<T>
}
