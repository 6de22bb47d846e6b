import type { JsonObject } from '../json.ts'

const cacheConfig: JsonObject = {
  name: 'egress',
  dns_lookup_family: 'V4_PREFERRED',
}

const forwardByAuthorityName = 'envoy.filters.http.dynamic_forward_proxy'

const lookUpPortName = 'envoy.filters.http.set_filter_state'
const lookUpPortType = 'type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config'

/** The filters that look up the host of a request by DNS, for routes to a cluster of `clusterByAuthority`, at the port of
 *  `lookUpPortJson` where the authority names none; other requests pass them by. */
export const forwardByAuthorityFilters: readonly JsonObject[] = [
  { name: lookUpPortName, typed_config: { '@type': lookUpPortType } },
  {
    name: forwardByAuthorityName,
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig',
      dns_cache_config: cacheConfig,
      // Of what that may say the port alone is ever said.
      allow_dynamic_host_from_filter_state: true,
    },
  },
]

/** What tells the filters the port of a host whose authority names none; Envoy would take 80, and 443 over TLS. */
export const lookUpPortJson = (port: number): JsonObject => ({
  [lookUpPortName]: {
    '@type': lookUpPortType,
    on_request_headers: [
      {
        object_key: 'envoy.upstream.dynamic_port',
        format_string: { text_format_source: { inline_string: String(port) } },
      },
    ],
  },
})

/** What tells the filter that a route gives a request another authority: that is what it is to look up. */
export const rewrittenAuthorityJson = (authority: string): JsonObject => ({
  [forwardByAuthorityName]: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.dynamic_forward_proxy.v3.PerRouteConfig',
    host_rewrite_literal: authority,
  },
})

/** The network filter that looks up the name in a connection's TLS, at `port`, for a cluster of `clusterByAuthority`
 *  behind it. The listener must look into TLS; without a name the connection is closed. */
export const forwardByServerNameFilter = (port: number): JsonObject => ({
  name: 'envoy.filters.network.sni_dynamic_forward_proxy',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig',
    dns_cache_config: cacheConfig,
    port_value: port,
  },
})

/** The fields of a cluster whose endpoint is what a request's authority, or a connection's TLS, names: of a wildcard
 *  domain whose names the proxy looks up, or that has no address that the connection was going to, as behind an explicit
 *  proxy. `anyName`: the name that is verified is a policy's, and not the one asked for, which Envoy wants to be told. */
export const clusterByAuthority = ({ anyName }: { readonly anyName: boolean }): JsonObject => ({
  cluster_type: {
    name: 'envoy.clusters.dynamic_forward_proxy',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig',
      dns_cache_config: cacheConfig,
      ...(anyName ? { allow_insecure_cluster_options: true } : {}),
    },
  },
})
