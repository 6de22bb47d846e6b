import { type Json, textAt } from './json.ts'

/** What one proxy was given, in Envoy's canonical JSON with snake_case names. */
export type Emitted = {
  readonly listeners: readonly Json[]
  readonly routes: readonly Json[]
  readonly clusters: readonly Json[]
  /** True: clusters may also stand in the proxy's bootstrap, as a bare node's do. */
  readonly othersInBootstrap: boolean
}

const known = new WeakMap<readonly Json[], ReadonlyMap<string, Json>>()

/** The clusters by name; worked out once for each list. */
export const clustersByName = ({ clusters }: Emitted): ReadonlyMap<string, Json> => {
  const found =
    known.get(clusters) ?? new Map(clusters.map((cluster) => [textAt(cluster, 'name') ?? '', cluster]))
  known.set(clusters, found)
  return found
}
