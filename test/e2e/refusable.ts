import { typeUrlOf } from '../../src/model/xds.ts'
import type { JsonObject } from './bareResources.ts'

// What keeps to the limits that stand in Envoy's protos, so that only Envoy itself can refuse it.

/** A cluster with a smallest ring above its largest. */
export const refusableCluster = (name: string): JsonObject => ({
  '@type': typeUrlOf.clusters,
  name,
  type: 'EDS',
  eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
  connect_timeout: '1s',
  lb_policy: 'RING_HASH',
  ring_hash_lb_config: { minimum_ring_size: 2048, maximum_ring_size: 1024 },
})

/** Endpoints at a name, where Envoy takes addresses only. */
export const refusableEndpoints = (cluster: string): JsonObject => ({
  '@type': typeUrlOf.endpoints,
  cluster_name: cluster,
  endpoints: [
    {
      lb_endpoints: [
        { endpoint: { address: { socket_address: { address: 'no-address', port_value: 80 } } } },
      ],
    },
  ],
})

/** A listener on `port` of the loopback, which Envoy refuses when somebody else has that. */
export const refusableListener = (name: string, port: number): JsonObject => ({
  '@type': typeUrlOf.listeners,
  name,
  address: { socket_address: { address: '127.0.0.1', port_value: port } },
  filter_chains: [
    {
      filters: [
        {
          name: 'envoy.filters.network.tcp_proxy',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
            stat_prefix: name,
            cluster: 'outbound|9080||reviews.default.svc.cluster.local',
          },
        },
      ],
    },
  ],
})

/** Routes with one domain in two virtual hosts. */
export const refusableRoutes = (name: string): JsonObject => ({
  '@type': typeUrlOf.routes,
  name,
  virtual_hosts: ['one', 'two'].map((host) => ({ name: host, domains: ['reviews:9080'] })),
})
