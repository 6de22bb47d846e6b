import { clusterPart } from './clusterPart.ts'
import { destinationsOf, type HttpRoute } from './httpRoute.ts'
import type { Registry } from './registry.ts'
import type { ClusterPart, SliceVariant } from './slice.ts'

/** The clusters that routes from outside lead to, each once, caused by the first that names it. */
export const clustersOf = (
  routes: Iterable<HttpRoute>,
  variant: SliceVariant,
  registry: Registry,
): readonly ClusterPart[] => {
  const clusters = new Map<string, ClusterPart>()
  for (const route of routes)
    for (const destination of destinationsOf(route))
      if (!clusters.has(destination.cluster))
        clusters.set(destination.cluster, clusterPart(destination, route.rule, variant, registry))
  return [...clusters.values()]
}
