import type { Kind, SpecByKind } from '../../model/resource.ts'
import type { Codec } from '../shapes/codec.ts'
import { destinationPolicySpec } from './destinationPolicy.ts'
import { egressRuleSpec } from './egressRule.ts'
import { envoyResourceSpec } from './envoyResource.ts'
import { ingressRuleSpec } from './ingressRule.ts'
import { instanceSpec } from './instance.ts'
import { destinationRuleSpec } from './istio/destinationRule.ts'
import { gatewaySpec } from './istio/gateway.ts'
import { serviceEntrySpec, workloadEntrySpec } from './istio/serviceEntry.ts'
import { virtualServiceSpec } from './istio/virtualService.ts'
import { kubernetesIngressSpec } from './kubernetesIngress.ts'
import { meshSettingsSpec } from './meshSettings.ts'
import { routeRuleSpec } from './routeRule.ts'
import { serviceSpec } from './service.ts'
import { sidecarSpec } from './sidecar.ts'

/** The codec of each kind's spec. */
export const specCodecs: { readonly [K in Kind]: Codec<SpecByKind[K]> } = {
  Service: serviceSpec,
  Instance: instanceSpec,
  MeshSettings: meshSettingsSpec,
  EnvoyResource: envoyResourceSpec,
  RouteRule: routeRuleSpec,
  DestinationPolicy: destinationPolicySpec,
  IngressRule: ingressRuleSpec,
  EgressRule: egressRuleSpec,
  Ingress: kubernetesIngressSpec,
  Sidecar: sidecarSpec,
  VirtualService: virtualServiceSpec,
  DestinationRule: destinationRuleSpec,
  ServiceEntry: serviceEntrySpec,
  WorkloadEntry: workloadEntrySpec,
  Gateway: gatewaySpec,
}
