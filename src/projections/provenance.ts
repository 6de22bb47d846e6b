import type { Position } from '../model/entry.ts'
import type { Kind, Resource } from '../model/resource.ts'
import { keyOf } from '../model/resourceName.ts'
import type { JsonObject } from './json.ts'

/** The resource that made a piece of Envoy configuration, and where the log last changed it. */
export type Provenance = {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly position: Position
}

/** Where what `stored` makes comes from. */
export const provenanceOf = ({
  resource,
  position,
}: {
  readonly resource: Pick<Resource, 'kind' | 'metadata'>
  readonly position: Position
}): Provenance => ({
  kind: resource.kind,
  namespace: resource.metadata.namespace,
  name: resource.metadata.name,
  position,
})

/** `RouteRule/default/reviews-v2`: how Envoy's metadata names a resource (contract §4). */
export const ruleText = (rule: Omit<Provenance, 'position'>): string => keyOf(rule)

/** Metadata of a route: rule and position. */
export const routeMetadata = (rule: Provenance): JsonObject => ({
  filter_metadata: { rutter: { rule: ruleText(rule), position: rule.position } },
})

/** Metadata of a cluster or listener: the rule alone, because Envoy replaces either, and closes its connections,
 *  when its metadata changes. */
export const resourceMetadata = (rule: Omit<Provenance, 'position'>): JsonObject => ({
  filter_metadata: { rutter: { rule: ruleText(rule) } },
})
