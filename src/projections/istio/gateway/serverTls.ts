import type { ServerTls, TlsVersion } from '../../../model/istio/serverTls.ts'
import type { JsonObject } from '../../json.ts'
import type { ClientCertificateHeader } from '../../listeners/clientCertificateHeader.ts'
import { httpAlpn, secretOverAds } from '../../listeners/downstreamTls.ts'
import { downstreamMutualTlsJson } from '../../mutualTls/mutualTlsJson.ts'
import { workloadSecretNames } from '../../mutualTls/workloadSecrets.ts'
import { asksCallers, authoritiesFor, callersJson } from './callersTls.ts'
import { curvesNamed, isCipherSuite } from './tlsTexts.ts'

/** The TLS that a server ends: Envoy's `transport_socket`, and the names of the secrets that it asks for. */
export type EndedTls = {
  readonly socket: JsonObject
  readonly secrets: readonly string[]
  /** What its application learns of callers' certificates; absent where they are not asked for any. */
  readonly callers?: ClientCertificateHeader
}

/** `tls` on a proxy in `namespace`, whose secrets `credentialName` means; `undefined` where nothing says which
 *  certificate it would show, or whose it would take. */
export const serverTls = (
  tls: ServerTls,
  { namespace, http }: { readonly namespace: string; readonly http: boolean },
): EndedTls | undefined => {
  if (tls.mode === 'ISTIO_MUTUAL')
    return { socket: downstreamMutualTlsJson(), secrets: workloadSecretNames, callers: 'caller' }
  const credentials = credentialsOf(tls).map((name) => `${namespace}/${name}`)
  const shown = certificates(tls, credentials)
  const authorities = asksCallers(tls) ? authoritiesFor(tls, namespace) : undefined
  // A certificate that nobody verifies would open the server to everybody.
  if (shown === undefined || (asksCallers(tls) && authorities === undefined)) return undefined
  return {
    socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
        ...(tls.mode === 'MUTUAL' ? { require_client_certificate: true } : {}),
        common_tls_context: {
          ...shown,
          ...parameters(tls),
          ...(authorities === undefined ? {} : callersJson(tls, authorities)),
          ...offered(tls, http),
        },
      },
    },
    secrets: [...credentials, ...(authorities?.secret === undefined ? [] : [authorities.secret])],
    ...(authorities && { callers: tls.insecureSkipVerify === true ? 'unverified' : 'caller' }),
  }
}

/** Names of the secrets that `tls` shows, without their namespace. */
export const credentialsOf = ({ credentialName, credentialNames = [] }: ServerTls): readonly string[] =>
  credentialName === undefined ? credentialNames : [credentialName]

/** The certificates in files that `tls` names, with their keys; where it names secrets, those go first. */
export const certificateFilesOf = ({ serverCertificate, privateKey, tlsCertificates }: ServerTls) =>
  tlsCertificates ??
  (serverCertificate === undefined || privateKey === undefined ? [] : [{ serverCertificate, privateKey }])

const certificates = (tls: ServerTls, credentials: readonly string[]): JsonObject | undefined => {
  if (credentials.length > 0) return { tls_certificate_sds_secret_configs: credentials.map(secretOverAds) }
  const files = certificateFilesOf(tls)
  if (files.length === 0) return undefined
  return {
    tls_certificates: files.map(({ serverCertificate, privateKey }) => ({
      certificate_chain: { filename: serverCertificate },
      private_key: { filename: privateKey },
    })),
  }
}

const offered = ({ alpnProtocols = [] }: ServerTls, http: boolean): JsonObject => {
  if (alpnProtocols.length > 0) return { alpn_protocols: alpnProtocols }
  return http ? { alpn_protocols: httpAlpn } : {}
}

const versions: Readonly<Record<TlsVersion, string>> = {
  TLS_AUTO: 'TLS_AUTO',
  TLSV1_0: 'TLSv1_0',
  TLSV1_1: 'TLSv1_1',
  TLSV1_2: 'TLSv1_2',
  TLSV1_3: 'TLSv1_3',
}

const parameters = (tls: ServerTls): JsonObject => {
  const { minProtocolVersion, maxProtocolVersion, cipherSuites = [], ecdhCurves = [] } = tls
  const ciphers = cipherSuites.filter(isCipherSuite)
  const curves = curvesNamed(ecdhCurves)
  const tls_params = {
    ...(minProtocolVersion && { tls_minimum_protocol_version: versions[minProtocolVersion] }),
    ...(maxProtocolVersion && { tls_maximum_protocol_version: versions[maxProtocolVersion] }),
    ...(ciphers.length === 0 ? {} : { cipher_suites: ciphers }),
    ...(curves.length === 0 ? {} : { ecdh_curves: curves }),
  }
  return Object.keys(tls_params).length === 0 ? {} : { tls_params }
}
