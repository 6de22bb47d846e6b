import type { JsonObject } from '../json.ts'

/** The TLS that a proxy adds to connections of a cluster. */
export type UpstreamTls = {
  /** The server that is asked for. Absent: of HTTP the request's authority, else none. */
  readonly serverName?: string
  /** Whose certificates are trusted, as a file on the proxy's machine; absent: nothing is verified. */
  readonly trustedCaPath?: string
  readonly revokedPath?: string
  /** Names of which the certificate has one; none: the server's that is asked for. */
  readonly names: readonly string[]
  /** The proxy's own certificate, as files on its machine. */
  readonly certificate?: { readonly chainPath: string; readonly keyPath: string }
}

/** Envoy's `transport_socket` for `tls`. */
export const upstreamTlsJson = (tls: UpstreamTls): JsonObject => {
  const names = tls.names.length > 0 ? tls.names : tls.serverName === undefined ? [] : [tls.serverName]
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      ...(tls.serverName === undefined ? {} : { sni: tls.serverName }),
      common_tls_context: {
        ...(tls.certificate === undefined
          ? {}
          : {
              tls_certificates: [
                {
                  certificate_chain: { filename: tls.certificate.chainPath },
                  private_key: { filename: tls.certificate.keyPath },
                },
              ],
            }),
        ...(tls.trustedCaPath === undefined
          ? {}
          : {
              validation_context: {
                trusted_ca: { filename: tls.trustedCaPath },
                ...(tls.revokedPath === undefined ? {} : { crl: { filename: tls.revokedPath } }),
                ...(names.length === 0
                  ? {}
                  : {
                      match_typed_subject_alt_names: names.map((name) => ({
                        san_type: name.includes('://') ? 'URI' : 'DNS',
                        matcher: { exact: name },
                      })),
                    }),
              },
            }),
      },
    },
  }
}
