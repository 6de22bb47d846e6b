import type { CertificateFileCheck } from '../../model/certificateFile.ts'
import type { Stored } from '../../model/mesh.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { SecretCheck } from '../../model/secret.ts'
import type { Difference } from '../../model/trieDifference.ts'
import type { IngressEntry } from '../ingress/ingressEntry.ts'
import type { IstioIndex } from '../istio/istioIndex.ts'
import type { Workload } from '../istio/workloadSelection.ts'
import type { CompiledPort, CompiledService } from './compiledService.ts'
import type { DomainClaims } from './domainClaims.ts'
import type { Endpoint } from './instanceEndpoints.ts'
import type { Multimap } from './multimap.ts'

/** Reverse indexes over a mesh, kept beside it and moved on by differences: what is asked per event is looked up,
 *  never searched for. */
export type Registry = {
  settings(): Required<MeshSettingsSpec>
  settingsPosition(): number
  /** The service that a hostname stands for; of several, the first claimant. */
  service(hostname: string): CompiledService | undefined
  /** All that claim a hostname, the winner first (`claimantsAmong`). */
  claimants(hostname: string): readonly CompiledService[]
  serviceNamed(key: string): CompiledService | undefined
  services(): Iterable<CompiledService>
  servicesIn(namespace: string): Iterable<CompiledService>
  /** Where connections to a port of a service go, unless their callers say; without an order. */
  endpointsOf(service: CompiledService, port: CompiledPort): readonly Endpoint[]
  /** Names that certificates of its workloads have (SPIFFE ids), each once, sorted. */
  identitiesOf(service: CompiledService): readonly string[]
  workloadsAt(ip: string): Iterable<Workload>
  /** Where a workload is called: the endpoints that it is, with the services that it is behind. */
  servedBy(workload: Workload): readonly Served[]
  /** Rules to a hostname, by precedence from high to low, then by key. */
  rulesTo(hostname: string): readonly Stored<'RouteRule'>[]
  /** Rules that hold for callers of a source hostname only. */
  rulesFrom(source: string): Iterable<Stored<'RouteRule'> | Stored<'DestinationPolicy'>>
  /** Policies for a hostname, by key. */
  policiesTo(hostname: string): readonly Stored<'DestinationPolicy'>[]
  /** Rules for a host of ingress proxies (`ingressHost`). */
  ingressRulesAt(host: string): readonly IngressEntry[]
  /** Rules of ingress proxies that lead to a hostname. */
  ingressRulesTo(hostname: string): Iterable<IngressEntry>
  ingressHosts(): Iterable<string>
  sidecarsIn(namespace: string): readonly Stored<'Sidecar'>[]
  envoyResources(): Iterable<Stored<'EnvoyResource'>>
  /** About what is no part of the mesh: for diagnostics only. */
  readonly secretProblem: SecretCheck
  readonly fileProblem: CertificateFileCheck
  readonly claims: DomainClaims
  /** Services by the connections that they want (`connectionClaims`). */
  readonly connectionClaims: Pick<Multimap<CompiledService>, 'get'>
  readonly istio: IstioIndex
}

/** A service that a workload is behind, and its endpoints there by the service's ports. */
export type Served = {
  readonly service: CompiledService
  readonly endpoints: readonly { readonly port: CompiledPort; readonly endpoint: Endpoint }[]
}

/** What a difference between two meshes touches. */
export type Touched = {
  /** Settings changed: everything is to be looked at again. */
  everything: boolean
  /** Hostnames whose service, rules or policies changed. */
  readonly hostnames: Set<string>
  /** Hosts with `*` of rules that changed; of services that there are the hostnames are among the others already. */
  readonly patterns: Set<string>
  /** Hostnames of which an instance came, changed or went. */
  readonly endpoints: Set<string>
  /** Addresses whose instances, or the services behind them, changed. */
  readonly ips: Set<string>
  /** Callers that a rule with a source names, before or after. */
  readonly sources: Set<string>
  /** Labels (`key=value`) of callers that a condition of a rule came for, or went. */
  readonly labelPairs: Set<string>
  /** Namespaces whose Sidecars changed. */
  readonly sidecars: Set<string>
  /** Hosts of ingress proxies whose rules changed. */
  readonly ingressHosts: Set<string>
  /** `namespace/name` of Gateways that changed. */
  readonly gateways: Set<string>
  /** VirtualServices bound to Gateways that changed, as they were and as they are, or what they delegate to did. */
  readonly gatewayRules: Set<Stored<'VirtualService'>>
  readonly envoyResources: Difference<'EnvoyResource'>[]
}

/** A touch of nothing, to be filled. */
export const nothingTouched = (): Touched => ({
  everything: false,
  hostnames: new Set(),
  patterns: new Set(),
  endpoints: new Set(),
  ips: new Set(),
  sources: new Set(),
  labelPairs: new Set(),
  sidecars: new Set(),
  ingressHosts: new Set(),
  gateways: new Set(),
  gatewayRules: new Set(),
  envoyResources: [],
})
