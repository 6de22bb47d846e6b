import type { Position } from '../model/entry.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { forEachType, type XdsResource, type XdsType } from '../model/xds.ts'
import type { OwnResources } from './ownResources.ts'
import type { View } from './views/view.ts'

/** One proxy and what makes up its configuration, its manifest: a view that it shares, the few resources that are
 *  its own, and raw EnvoyResources, which win over both. */
export type ProjectedProxy = {
  readonly identity: ProxyIdentity
  readonly metadata: ProxyMetadata
  /** False for a bare node. */
  readonly managed: boolean
  position(): Position
  names(type: XdsType): Iterable<string>
  get(type: XdsType, name: string): XdsResource | undefined
}

/** The parts of a proxy's manifest; replaced, never changed. */
export type Manifest = {
  readonly view: View | undefined
  readonly own: OwnResources
  readonly raw: OwnResources
  readonly labels: Readonly<Record<string, string>>
}

/** A proxy as the projector keeps it. */
export type ProxySlot = {
  readonly proxy: ProjectedProxy
  manifest: Manifest
  /** Hostnames under which rules can mean it as their source. */
  sources: readonly string[]
  namespace: string
  /** Inbound listeners that services and probes ask of a sidecar. */
  listensAt: ReadonlySet<string>
}

const none: ReadonlyMap<string, XdsResource> = new Map()

/** No resources of any type. */
export const noResources: OwnResources = forEachType(() => none)
