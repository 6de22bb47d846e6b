import type { ProxyIdentity, ProxyMetadata, ProxyType } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { Draw } from '../draw.ts'

/** Whom a client may ask, and where his connection then goes. */
export type Target = {
  readonly scheme: 'http' | 'https'
  /** Of the URL: a name, or an address. */
  readonly host: string
  readonly port: number
  /** What the name stands for. */
  readonly to: string
  /** `Host` headers that may be sent there. */
  readonly authorities: readonly string[]
  /** `INBOUND`: it comes from outside of the workload. */
  readonly direction?: 'INBOUND'
}

/** A proxy in a mesh, and what may be asked of it. */
export type World = {
  readonly proxy: ProxyIdentity
  readonly metadata: ProxyMetadata
  readonly resources: readonly Resource[]
  readonly targets: readonly Target[]
}

/** A world of about `size` services with rules. */
export type RandomWorld = (draw: Draw, size: number) => World

/** The workload whose proxy is asked; at the edge nobody's. */
export const ownAddress = '10.250.0.1'

/** A proxy of the namespace default. */
export const proxyOf = (type: ProxyType): ProxyIdentity => ({
  type,
  node: `${type}~${ownAddress}~own.default~default.svc.cluster.local`,
  ip: ownAddress,
  id: 'own.default',
  domain: 'default.svc.cluster.local',
})

/** The numbers from 0 to below `count`. */
export const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
