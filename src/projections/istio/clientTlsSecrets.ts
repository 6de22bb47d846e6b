import type { ClientTls } from '../../model/istio/destinationRule.ts'
import { authoritiesOf } from '../../model/secret.ts'

/** A secret by the name under which it is asked for, and the field that means it. */
type Named = { readonly field: 'credentialName' | 'caCertCredentialName'; readonly secret: string }

/** The secrets of `namespace` that connections with `tls` need: of MUTUAL the certificate of `credentialName`, and, where
 *  servers are verified, the authorities of `caCertCredentialName`, else of that secret. */
export const clientTlsSecrets = (
  { mode, credentialName, caCertCredentialName, insecureSkipVerify }: ClientTls,
  namespace: string,
): { readonly certificate?: Named; readonly authorities?: Named } => {
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return {}
  const field = caCertCredentialName === undefined ? 'credentialName' : 'caCertCredentialName'
  const verifiedBy = caCertCredentialName ?? credentialName
  return {
    ...(mode === 'MUTUAL' &&
      credentialName !== undefined && {
        certificate: { field: 'credentialName', secret: `${namespace}/${credentialName}` },
      }),
    ...(insecureSkipVerify !== true &&
      verifiedBy !== undefined && {
        authorities: { field, secret: authoritiesOf(`${namespace}/${verifiedBy}`) },
      }),
  }
}
