import type { Stored } from '../../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import { subsetName } from './clusterName.ts'

/** The policy of a cluster with `labels`, out of those whose destination and source already match: its labels
 *  equal the cluster's exactly (a policy without labels is for the cluster without); of several the smallest key
 *  wins. `undefined` when there is none. */
export const policyFor = (
  policies: readonly Stored<'DestinationPolicy'>[],
  labels: Readonly<Record<string, string>>,
): Stored<'DestinationPolicy'> | undefined =>
  policies
    .filter(({ resource }) => subsetName(resource.spec.destination.labels) === subsetName(labels))
    .sort((a, b) => byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource))))[0]
