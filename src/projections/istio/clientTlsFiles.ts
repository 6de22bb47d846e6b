import type { CertificateFile } from '../../model/certificateFile.ts'
import type { ClientTls } from '../../model/istio/destinationRule.ts'
import { clientTlsSecrets } from './clientTlsSecrets.ts'

type Named = { readonly field: keyof ClientTls; readonly file: CertificateFile }

/** The files that connections with `tls` read, by the fields that name them: none where a secret holds what they would. */
export const clientTlsFiles = (tls: ClientTls): readonly Named[] => {
  const { mode, clientCertificate, privateKey, caCertificates, caCrl, insecureSkipVerify } = tls
  if (mode !== 'SIMPLE' && mode !== 'MUTUAL') return []
  const ofSecrets = clientTlsSecrets(tls, '')
  const isOwn = mode === 'MUTUAL' && ofSecrets.certificate === undefined
  const named: readonly Named[] =
    isOwn && clientCertificate !== undefined && privateKey !== undefined
      ? [
          { field: 'clientCertificate', file: { path: clientCertificate, holds: 'certificate' } },
          { field: 'privateKey', file: { path: privateKey, holds: 'key', of: clientCertificate } },
        ]
      : []
  if (insecureSkipVerify === true || ofSecrets.authorities !== undefined) return named
  return [
    ...named,
    ...(caCertificates === undefined || caCertificates === 'system'
      ? []
      : [{ field: 'caCertificates', file: { path: caCertificates, holds: 'authorities' } } as const]),
    ...(caCrl === undefined
      ? []
      : [{ field: 'caCrl', file: { path: caCrl, holds: 'revocations' } } as const]),
  ]
}
