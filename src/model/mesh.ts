import type { Position } from './entry.ts'
import type { Kind, Origin, Resource } from './resource.ts'

/** A resource in the mesh: with the position at which it last changed, and who put it there. */
export type Stored<K extends Kind = Kind> = {
  readonly resource: Resource<K>
  readonly position: Position
  /** `source` of the event that put it there (`http`, `files/DIR`). */
  readonly source: string
  readonly origin?: Origin
}

/** 32 × 32 × 32 leaves, chosen by a hash of the resource's key; an absent branch is `null`, a leaf is sorted by key.
 *  Three levels, because one change then copies some 100 references whatever the size of the mesh. */
export type Trie<K extends Kind = Kind> = readonly (TrieBranch<K> | null)[]
export type TrieBranch<K extends Kind = Kind> = readonly (TrieTwig<K> | null)[]
export type TrieTwig<K extends Kind = Kind> = readonly (TrieLeaf<K> | null)[]
export type TrieLeaf<K extends Kind = Kind> = readonly Stored<K>[]

export type ConfigKind = Exclude<Kind, 'Service' | 'Instance' | 'MeshSettings'>

/** Version of the shape of `Mesh` and of what it holds. Raise it with every change to these: checkpoints of another
 *  version are passed over. */
export const meshShapeVersion = 2

/** All that the log says, folded. Plain JSON, frozen. */
export type Mesh = {
  readonly settings: Stored<'MeshSettings'> | null
  readonly services: Trie<'Service'>
  readonly instances: Trie<'Instance'>
  readonly configs: Trie<ConfigKind>
}

/** A mesh and the position it was folded up to. Same position, same mesh, on every controller. */
export type Snapshot = { readonly position: Position; readonly mesh: Mesh; readonly at: string }
