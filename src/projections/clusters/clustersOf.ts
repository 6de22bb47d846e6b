import type { Registry } from '../registry/registry.ts'
import { destinationsOf, type HttpRoute } from '../routes/httpRoute.ts'
import type { ClusterPart, SliceVariant } from '../views/slice.ts'
import { clusterPart } from './clusterPart.ts'

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
