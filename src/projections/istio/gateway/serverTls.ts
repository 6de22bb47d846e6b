import type { GatewayServer, ServerTls, TlsVersion } from '../../../model/istio/gateway.ts'
import { authoritiesOf } from '../../../model/secret.ts'
import { httpAlpn, secretOverAds } from '../../downstreamTls.ts'
import type { JsonObject } from '../../json.ts'
import { downstreamMutualTlsJson } from '../../mutualTls/mutualTlsJson.ts'
import { workloadSecretNames } from '../../mutualTls/workloadSecrets.ts'
import { isCipherSuite, isHash, isSpki } from './tlsTexts.ts'

/** The TLS that a server ends: Envoy's `transport_socket`, and the names of the secrets that it asks for. */
export type EndedTls = { readonly socket: JsonObject; readonly secrets: readonly string[] }

/** The TLS of `server` on a proxy in `namespace`, whose secrets `credentialName` means; `undefined` where nothing says
 *  which certificate it would show, or whose it would take. */
export const serverTls = (
  { tls = {} }: GatewayServer,
  { namespace, http }: { readonly namespace: string; readonly http: boolean },
): EndedTls | undefined => {
  if (tls.mode === 'ISTIO_MUTUAL') return { socket: downstreamMutualTlsJson(), secrets: workloadSecretNames }
  const credentials = credentialsOf(tls).map((name) => `${namespace}/${name}`)
  const shown = certificates(tls, credentials)
  if (shown === undefined) return undefined
  const asksClients = tls.mode === 'MUTUAL' || tls.mode === 'OPTIONAL_MUTUAL'
  const [first] = credentials
  // A certificate that nobody verifies would open the server to everybody.
  if (asksClients && first === undefined && tls.caCertificates === undefined) return undefined
  return {
    socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
        ...(tls.mode === 'MUTUAL' ? { require_client_certificate: true } : {}),
        common_tls_context: {
          ...shown,
          ...parameters(tls),
          ...(asksClients ? clients(tls, first) : {}),
          ...(http ? { alpn_protocols: httpAlpn } : {}),
        },
      },
    },
    secrets: [...credentials, ...(asksClients && first !== undefined ? [authoritiesOf(first)] : [])],
  }
}

/** Names of the secrets that `tls` shows, without their namespace. */
export const credentialsOf = ({ credentialName, credentialNames = [] }: ServerTls): readonly string[] =>
  credentialName === undefined ? credentialNames : [credentialName]

const certificates = (
  { serverCertificate, privateKey }: ServerTls,
  credentials: readonly string[],
): JsonObject | undefined => {
  if (credentials.length > 0) return { tls_certificate_sds_secret_configs: credentials.map(secretOverAds) }
  if (serverCertificate === undefined || privateKey === undefined) return undefined
  return {
    tls_certificates: [
      { certificate_chain: { filename: serverCertificate }, private_key: { filename: privateKey } },
    ],
  }
}

/** Whose certificates callers may show: of the authorities beside the secret, or in the file. */
const clients = (tls: ServerTls, secret: string | undefined): JsonObject => {
  const names = (tls.subjectAltNames ?? []).map((name) => ({
    san_type: name.includes('://') ? 'URI' : 'DNS',
    matcher: { exact: name },
  }))
  const spki = (tls.verifyCertificateSpki ?? []).filter(isSpki)
  const hashes = (tls.verifyCertificateHash ?? []).filter(isHash)
  const held = {
    ...(names.length === 0 ? {} : { match_typed_subject_alt_names: names }),
    ...(spki.length === 0 ? {} : { verify_certificate_spki: spki }),
    ...(hashes.length === 0 ? {} : { verify_certificate_hash: hashes }),
  }
  if (secret === undefined)
    return {
      validation_context: {
        ...(tls.caCertificates === undefined ? {} : { trusted_ca: { filename: tls.caCertificates } }),
        ...(tls.caCrl === undefined ? {} : { crl: { filename: tls.caCrl } }),
        ...held,
      },
    }
  const authorities = secretOverAds(authoritiesOf(secret))
  if (Object.keys(held).length === 0) return { validation_context_sds_secret_config: authorities }
  return {
    combined_validation_context: {
      default_validation_context: held,
      validation_context_sds_secret_config: authorities,
    },
  }
}

const versions: Readonly<Record<TlsVersion, string>> = {
  TLS_AUTO: 'TLS_AUTO',
  TLSV1_0: 'TLSv1_0',
  TLSV1_1: 'TLSv1_1',
  TLSV1_2: 'TLSv1_2',
  TLSV1_3: 'TLSv1_3',
}

const parameters = ({ minProtocolVersion, maxProtocolVersion, cipherSuites = [] }: ServerTls): JsonObject => {
  const ciphers = cipherSuites.filter(isCipherSuite)
  const tls_params = {
    ...(minProtocolVersion && { tls_minimum_protocol_version: versions[minProtocolVersion] }),
    ...(maxProtocolVersion && { tls_maximum_protocol_version: versions[maxProtocolVersion] }),
    ...(ciphers.length === 0 ? {} : { cipher_suites: ciphers }),
  }
  return Object.keys(tls_params).length === 0 ? {} : { tls_params }
}
