import type { JsonObject } from '../json.ts'

const cacheConfig: JsonObject = {
  name: 'egress',
  dns_lookup_family: 'V4_PREFERRED',
}

/** The filter that looks up the host of a request by DNS, for routes to a cluster of `clusterByAuthority`; others pass
 *  it by. */
export const forwardByAuthorityFilter: JsonObject = {
  name: 'envoy.filters.http.dynamic_forward_proxy',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig',
    dns_cache_config: cacheConfig,
  },
}

/** The fields of a cluster whose endpoint is what a request's authority says: of a wildcard domain behind an explicit
 *  proxy, where there is no address that the connection was going to. */
export const clusterByAuthority: JsonObject = {
  cluster_type: {
    name: 'envoy.clusters.dynamic_forward_proxy',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig',
      dns_cache_config: cacheConfig,
    },
  },
}
