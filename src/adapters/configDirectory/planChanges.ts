import type { Mesh, Stored } from '../../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import { everyStoredIn, storedIn } from '../../model/storedIn.ts'
import type { Change } from '../../model/write.ts'
import type { Wanted, Wishes } from './wanted.ts'

/** What was applied from files so far, by key. */
export type Applied = ReadonlyMap<string, Wanted>

export type Plan = {
  /** Removals, then applications, each sorted by key. */
  readonly changes: readonly Change[]
  /** Resources of `source` that no file holds any more, and that stay because a file cannot be read. */
  readonly heldBack: number
  /** True when the directory wants nothing at all, and resources of `source` would all go. */
  readonly emptiesAll: boolean
}

/** What makes the mesh as the directory wants it. A resource is applied when the version of its file is another than
 *  was `applied`: what others wrote over an unchanged file stays. Removed is only what `source` itself put there;
 *  `ownsOnlyApplied` says that this can be nothing but what was applied, which spares a walk through the mesh. */
export const planChanges = (
  mesh: Mesh,
  { wanted, hasUnknown }: Wishes,
  { applied, ownsOnlyApplied }: { readonly applied: Applied; readonly ownsOnlyApplied: boolean },
  source: string,
): Plan => {
  const applications = [...wanted].filter(([key, { version }]) => applied.get(key)?.version !== version)
  const orphans = [...(ownsOnlyApplied ? stillIn(mesh, applied) : everyStoredIn(mesh))]
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

function* stillIn(mesh: Mesh, applied: Applied): Generator<Stored> {
  for (const { resource } of applied.values()) {
    const stands = storedIn(mesh, nameOf(resource))
    if (stands !== undefined) yield stands
  }
}
