import type { Position } from './entry.ts'

/** The types that a configuration may bring, in the order in which Envoy must learn them. */
export const configurableTypes = ['clusters', 'endpoints', 'listeners', 'routes'] as const
export type ConfigurableType = (typeof configurableTypes)[number]

/** All types that Rutter serves. Secrets go over ADS only, and no configuration brings them: it would put keys into the
 *  log. */
export const xdsTypes = [...configurableTypes, 'secrets'] as const
export type XdsType = (typeof xdsTypes)[number]

/** One `make()` for each type. */
export const forEachType = <T>(make: () => T): Record<XdsType, T> => ({
  clusters: make(),
  endpoints: make(),
  listeners: make(),
  routes: make(),
  secrets: make(),
})

/** Envoy's type URLs (envoy/config/…/v3 and envoy/extensions/…/v3 of the Envoy API). */
export const typeUrlOf: Readonly<Record<XdsType, string>> = {
  clusters: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoints: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  listeners: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routes: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  secrets: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
}

/** The resource that stands behind a piece of configuration, to name the culprit of a NACK. */
export type Cause = {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly position: Position
}

/** One virtual host of a route configuration: the unit that is isolated when Envoy refuses routes. */
export type VirtualHostPart = {
  readonly name: string
  readonly version: string
  /** Encoded `envoy.config.route.v3.VirtualHost`. */
  readonly bytes: Uint8Array
  /** Clusters that its routes name; a proxy must have acknowledged them first. */
  readonly clusters: readonly string[]
  readonly causes: readonly Cause[]
}

/** One Envoy resource as a proxy should have it. Shared by every proxy that gets the same bytes. */
export type XdsResource = {
  readonly name: string
  /** Content hash; sent as the resource's version. */
  readonly version: string
  /** Encoded message, without its Any. For routes with `parts` these are spliced on demand. */
  readonly bytes: () => Uint8Array
  readonly causes: readonly Cause[]
  /** Present on generated route configurations: `bytes()` is `head` followed by the parts. */
  readonly parts?: readonly VirtualHostPart[]
  /** Goes with `parts`. */
  readonly head?: Uint8Array
  /** Clusters that must be acknowledged before this resource may be sent, and stay while it does. */
  readonly clusters?: readonly string[]
  /** Callers elsewhere may not know yet that it goes (inbound listeners): it stays for the grace period. */
  readonly lingers?: true
}
