import type { Diagnostic } from '../../../model/diagnostic.ts'
import type { ServerTls } from '../../../model/istio/serverTls.ts'
import { certificateFileDiagnostics } from '../../diagnostics/certificateFileDiagnostics.ts'
import type { Registry } from '../../registry/registry.ts'
import { serverTlsFiles } from './serverTlsFiles.ts'
import { isCipherSuite, isCurve, isHash, isSpki } from './tlsTexts.ts'
import { unusedOfTls } from './unusedOfTls.ts'

/** What keeps settings of `tls` at `path`, which a proxy ends, from having an effect: files of no use, names that Envoy
 *  does not know, other settings. */
export const endedTlsDiagnostics = (
  tls: ServerTls,
  path: string,
  registry: Pick<Registry, 'fileProblem'>,
): readonly Diagnostic[] => [
  ...serverTlsFiles(tls).flatMap(({ field, file }) =>
    certificateFileDiagnostics(file, `${path}/${field}`, registry),
  ),
  ...unknownTexts(tls, path),
  ...[...unusedOfTls(tls)].map(([field, why]) =>
    withoutEffect(`${path}/${field}`, `It has no effect. ${why}`),
  ),
]

const unknownTexts = (tls: ServerTls, path: string): readonly Diagnostic[] =>
  (
    [
      ['cipherSuites', isCipherSuite, 'No cipher suite of TLS 1.2 or older that Envoy has.'],
      ['ecdhCurves', isCurve, 'No curve that Envoy has.'],
      ['verifyCertificateSpki', isSpki, 'No SHA-256 in base64.'],
      ['verifyCertificateHash', isHash, 'No SHA-256 in hex.'],
    ] as const
  ).flatMap(([field, isKnown, why]) =>
    (tls[field] ?? []).flatMap((text, i) =>
      isKnown(text) ? [] : [withoutEffect(`${path}/${field}/${i}`, `${text} has no effect. ${why}`)],
    ),
  )

const withoutEffect = (path: string, message: string): Diagnostic => ({
  code: 'RUT2011',
  severity: 'warning',
  path,
  message,
})
