import type { Stored, Trie, TrieLeaf } from './mesh.ts'
import type { Kind } from './resource.ts'
import { trieWidth } from './trie.ts'

/** One resource that two tries hold differently; `before` or `after` is absent when it came or went. */
export type Difference<K extends Kind> = {
  readonly before: Stored<K> | undefined
  readonly after: Stored<K> | undefined
}

type Node<T> = readonly (T | null)[] | null | undefined

/** What changed from `before` to `after`, found along changed references only: some hundred comparisons for one
 *  change, whatever the size of the tries. */
export const trieDifference = <K extends Kind>(before: Trie<K>, after: Trie<K>): Difference<K>[] => {
  const found: Difference<K>[] = []
  eachChanged(before, after, (branchBefore, branchAfter) =>
    eachChanged(branchBefore, branchAfter, (twigBefore, twigAfter) =>
      eachChanged(twigBefore, twigAfter, (leafBefore, leafAfter) =>
        leafDifference(leafBefore ?? [], leafAfter ?? [], found),
      ),
    ),
  )
  return found
}

const eachChanged = <T>(
  before: Node<T>,
  after: Node<T>,
  visit: (before: T | null | undefined, after: T | null | undefined) => void,
): void => {
  if (before === after) return
  for (let i = 0; i < trieWidth; i += 1) {
    const [was, is] = [before?.[i], after?.[i]]
    if (was !== is && (was ?? null) !== (is ?? null)) visit(was, is)
  }
}

const leafDifference = <K extends Kind>(
  before: TrieLeaf<K>,
  after: TrieLeaf<K>,
  found: Difference<K>[],
): void => {
  for (const was of before) {
    const is = after.find((stored) => sameName(stored, was))
    if (is !== was) found.push({ before: was, after: is })
  }
  for (const is of after) {
    if (!before.some((stored) => sameName(stored, is))) found.push({ before: undefined, after: is })
  }
}

const sameName = (a: Stored, b: Stored): boolean =>
  a.resource.metadata.name === b.resource.metadata.name &&
  a.resource.metadata.namespace === b.resource.metadata.namespace &&
  a.resource.kind === b.resource.kind
