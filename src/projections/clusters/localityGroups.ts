import { byCodeUnit } from '../../model/resourceName.ts'
import { type LocalityShare, labelsAt } from '../istio/localityShare.ts'
import type { Endpoint } from '../registry/instanceEndpoints.ts'
import { isWithin, type Locality, partsOfLocality, sharedParts } from '../registry/locality.ts'

/** Endpoints of one locality that callers use alike: those of priority 0 before those of 1, groups of one priority by their
 *  weights. */
export type LocalityGroup = {
  readonly locality: Locality
  readonly priority: number
  readonly weight: number
  readonly members: readonly Endpoint[]
}

/** `endpoints`, in their order, by locality, sorted; as `share` says, or else all of priority 0. Weights are the sums of
 *  their endpoints', or what `share` gives to the locality, in thousandths of a percent. */
export const localityGroups = (
  endpoints: readonly Endpoint[],
  share: LocalityShare | undefined,
): readonly LocalityGroup[] => {
  const [first] = endpoints
  // Most services are in one place.
  if (
    first !== undefined &&
    share === undefined &&
    endpoints.every(({ locality }) => locality === first.locality)
  )
    return [{ locality: first.locality, priority: 0, weight: sumOf(endpoints), members: endpoints }]
  const groups = new Map<string, { locality: Locality; rank: number; weight: number; members: Endpoint[] }>()
  for (const endpoint of endpoints) {
    const { locality, weight } = endpoint
    const rank = rankOf(endpoint, share)
    const key = rank === 0 ? locality : `${rank} ${locality}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { locality, rank, weight, members: [endpoint] })
    else {
      group.members.push(endpoint)
      group.weight += weight
    }
  }
  const found = [...groups.values()].sort((a, b) => a.rank - b.rank || byCodeUnit(a.locality, b.locality))
  // Envoy wants priorities without a gap.
  const ranks = [...new Set(found.map(({ rank }) => rank))]
  const ranked = found.map(({ rank, ...group }) => ({ ...group, priority: ranks.indexOf(rank) }))
  return share?.kind === 'distribute' ? distributed(ranked, share.to) : ranked
}

const sumOf = (endpoints: readonly Endpoint[]): number => {
  let sum = 0
  for (const { weight } of endpoints) sum += weight
  return sum
}

const rankOf = ({ labels, locality }: Endpoint, share: LocalityShare | undefined): number => {
  if (share === undefined || share.kind === 'distribute') return 0
  if (share.kind === 'labels') {
    const its = labelsAt(labels, locality)
    const differing = share.labels.findIndex(({ key, value }) => its[key] !== value)
    return differing === -1 ? 0 : share.labels.length - differing
  }
  const shared = sharedParts(share.from, locality)
  if (shared > 0 || share.to === undefined) return 3 - shared
  return partsOfLocality(locality)[0] === share.to ? 3 : 4
}

/** Each locality is of the first pattern that takes it; of none, it gets nothing. */
const distributed = (
  groups: readonly LocalityGroup[],
  to: readonly (readonly [pattern: string, percent: number])[],
): readonly LocalityGroup[] => {
  const patternOf = ({ locality }: LocalityGroup) => to.find(([pattern]) => isWithin(locality, pattern))
  const sums = new Map<string, number>()
  for (const group of groups) {
    const pattern = patternOf(group)?.[0]
    if (pattern !== undefined) sums.set(pattern, (sums.get(pattern) ?? 0) + group.weight)
  }
  return groups.flatMap((group) => {
    const [pattern, percent] = patternOf(group) ?? ['', 0]
    if (percent === 0) return []
    const weight = Math.max(1, Math.round((percent * 1000 * group.weight) / (sums.get(pattern) ?? 1)))
    return [{ ...group, weight }]
  })
}
