import type { JsonObject } from '../json.ts'
import { secretOverAds } from '../listeners/downstreamTls.ts'

/** The TLS that a proxy adds to connections of a cluster. */
export type UpstreamTls = {
  /** The server that is asked for. Absent: of HTTP the request's authority, else none. */
  readonly serverName?: string
  /** Whose certificates are trusted; absent: nothing is verified. */
  readonly trusted?: Trusted
  /** Names of which the certificate has one; none: the server's that is asked for. */
  readonly names: readonly string[]
  /** The proxy's own certificate: of a secret, or as files on its machine. */
  readonly certificate?:
    | { readonly secret: string }
    | { readonly secret?: undefined; readonly chainPath: string; readonly keyPath: string }
}

/** Authorities of a secret, or as a file on the proxy's machine, with what they have revoked. */
export type Trusted =
  | { readonly secret: string }
  | { readonly secret?: undefined; readonly caPath: string; readonly revokedPath?: string }

/** Names of the secrets that `tls` asks for, each once. */
export const secretsOfTls = ({ certificate, trusted }: UpstreamTls): readonly string[] =>
  [certificate?.secret, trusted?.secret].filter((name) => name !== undefined)

/** Envoy's `transport_socket` for `tls`. Until a secret that it asks for is there, connections fail. */
export const upstreamTlsJson = (tls: UpstreamTls): JsonObject => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    ...(tls.serverName === undefined ? {} : { sni: tls.serverName }),
    common_tls_context: { ...certificateJson(tls), ...validationJson(tls) },
  },
})

const certificateJson = ({ certificate }: UpstreamTls): JsonObject => {
  if (certificate === undefined) return {}
  if (certificate.secret !== undefined)
    return { tls_certificate_sds_secret_configs: [secretOverAds(certificate.secret)] }
  const { chainPath, keyPath } = certificate
  return {
    tls_certificates: [{ certificate_chain: { filename: chainPath }, private_key: { filename: keyPath } }],
  }
}

const validationJson = ({ serverName, trusted, names }: UpstreamTls): JsonObject => {
  if (trusted === undefined) return {}
  const expected = namesJson(names.length > 0 || serverName === undefined ? names : [serverName])
  if (trusted.secret === undefined) {
    const { caPath, revokedPath } = trusted
    const crl = revokedPath === undefined ? {} : { crl: { filename: revokedPath } }
    return { validation_context: { trusted_ca: { filename: caPath }, ...crl, ...expected } }
  }
  const ofSecret = { validation_context_sds_secret_config: secretOverAds(trusted.secret) }
  return Object.keys(expected).length === 0
    ? ofSecret
    : { combined_validation_context: { default_validation_context: expected, ...ofSecret } }
}

const namesJson = (names: readonly string[]): JsonObject =>
  names.length === 0
    ? {}
    : {
        match_typed_subject_alt_names: names.map((name) => ({
          san_type: name.includes('://') ? 'URI' : 'DNS',
          matcher: { exact: name },
        })),
      }
