import type { XdsResource, XdsType } from './xds.ts'

/** A DiscoveryRequest or DeltaDiscoveryRequest, decoded (envoy/service/discovery/v3). */
export type XdsRequest = {
  /** As sent; empty on a single-type service that leaves it out. */
  readonly typeUrl: string
  /** Surely there on a stream's first request only. */
  readonly node?: { readonly id: string; readonly metadata: Readonly<Record<string, unknown>> }
  readonly nonce: string
  /** Present: the response with this nonce was refused. */
  readonly error?: { readonly code: number; readonly message: string }
  readonly body:
    | { readonly protocol: 'sotw'; readonly version: string; readonly names: readonly string[] }
    | {
        readonly protocol: 'delta'
        readonly subscribe: readonly string[]
        readonly unsubscribe: readonly string[]
        /** Versions that a client held before it reconnected, by name. */
        readonly initialVersions: ReadonlyMap<string, string>
      }
}

/** What to send on one stream. State of the world ignores `removed`. */
export type XdsResponse = {
  readonly type: XdsType
  readonly version: string
  readonly nonce: string
  readonly resources: readonly XdsResource[]
  readonly removed: readonly string[]
}
