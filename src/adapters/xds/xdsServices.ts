import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import type { XdsType } from '../../model/xds.ts'

/** One method of a discovery service: what it serves, how, and under which name (envoy/service/…/v3). */
export type XdsMethod = {
  readonly service: 'ads' | XdsType
  readonly protocol: 'sotw' | 'delta'
  /** `/package.Service/Method`. */
  readonly path: string
}

const methods = (
  service: XdsMethod['service'],
  name: string,
  sotw: string,
  delta: string,
): readonly XdsMethod[] => [
  { service, protocol: 'sotw', path: `/envoy.service.${name}/${sotw}` },
  { service, protocol: 'delta', path: `/envoy.service.${name}/${delta}` },
]

/** The aggregated and the four single-type services, each in state of the world and delta. */
export const xdsMethods: readonly XdsMethod[] = [
  ...methods(
    'ads',
    'discovery.v3.AggregatedDiscoveryService',
    'StreamAggregatedResources',
    'DeltaAggregatedResources',
  ),
  ...methods('clusters', 'cluster.v3.ClusterDiscoveryService', 'StreamClusters', 'DeltaClusters'),
  ...methods('endpoints', 'endpoint.v3.EndpointDiscoveryService', 'StreamEndpoints', 'DeltaEndpoints'),
  ...methods('listeners', 'listener.v3.ListenerDiscoveryService', 'StreamListeners', 'DeltaListeners'),
  ...methods('routes', 'route.v3.RouteDiscoveryService', 'StreamRoutes', 'DeltaRoutes'),
]

const asItIs = (bytes: Buffer): Buffer => bytes

/** How gRPC calls `method`: messages pass through as bytes, in both directions. */
export const definitionOf = ({ path }: XdsMethod): MethodDefinition<Buffer, Buffer> => ({
  path,
  requestStream: true,
  responseStream: true,
  requestSerialize: asItIs,
  requestDeserialize: asItIs,
  responseSerialize: asItIs,
  responseDeserialize: asItIs,
})

/** All methods as one gRPC service definition, keyed by path. */
export const xdsServiceDefinition: ServiceDefinition = Object.fromEntries(
  xdsMethods.map((method) => [method.path, definitionOf(method)]),
)
