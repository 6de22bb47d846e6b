import type { CertificateFile } from '../../../model/certificateFile.ts'
import type { ServerTls } from '../../../model/istio/serverTls.ts'
import { asksCallers, authoritiesFile } from './callersTls.ts'
import { certificateFilesOf, credentialsOf } from './serverTls.ts'

/** `field`: a path below `tls`, such as `tlsCertificates/0/privateKey`. */
type Named = { readonly field: string; readonly file: CertificateFile }

/** The files that a proxy which ends `tls` reads, by the fields that name them: none where a secret holds what they would. */
export const serverTlsFiles = (tls: ServerTls): readonly Named[] =>
  tls.mode === 'ISTIO_MUTUAL' ? [] : [...shown(tls), ...ofCallers(tls)]

const shown = (tls: ServerTls): readonly Named[] =>
  credentialsOf(tls).length > 0
    ? []
    : certificateFilesOf(tls).flatMap(({ serverCertificate, privateKey }, i): readonly Named[] => {
        const at = tls.tlsCertificates === undefined ? '' : `tlsCertificates/${i}/`
        return [
          { field: `${at}serverCertificate`, file: { path: serverCertificate, holds: 'certificate' } },
          { field: `${at}privateKey`, file: { path: privateKey, holds: 'key', of: serverCertificate } },
        ]
      })

const ofCallers = (tls: ServerTls): readonly Named[] => {
  const path = authoritiesFile(tls)
  const ofSecret = tls.caCertCredentialName !== undefined || credentialsOf(tls).length > 0
  if (!asksCallers(tls) || ofSecret || path === undefined) return []
  const i = tls.tlsCertificates?.findIndex(({ caCertificates }) => caCertificates !== undefined)
  const at = tls.caCertificates === undefined ? `tlsCertificates/${i}/` : ''
  return [
    { field: `${at}caCertificates`, file: { path, holds: 'authorities' } },
    ...(tls.caCrl === undefined
      ? []
      : [{ field: 'caCrl', file: { path: tls.caCrl, holds: 'revocations' } } as const]),
  ]
}
