import { byCodeUnit, keyOf } from '../../model/resourceName.ts'
import { sameJson } from '../../model/sameJson.ts'
import type { Changes } from './changes.ts'
import type { ClusterPart, Slice } from './slice.ts'
import type { View } from './view.ts'

/** The forms of one cluster that slices bring, by version, and how many bring each. They differ only where there is no
 *  service of that name: then the smallest of the rules that lead there names it. */
export type ClusterUses = Map<string, { part: ClusterPart; uses: number }>

/** Puts the clusters of `slice` in place of those of `before`, and notes what that changes. */
export const putClusters = (
  view: View,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  // What both name is taken in before it is let go, so that it is never gone in between.
  for (const cluster of slice?.clusters ?? []) enterCluster(view, cluster, changes)
  for (const cluster of before?.clusters ?? []) leaveCluster(view, cluster, changes)
}

const enterCluster = (view: View, cluster: ClusterPart, changes: Changes): void => {
  const { name, version } = cluster.resource
  const stands = view.clusters.get(name)
  if (stands === undefined) return shown(view, name, cluster, changes)
  const uses: ClusterUses =
    view.clusterUses.get(name) ?? new Map([[stands.resource.version, { part: stands, uses: 1 }]])
  uses.set(version, { part: cluster, uses: (uses.get(version)?.uses ?? 0) + 1 })
  view.clusterUses.set(name, uses)
  shown(view, name, smallestOf(uses), changes)
}

/** Lets `view` show `cluster`, or nothing, under its name. */
const shown = (view: View, name: string, cluster: ClusterPart | undefined, changes: Changes): void => {
  const stands = view.clusters.get(name)
  if (stands?.resource.version !== cluster?.resource.version) changes.clusters.add(name)
  // A host that was found by DNS may have become a service of the mesh; the labels of a subset are not in its name.
  if ((stands?.eds ?? false) !== (cluster?.eds ?? false)) changes.endpoints.add(name)
  else if (stands !== undefined && cluster !== undefined && !sameEndpoints(stands, cluster)) {
    changes.endpoints.add(name)
    // Where its endpoints are told is told with it.
    changes.clusters.add(name)
  }
  if (cluster === undefined) view.clusters.delete(name)
  else view.clusters.set(name, cluster)
}

const smallestOf = (uses: ClusterUses): ClusterPart => {
  const [first, ...more] = [...uses.values()].map(({ part }) => part) as [ClusterPart, ...ClusterPart[]]
  return more.reduce((least, part) => (byCodeUnit(ruleOf(part), ruleOf(least)) < 0 ? part : least), first)
}

const ruleOf = ({ resource: { causes } }: ClusterPart): string => causes.map(keyOf).join(' ')

const sameEndpoints = (a: ClusterPart, b: ClusterPart): boolean =>
  a.namespace === b.namespace &&
  a.undefinedSubset === b.undefinedSubset &&
  (a.share === b.share || sameJson(a.share, b.share)) &&
  (a.labels === b.labels || sameJson(a.labels, b.labels))

const leaveCluster = (view: View, { resource: { name, version } }: ClusterPart, changes: Changes): void => {
  const uses = view.clusterUses.get(name)
  const its = uses?.get(version)
  if (uses === undefined || its === undefined) return shown(view, name, undefined, changes)
  if (its.uses > 1) its.uses -= 1
  else uses.delete(version)
  const [last, ...more] = uses.values()
  if (last?.uses === 1 && more.length === 0) view.clusterUses.delete(name)
  shown(view, name, smallestOf(uses), changes)
}
