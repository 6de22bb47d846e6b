import type { Protocol } from '../../model/service.ts'
import { envoyDuration } from '../envoyDuration.ts'
import type { JsonObject } from '../json.ts'
import { isHttp } from '../registry/servicePorts.ts'

/** What a policy says of a cluster's HTTP connections. */
export type ClusterHttp = {
  readonly maxRequestsPerConnection?: number
  readonly idleTimeoutMs?: number
  readonly maxConnectionMs?: number
  readonly maxConcurrentStreams?: number
  /** Whether a connection of HTTP/2 lives is asked every `intervalMs`; it has `timeoutMs` to answer. */
  readonly keepalive?: { readonly intervalMs: number; readonly timeoutMs: number }
  /** HTTP/2 also where the port says HTTP; or as the caller speaks. */
  readonly version?: 'http2' | 'callers'
  /** Statuses of answers that are errors, instead of 5xx, for outlier detection. */
  readonly errorStatuses?: readonly number[]
}

/** The HTTP options of a cluster by which a port of `protocol` is reached; nothing where Envoy's own do. With `tls` a
 *  port of HTTPS is HTTP within the proxy's own TLS. */
export const clusterHttpJson = (
  protocol: Protocol,
  http: ClusterHttp = plain,
  upstream: {
    readonly tls: boolean
    /** The authority is the name that TLS asks for and verifies; `asked`: that it asks for alone; `never`: neither, which
     *  Envoy must be told of a cluster whose host the authority names. */
    readonly namedByAuthority: boolean | 'asked' | 'never'
  } = { tls: false, namedByAuthority: false },
): JsonObject => {
  const http1 = protocol === 'HTTP' || (protocol === 'HTTPS' && upstream.tls)
  if (!isHttp(protocol) && !http1) return {}
  if (http1 && http === plain && upstream.namedByAuthority === false) return {}
  const common = commonJson(http)
  const standsAlone =
    Object.keys(common).length === 0 && http.version === undefined && http.errorStatuses === undefined
  if (http1 && standsAlone && upstream.namedByAuthority === false) return {}
  return {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        ...(Object.keys(common).length === 0 ? {} : { common_http_protocol_options: common }),
        // Envoy wants a cluster whose host the authority names to verify that name, with TLS or without.
        ...(upstream.namedByAuthority === false || upstream.namedByAuthority === 'never'
          ? {}
          : {
              upstream_http_protocol_options: {
                auto_sni: true,
                ...(upstream.namedByAuthority === 'asked' ? {} : { auto_san_validation: true }),
              },
            }),
        ...versionJson(http1, http),
        ...(http.errorStatuses === undefined
          ? {}
          : { outlier_detection: { error_matcher: statusMatcherJson(http.errorStatuses) } }),
      },
    },
  }
}

const plain: ClusterHttp = {}

const commonJson = (http: ClusterHttp): JsonObject => ({
  ...(http.maxRequestsPerConnection === undefined
    ? {}
    : { max_requests_per_connection: http.maxRequestsPerConnection }),
  ...(http.idleTimeoutMs === undefined ? {} : { idle_timeout: envoyDuration(http.idleTimeoutMs) }),
  ...(http.maxConnectionMs === undefined
    ? {}
    : { max_connection_duration: envoyDuration(http.maxConnectionMs) }),
})

const statusMatcherJson = (statuses: readonly number[]): JsonObject => ({
  http_response_headers_match: {
    headers: [{ name: ':status', string_match: { safe_regex: { regex: statuses.join('|') } } }],
  },
})

const versionJson = (http1: boolean, http: ClusterHttp): JsonObject => {
  const { version, maxConcurrentStreams, keepalive } = http
  const http2 = {
    ...(maxConcurrentStreams === undefined ? {} : { max_concurrent_streams: maxConcurrentStreams }),
    ...(keepalive === undefined
      ? {}
      : {
          connection_keepalive: {
            interval: envoyDuration(keepalive.intervalMs),
            timeout: envoyDuration(keepalive.timeoutMs),
          },
        }),
  }
  if (version === 'callers')
    return {
      use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: http2 },
    }
  return {
    explicit_http_config:
      http1 && version !== 'http2' ? { http_protocol_options: {} } : { http2_protocol_options: http2 },
  }
}
