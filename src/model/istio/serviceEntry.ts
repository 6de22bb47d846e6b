import type { WorkloadEntrySpec } from './workloadEntry.ts'
import type { WorkloadSelector } from './workloadSelector.ts'

export type IstioProtocol =
  | 'HTTP'
  | 'HTTPS'
  | 'GRPC'
  | 'GRPC-WEB'
  | 'HTTP2'
  | 'MONGO'
  | 'MYSQL'
  | 'REDIS'
  | 'TCP'
  | 'TLS'
  | 'UDP'

export type ServiceEntryPort = {
  readonly number: number
  readonly name: string
  /** Default by the prefix of `name`, else TCP. */
  readonly protocol?: IstioProtocol
  /** Where endpoints listen that do not say; default `number`. */
  readonly targetPort?: number
}

/** Istio's ServiceEntry (networking.istio.io): services that no registry knows. */
export type ServiceEntrySpec = {
  readonly hosts: readonly string[]
  /** Virtual IPs, or subnets. */
  readonly addresses?: readonly string[]
  readonly ports?: readonly ServiceEntryPort[]
  readonly location?: 'MESH_EXTERNAL' | 'MESH_INTERNAL'
  /** Default NONE: connections go where the caller wants them. DYNAMIC_DNS: to what DNS says of the name asked for. */
  readonly resolution?: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS'
  readonly endpoints?: readonly WorkloadEntrySpec[]
  readonly workloadSelector?: WorkloadSelector
  readonly exportTo?: readonly string[]
  readonly subjectAltNames?: readonly string[]
}
