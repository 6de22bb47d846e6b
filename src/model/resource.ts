import type { DestinationPolicySpec } from './destinationPolicy.ts'
import type { EgressRuleSpec } from './egressRule.ts'
import type { EnvoyResourceSpec } from './envoyResource.ts'
import type { IngressRuleSpec } from './ingressRule.ts'
import type { InstanceSpec } from './instance.ts'
import type { DestinationRuleSpec } from './istio/destinationRule.ts'
import type { GatewaySpec } from './istio/gateway.ts'
import type { ServiceEntrySpec } from './istio/serviceEntry.ts'
import type { VirtualServiceSpec } from './istio/virtualService.ts'
import type { WorkloadEntrySpec } from './istio/workloadEntry.ts'
import type { KubernetesIngressSpec } from './kubernetesIngress.ts'
import type { MeshSettingsSpec } from './meshSettings.ts'
import type { RouteRuleSpec } from './routeRule.ts'
import type { ServiceSpec } from './service.ts'
import type { SidecarSpec } from './sidecar.ts'

/** Every kind of resource and the shape of its `spec`, as a user writes it (contract §2, §8). */
export type SpecByKind = {
  readonly Service: ServiceSpec
  readonly Instance: InstanceSpec
  readonly MeshSettings: MeshSettingsSpec
  readonly EnvoyResource: EnvoyResourceSpec
  readonly RouteRule: RouteRuleSpec
  readonly DestinationPolicy: DestinationPolicySpec
  readonly IngressRule: IngressRuleSpec
  readonly EgressRule: EgressRuleSpec
  readonly Ingress: KubernetesIngressSpec
  readonly Sidecar: SidecarSpec
  readonly VirtualService: VirtualServiceSpec
  readonly DestinationRule: DestinationRuleSpec
  readonly ServiceEntry: ServiceEntrySpec
  readonly WorkloadEntry: WorkloadEntrySpec
  readonly Gateway: GatewaySpec
}

export type Kind = keyof SpecByKind

/** Names a resource has; `namespace` is `default` where the user wrote none. */
export type Metadata = {
  readonly name: string
  readonly namespace: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** A resource in the Kubernetes envelope, decoded, its `spec` as the user wrote it. */
export type Resource<K extends Kind = Kind> = K extends Kind
  ? {
      readonly apiVersion: string
      readonly kind: K
      readonly metadata: Metadata
      readonly spec: SpecByKind[K]
    }
  : never

/** What names a resource in a mesh: kind, namespace and name together are unique. */
export type ResourceName = {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
}

/** The place in a user's file that a resource was read from; line from 1. */
export type Origin = { readonly file: string; readonly line: number }
