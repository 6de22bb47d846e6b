import type { Mesh } from '../../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import { everyStoredIn } from '../../model/storedIn.ts'
import type { Change } from '../../model/write.ts'
import type { Wishes } from './wanted.ts'

/** What was applied from files so far: the version of the file that each resource was last taken from, by key. */
export type Applied = ReadonlyMap<string, string>

export type Plan = {
  /** Removals, then applications, each sorted by key. */
  readonly changes: readonly Change[]
  /** Resources of `source` that no file holds any more, and that stay because a file cannot be read. */
  readonly heldBack: number
  /** True when the directory wants nothing at all, and resources of `source` would all go. */
  readonly emptiesAll: boolean
}

/** What makes the mesh as the directory wants it. A resource is applied when the version of its file is another than
 *  was `applied`: what others wrote over an unchanged file stays. Removed is only what `source` itself put there. */
export const planChanges = (
  mesh: Mesh,
  { wanted, hasUnknown }: Wishes,
  applied: Applied,
  source: string,
): Plan => {
  const applications = [...wanted].filter(([key, { version }]) => applied.get(key) !== version)
  const orphans = [...everyStoredIn(mesh)]
    .filter((stored) => stored.source === source)
    .map(({ resource }) => nameOf(resource))
    .filter((name) => !wanted.has(keyOf(name)))
  // What this process never read may be in the file that it cannot read.
  const removals = hasUnknown ? orphans.filter((name) => applied.has(keyOf(name))) : orphans
  return {
    changes: [
      ...removals
        .sort((a, b) => byCodeUnit(keyOf(a), keyOf(b)))
        .map((name): Change => ({ type: 'remove', name })),
      ...applications
        .sort(([a], [b]) => byCodeUnit(a, b))
        .map(([, { resource, origin }]): Change => ({ type: 'apply', resource, ...(origin && { origin }) })),
    ],
    heldBack: orphans.length - removals.length,
    emptiesAll: wanted.size === 0 && removals.length > 0,
  }
}
