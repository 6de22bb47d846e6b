import type { ClusterPart } from '../views/slice.ts'

/** Names of the secrets that `clusters` ask for, each once. */
export const secretsOfClusters = (clusters: Iterable<ClusterPart>): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const { secrets = [] } of clusters) for (const name of secrets) found.add(name)
  return found
}
