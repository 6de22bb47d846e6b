import type { JsonObject } from '../json.ts'

/** The TLS that a proxy ends on a listener, and asks callers for no certificate. */
export type DownstreamTls = {
  /** Name of a secret, `<namespace>/<name>`. */
  readonly secret: string
  readonly alpn: readonly string[]
}

/** What speaks HTTP over TLS, the better first. */
export const httpAlpn = ['h2', 'http/1.1'] as const

/** Envoy's `transport_socket` for `tls`; the secrets come over ADS. */
export const downstreamTlsJson = ({ secret, alpn }: DownstreamTls): JsonObject => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    common_tls_context: {
      tls_certificate_sds_secret_configs: [secretOverAds(secret)],
      ...(alpn.length === 0 ? {} : { alpn_protocols: alpn }),
    },
  },
})

/** Where Envoy gets the secret `name`. A listener or cluster does not wait longer for one that is not there: others are
 *  to be served, and what needs this one as soon as it comes; until then its connections fail. */
export const secretOverAds = (name: string): JsonObject => ({
  name,
  sds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '2s' },
})

/** The listener filter that reads which server a TLS connection is for. */
export const tlsInspector: JsonObject = {
  name: 'envoy.filters.listener.tls_inspector',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
  },
}
