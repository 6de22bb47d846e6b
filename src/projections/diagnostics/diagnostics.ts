import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Kind, Resource } from '../../model/resource.ts'
import { egressRuleDiagnostics } from '../egress/egressRuleDiagnostics.ts'
import { ingressDiagnostics } from '../ingress/ingressDiagnostics.ts'
import { ingressRuleDiagnostics } from '../ingress/ingressRuleDiagnostics.ts'
import { destinationRuleDiagnostics } from '../istio/destinationRuleDiagnostics.ts'
import { gatewayDiagnostics } from '../istio/gateway/gatewayDiagnostics.ts'
import { serviceEntryDiagnostics } from '../istio/serviceEntryDiagnostics.ts'
import { virtualServiceDiagnostics } from '../istio/virtualServiceDiagnostics.ts'
import { workloadEntryDiagnostics } from '../istio/workloadEntryDiagnostics.ts'
import type { Registry } from '../registry/registry.ts'
import { envoyResourceDiagnostics } from './envoyResourceDiagnostics.ts'
import { instanceDiagnostics } from './instanceDiagnostics.ts'
import { meshSettingsDiagnostics } from './meshSettingsDiagnostics.ts'
import { policyDiagnostics } from './policyDiagnostics.ts'
import { routeRuleDiagnostics } from './routeRuleDiagnostics.ts'
import { serviceDiagnostics } from './serviceDiagnostics.ts'
import { sidecarDiagnostics } from './sidecarDiagnostics.ts'

type ByKind = {
  readonly [K in Kind]: (resource: Resource<K>, registry: Registry) => readonly Diagnostic[]
}

const byKind: ByKind = {
  Service: serviceDiagnostics,
  Instance: instanceDiagnostics,
  MeshSettings: meshSettingsDiagnostics,
  EnvoyResource: envoyResourceDiagnostics,
  RouteRule: routeRuleDiagnostics,
  DestinationPolicy: policyDiagnostics,
  IngressRule: ingressRuleDiagnostics,
  EgressRule: egressRuleDiagnostics,
  Ingress: ingressDiagnostics,
  Sidecar: sidecarDiagnostics,
  VirtualService: virtualServiceDiagnostics,
  DestinationRule: destinationRuleDiagnostics,
  ServiceEntry: serviceEntryDiagnostics,
  WorkloadEntry: workloadEntryDiagnostics,
  Gateway: gatewayDiagnostics,
}

/** What keeps `resource`, or a part of it, from having an effect in the mesh that `registry` stands at, in which it
 *  is. Codes are `RUT2xxx`, each with a page in docs/diagnostics; paths point into the resource. */
export const diagnosticsOf = <K extends Kind>(
  resource: Resource<K>,
  registry: Registry,
): readonly Diagnostic[] => (byKind[resource.kind as K] as ByKind[K])(resource, registry)
