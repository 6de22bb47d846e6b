import type { XdsResource } from '../../model/xds.ts'
import type { Changes } from './changes.ts'
import type { PlaceClaim, Slice } from './slice.ts'
import type { View } from './view.ts'

/** The listener at a place: what the hosts of an egress, by owner, want of it. */
export type PlaceListener = Pick<PlaceClaim, 'address' | 'port' | 'bound'> & {
  readonly claims: Map<string, readonly PlaceClaim[]>
  resource: XdsResource | undefined
}

/** Puts what `slice` wants of listeners at places in place of what `before` wanted, and notes what that changes. */
export const putPlaces = (
  { places }: Pick<View, 'places'>,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  for (const { name } of before?.atPlaces ?? []) {
    const stands = places.get(name)
    stands?.claims.delete((before as Slice).owner)
    if (stands?.claims.size === 0) places.delete(name)
    if (stands !== undefined) stands.resource = undefined
    changes.listeners.add(name)
  }
  for (const claim of slice?.atPlaces ?? []) {
    const { name, address, port, bound } = claim
    const stands = places.get(name) ?? { address, port, bound, claims: new Map(), resource: undefined }
    const { owner } = slice as Slice
    stands.claims.set(owner, [...(stands.claims.get(owner) ?? []), claim])
    stands.resource = undefined
    places.set(name, stands)
    changes.listeners.add(name)
  }
}
