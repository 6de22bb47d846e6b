import type { Origin, Resource } from './resource.ts'

type Name = { readonly namespace: string; readonly name: string }
type ConfigKind =
  | 'EnvoyResource'
  | 'RouteRule'
  | 'DestinationPolicy'
  | 'IngressRule'
  | 'Ingress'
  | 'EgressRule'
  | 'Sidecar'
  | 'VirtualService'
  | 'DestinationRule'
  | 'ServiceEntry'
  | 'WorkloadEntry'
  | 'Gateway'

/** What happened to the mesh, in the past tense. `v` is the version of `data`'s shape. */
export type MeshEvent =
  | {
      readonly type: 'ServiceRegistered'
      readonly v: 1
      readonly data: { readonly resource: Resource<'Service'>; readonly origin?: Origin }
    }
  | { readonly type: 'ServiceRemoved'; readonly v: 1; readonly data: Name }
  | {
      readonly type: 'InstanceJoined'
      readonly v: 1
      readonly data: { readonly resource: Resource<'Instance'>; readonly origin?: Origin }
    }
  | { readonly type: 'InstanceLeft'; readonly v: 1; readonly data: Name }
  | {
      readonly type: 'ConfigApplied'
      readonly v: 1
      readonly data: { readonly resource: Resource<ConfigKind>; readonly origin?: Origin }
    }
  | { readonly type: 'ConfigRemoved'; readonly v: 1; readonly data: Name & { readonly kind: ConfigKind } }
  | {
      readonly type: 'MeshSettingsChanged'
      readonly v: 1
      /** `null`: the settings were removed, and the defaults hold again. */
      readonly data: { readonly resource: Resource<'MeshSettings'> | null; readonly origin?: Origin }
    }

/** An event with who, when and whence. `at` is RFC 3339 in UTC with milliseconds, never earlier than the event
 *  before it; `actor` is who asked, `source` the way in (`http`, `files/DIR`). */
export type Envelope = MeshEvent & {
  readonly id: string
  readonly at: string
  readonly actor: string
  readonly source: string
  readonly cause?: string
  readonly correlation?: string
}
