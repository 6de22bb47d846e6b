import type { ServerTls } from '../../../model/istio/serverTls.ts'
import { authoritiesOf } from '../../../model/secret.ts'
import type { JsonObject } from '../../json.ts'
import { secretOverAds } from '../../listeners/downstreamTls.ts'
import { isHash, isSpki } from './tlsTexts.ts'

/** Whose signature callers' certificates must have: of the authorities in this secret, else in this file. */
export type Authorities = { readonly secret: string } | { readonly file: string; readonly secret?: undefined }

/** Whether callers are asked for a certificate of authorities that `tls` names. */
export const asksCallers = ({ mode }: ServerTls): boolean => mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL'

/** The authorities that `tls` means on a proxy in `namespace`: of their own secret, of the one beside the first
 *  certificate, or in a file. */
export const authoritiesFor = (tls: ServerTls, namespace: string): Authorities | undefined => {
  const { credentialName, credentialNames = [] } = tls
  const name = tls.caCertCredentialName ?? credentialName ?? credentialNames[0]
  if (name !== undefined) return { secret: authoritiesOf(`${namespace}/${name}`) }
  const file = authoritiesFile(tls)
  return file === undefined ? undefined : { file }
}

/** The file of authorities that counts where no secret does: the server's, else the first of a certificate. */
export const authoritiesFile = ({ caCertificates, tlsCertificates = [] }: ServerTls): string | undefined =>
  caCertificates ?? tlsCertificates.find((one) => one.caCertificates !== undefined)?.caCertificates

/** The fields of Envoy's `CommonTlsContext` that say which certificates callers may show. */
export const callersJson = (tls: ServerTls, authorities: Authorities): JsonObject => {
  const held = heldTo(tls)
  if (authorities.secret === undefined)
    return {
      validation_context: {
        trusted_ca: { filename: authorities.file },
        ...(tls.caCrl === undefined ? {} : { crl: { filename: tls.caCrl } }),
        ...held,
      },
    }
  const ofSecret = { validation_context_sds_secret_config: secretOverAds(authorities.secret) }
  return Object.keys(held).length === 0
    ? ofSecret
    : { combined_validation_context: { default_validation_context: held, ...ofSecret } }
}

/** A SHA-256 that no certificate has. */
const nobodysHash = '0'.repeat(64)

const heldTo = (tls: ServerTls): JsonObject => {
  const names = (tls.subjectAltNames ?? []).map((name) => ({
    san_type: name.includes('://') ? 'URI' : 'DNS',
    matcher: { exact: name },
  }))
  const spki = (tls.verifyCertificateSpki ?? []).filter(isSpki)
  const hashes = (tls.verifyCertificateHash ?? []).filter(isHash)
  const given = [...(tls.verifyCertificateSpki ?? []), ...(tls.verifyCertificateHash ?? [])]
  // Where nothing of it can be read, nobody is let in instead of everybody.
  if (given.length > 0 && spki.length + hashes.length === 0) hashes.push(nobodysHash)
  return {
    ...(names.length === 0 ? {} : { match_typed_subject_alt_names: names }),
    ...(spki.length === 0 ? {} : { verify_certificate_spki: spki }),
    ...(hashes.length === 0 ? {} : { verify_certificate_hash: hashes }),
    ...(tls.insecureSkipVerify === true ? { trust_chain_verification: 'ACCEPT_UNTRUSTED' } : {}),
  }
}
