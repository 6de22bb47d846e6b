import { castDraft, type Draft, freeze, isDraft, original } from 'immer'
import type { Stored, Trie, TrieLeaf } from '../model/mesh.ts'
import type { Kind, ResourceName } from '../model/resource.ts'
import { branchOf, byName, leafOf, slotOf, trieWidth, twigOf } from '../model/trie.ts'

type Row<T> = (T | null)[]
type Root = Row<Row<Row<TrieLeaf>>>

/** Puts `stored` into the draft of a trie, in place of what has its name. Leaves are replaced by frozen ones, never
 *  mutated, so that immer neither drafts the resources in them nor looks into them. */
export const shelve = <K extends Kind>(trie: Draft<Trie<K>>, stored: Stored<K>): void => {
  const { namespace, name } = stored.resource.metadata
  const slot = slotOf(namespace, name)
  const twig = child(child(trie as Root, branchOf(slot)), twigOf(slot))
  const leaf = undrafted(twig[leafOf(slot)])
  twig[leafOf(slot)] = freeze(leaf == null ? [stored] : withStored(leaf, stored), true)
}

const withStored = (leaf: TrieLeaf, stored: Stored): TrieLeaf => {
  const next: Stored[] = []
  let isPlaced = false
  for (const one of leaf) {
    const order = isPlaced ? 1 : byName(one, stored)
    if (order < 0) next.push(one)
    else {
      if (!isPlaced) next.push(stored)
      if (order > 0) next.push(one)
      isPlaced = true
    }
  }
  if (!isPlaced) next.push(stored)
  return next
}

/** Takes the resource called `name` out of the draft of a trie, with the branches that it leaves empty, so that
 *  removing undoes adding. Taking out what is not there is fine: registries repeat themselves. */
export const unshelve = <K extends Kind>(trie: Draft<Trie<K>>, name: ResourceName): void => {
  const root = trie as Root
  const slot = slotOf(name.namespace, name.name)
  const branch = root[branchOf(slot)]
  const twig = branch?.[twigOf(slot)]
  const leaf = undrafted(twig?.[leafOf(slot)])
  if (branch == null || twig == null || leaf == null) return
  const rest = leaf.filter((one) => !isCalled(one, name))
  if (rest.length === leaf.length) return
  twig[leafOf(slot)] = rest.length === 0 ? null : freeze(rest, true)
  if (rest.length > 0 || !isEmpty(twig)) return
  branch[twigOf(slot)] = null
  if (isEmpty(branch)) root[branchOf(slot)] = null
}

/** The leaf itself: whoever reads one of its resources from a draft makes a draft of that. */
const undrafted = (leaf: TrieLeaf | null | undefined): TrieLeaf | null | undefined =>
  isDraft(leaf) ? original(castDraft(leaf)) : leaf

const isCalled = ({ resource: { kind, metadata } }: Stored, name: ResourceName): boolean =>
  metadata.name === name.name && metadata.namespace === name.namespace && kind === name.kind

const isEmpty = (row: Row<unknown>): boolean => row.every((one) => one === null)

const child = <T>(row: Row<Row<T>>, index: number): Row<T> => {
  const found = row[index]
  if (found != null) return found
  row[index] = new Array<null>(trieWidth).fill(null)
  return row[index] as Row<T>
}
