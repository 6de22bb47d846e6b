import type { VirtualHostPart, XdsResource } from '../../model/xds.ts'
import type { TcpPort } from '../connections/outboundTcpPorts.ts'
import type { LocalityShare } from '../istio/localityShare.ts'
import type { ConnectionChain } from '../listeners/connectionChain.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { Locality } from '../registry/locality.ts'
import type { Egress } from './egressPlaces.ts'
import type { Scope } from './scope.ts'

/** How the traffic that a proxy routes reaches it: captured, sent to its explicit HTTP proxy, from outside of the mesh
 *  by its own ports or those of Gateways, at the ports of every service (a router), or not at all. */
export type CaptureMode = 'captured' | 'proxy' | 'ingress' | 'gateway' | 'router' | 'none'

/** Where the listener of port 80 of an ingress proxy is bound; those of other ports are at the same address. */
export type IngressPlace = { readonly address: string; readonly port: number }

/** All that a slice depends on beside the registry: proxies alike in this share slices. */
export type SliceVariant = {
  readonly mode: CaptureMode
  /** Of an ingress proxy. */
  readonly place?: IngressPlace
  /** `namespace/name` of the Gateways that select it, sorted. */
  readonly gateways?: readonly string[]
  /** It takes IngressRules and Ingresses. */
  readonly ingressRules?: true
  /** Suffix that short names are cut from. */
  readonly domain: string
  /** The caller's. */
  readonly namespace: string
  /** Where the caller is. */
  readonly locality: Locality
  /** Keys of the rules with a source, and of conditions on labels (`labelsKey`), that hold for the caller. */
  readonly sourceRules: ReadonlySet<string>
  /** The service that a hostname means to the caller, in its scope or not. */
  readonly meant: (hostname: string) => CompiledService | undefined
  /** Whether a service's port is in the caller's scope, or in that of a place, and so may contend for a domain. */
  readonly inScope: (service: CompiledService, port: number, scope?: Scope) => boolean
  /** Present: what its callers reach without a place, and at which places they reach what else they reach. */
  readonly apart?: Egress['apart']
}

/** A cluster, and which endpoints are in it. */
export type ClusterPart = {
  readonly resource: XdsResource
  readonly hostname: string
  /** Of the service that the hostname means to its callers; '' where there is none. */
  readonly namespace: string
  readonly port: number
  readonly labels: Readonly<Record<string, string>>
  /** How its callers share out what is in several places. */
  readonly share?: LocalityShare
  /** It is of a subset that nobody defines, and has no endpoints. */
  readonly undefinedSubset?: true
  /** Names of the secrets that it asks for. */
  readonly secrets?: readonly string[]
  /** It stands for many hosts, which are looked up by filters in front of it. */
  readonly byAuthority?: true
  /** False: its endpoints are found by DNS. */
  readonly eds: boolean
}

/** What a service adds to the listener at a place. */
export type PlaceClaim = {
  /** The listener's, and its route configuration's. */
  readonly name: string
  readonly address: string
  readonly port: number
  readonly bound: boolean
  /** Present where it is called by request; true: some requests go where their authority says. */
  readonly byAuthority?: boolean
  /** Connections that are not routed by request. */
  readonly chains: readonly ConnectionChain[]
}

/** What one service, or one host of an ingress, adds to the configuration of those who see it alike. */
export type Slice = {
  /** Key of the service, or the host: of several that want one listener the smallest has it. */
  readonly owner: string
  /** Equal keys of one service mean equal slices, until the registry changes. */
  readonly variantKey: string
  /** Its own clusters, and those of other services that rules lead to. */
  readonly clusters: readonly ClusterPart[]
  readonly virtualHosts: readonly { readonly table: string; readonly part: VirtualHostPart }[]
  /** Ports that are routed by connection. */
  readonly tcpPorts: readonly TcpPort[]
  /** Ports that are routed by request. */
  readonly httpPorts: readonly number[]
  /** Those of them of which some requests go where their authority says. */
  readonly portsByAuthority?: readonly number[]
  /** What it adds to the listeners at places; of several of one name all. */
  readonly atPlaces?: readonly PlaceClaim[]
  /** Route configurations that its listeners name, whether or not anything is in them. */
  readonly tables?: readonly string[]
  /** Of an ingress: the certificate of the host on a port with TLS. */
  readonly portSecrets?: ReadonlyMap<number, string>
  /** Names of secrets that listeners made of it ask for, each once. What its clusters ask for follows from them. */
  readonly secrets?: readonly string[]
}
