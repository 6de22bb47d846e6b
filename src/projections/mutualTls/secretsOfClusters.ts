import type { ClusterPart } from '../views/slice.ts'
import { workloadSecretNames } from './workloadSecrets.ts'

/** Names of the secrets that `clusters` ask for, each once. */
export const secretsOfClusters = (clusters: Iterable<ClusterPart>): readonly string[] =>
  [...clusters].some(({ mutualTls }) => mutualTls) ? workloadSecretNames : []
