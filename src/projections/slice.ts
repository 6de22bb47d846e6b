import type { VirtualHostPart, XdsResource } from '../model/xds.ts'
import type { CompiledService } from './compiledService.ts'

/** How a proxy's outbound traffic reaches it: captured, sent to its explicit HTTP proxy, or not at all. */
export type CaptureMode = 'captured' | 'proxy' | 'none'

/** All that a slice depends on beside the registry: proxies alike in this share slices. */
export type SliceVariant = {
  readonly mode: CaptureMode
  /** Suffix that short names are cut from. */
  readonly domain: string
  /** Keys of the rules with a source that hold for the caller. */
  readonly sourceRules: ReadonlySet<string>
  /** Whether a service is in the caller's scope, and so may contend for a domain. */
  readonly inScope: (service: CompiledService) => boolean
}

/** A cluster, and which endpoints are in it. */
export type ClusterPart = {
  readonly resource: XdsResource
  readonly hostname: string
  readonly port: number
  readonly labels: Readonly<Record<string, string>>
  /** False: its endpoints are found by DNS. */
  readonly eds: boolean
}

/** What one service adds to the outbound configuration of those who see it alike. */
export type Slice = {
  readonly service: CompiledService
  /** Equal keys of one service mean equal slices, until the registry changes. */
  readonly variantKey: string
  /** Its own clusters, and those of other services that its rules name. */
  readonly clusters: readonly ClusterPart[]
  readonly virtualHosts: readonly { readonly table: string; readonly part: VirtualHostPart }[]
  /** Captured ports that are routed by connection. */
  readonly tcpListeners: readonly XdsResource[]
  /** Captured ports that are routed by request. */
  readonly httpPorts: readonly number[]
}
