import type { Resource } from '../model/resource.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import type { Converted, Loss } from './loss.ts'
import { toIstio } from './toIstio.ts'
import { toV1alpha2 } from './toV1alpha2.ts'

/** The dialects of rules. */
export const dialects = ['istio', 'v1alpha2'] as const
export type Dialect = (typeof dialects)[number]

/** `resources` in the words of `dialect`, in a mesh of this domain, and what is lost by that. `ingressNamespace`
 *  is that of the ingress proxies, whose secrets Gateways mean; without it secrets are lost. Requests land as before
 *  where nothing is lost, but for two things that neither dialect says: 2017 lets WebSockets through where a rule says
 *  so and Istio always does; Istio tries again by itself. */
export const convert = (
  resources: readonly Resource[],
  dialect: Dialect,
  domain: string,
  ingressNamespace?: string,
): Converted => {
  const made =
    dialect === 'istio'
      ? toIstio(resources, domain, ingressNamespace)
      : toV1alpha2(resources, domain, ingressNamespace)
  const kept = new Set(made.resources)
  const rewritten = resources.filter((resource) => !kept.has(resource))
  return { resources: made.resources, losses: once([...made.losses, ...rewritten.flatMap(lostMetadata)]) }
}

// One route stands at several hosts and ports: what it loses is told once.
const once = (losses: readonly Loss[]): readonly Loss[] => [
  ...new Map(
    losses.map((loss) => [`${keyOf(loss.resource)} ${loss.path} ${loss.message}`, loss] as const),
  ).values(),
]

// One document becomes several, or several become one: whose labels these would be nobody can say.
const lostMetadata = (resource: Resource): readonly Loss[] =>
  (['labels', 'annotations'] as const)
    .filter((key) => Object.keys(resource.metadata[key] ?? {}).length > 0)
    .map((key) => ({
      resource: nameOf(resource),
      path: `/metadata/${key}`,
      message: `${key} of a document are not carried over to those that take its place`,
    }))
