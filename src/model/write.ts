import type { Diagnostic, Problem } from './diagnostic.ts'
import type { Position } from './entry.ts'
import type { Stored } from './mesh.ts'
import type { Origin, Resource, ResourceName } from './resource.ts'

/** One wish: this resource is to be as given, or to be gone. */
export type Change =
  | { readonly type: 'apply'; readonly resource: Resource; readonly origin?: Origin }
  | { readonly type: 'remove'; readonly name: ResourceName }

/** What one request wants; all of `changes` or none. */
export type WriteRequest = {
  readonly changes: readonly Change[]
  readonly actor: string
  readonly source: string
  /** Answers as the write would, and appends nothing. */
  readonly dryRun?: boolean
  /** Asked once per change with what stands there now; `false` refuses the request (HTTP's If-Match). */
  readonly precondition?: (stands: Stored | undefined) => boolean
}

/** Why a request left no event. */
export type Rejection =
  | { readonly _tag: 'NotFound'; readonly name: ResourceName }
  | { readonly _tag: 'PreconditionFailed'; readonly name: ResourceName }
  /** Two changes of one request, or two EnvoyResources of one inner name, claim the same thing. */
  | {
      readonly _tag: 'Clash'
      readonly name: ResourceName
      readonly message: string
      readonly origin?: Origin
    }
  | { readonly _tag: 'Invalid'; readonly problems: readonly Problem[] }
  | { readonly _tag: 'TooLarge'; readonly message: string }
  | { readonly _tag: 'Unavailable'; readonly message: string }

/** What a request did. `position` of an item is where its resource last changed, also when nothing changed now. */
export type Written = {
  readonly position: Position
  readonly items: readonly WrittenItem[]
}

export type WrittenItem = {
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'removed'
  /** The resource as it stands now; of a removal, as it stood. */
  readonly resource: Resource
  readonly position: Position
  readonly diagnostics: readonly Diagnostic[]
}
