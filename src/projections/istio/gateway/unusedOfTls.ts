import type { ServerTls } from '../../../model/istio/serverTls.ts'
import { asksCallers, authoritiesFile } from './callersTls.ts'
import { credentialsOf } from './serverTls.ts'

type Field = keyof ServerTls

/** Files with the certificate to show. */
const files: readonly Field[] = ['serverCertificate', 'privateKey']
/** Files that say whose certificates callers may show. */
const authorityFiles: readonly Field[] = ['caCertificates', 'caCrl']
/** What callers' certificates must have, beside a signature. */
const held: readonly Field[] = ['subjectAltNames', 'verifyCertificateSpki', 'verifyCertificateHash']
/** What is asked of callers' certificates. */
const ofCallers: readonly Field[] = [...held, ...authorityFiles, 'caCertCredentialName', 'insecureSkipVerify']

/** All that is about TLS which is ended here. */
export const ofEndedTls: readonly Field[] = [
  ...files,
  ...ofCallers,
  'credentialName',
  'credentialNames',
  'tlsCertificates',
  'minProtocolVersion',
  'maxProtocolVersion',
  'cipherSuites',
  'ecdhCurves',
  'alpnProtocols',
]

/** Why settings of TLS that a proxy ends have no effect, by their paths below `tls`: its mode or another of them leaves
 *  them none. */
export const unusedOfTls = (tls: ServerTls): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const note = (paths: readonly string[], why: string): void => {
    for (const path of paths) if (!found.has(path)) found.set(path, why)
  }
  const set = (fields: readonly Field[]): readonly Field[] =>
    fields.filter((field) => tls[field] !== undefined && tls[field] !== false)
  if (tls.mode === 'ISTIO_MUTUAL') {
    note(set(ofEndedTls), 'ISTIO_MUTUAL is between workloads.')
    return found
  }
  const shown = credentialsOf(tls).length > 0
  if (shown) note(set([...files, ...authorityFiles]), 'What the secret holds counts.')
  if (tls.credentialName !== undefined) note(set(['credentialNames']), 'credentialName goes before it.')
  if (!asksCallers(tls)) note(set(ofCallers), 'SIMPLE asks callers for no certificate.')
  if (tls.caCertCredentialName !== undefined)
    note(set(authorityFiles), 'What the secret caCertCredentialName holds counts.')
  if (tls.insecureSkipVerify === true)
    note(set([...held, 'caCrl']), 'With insecureSkipVerify a certificate that fails is let through.')
  note(...otherAuthorities(tls))
  return found
}

/** Authorities of single certificates that are not those by which callers are verified. */
const otherAuthorities = (tls: ServerTls): readonly [readonly string[], string] => {
  const counts = asksCallers(tls) && tls.caCertCredentialName === undefined ? authoritiesFile(tls) : undefined
  const others = (tls.tlsCertificates ?? []).flatMap(({ caCertificates }, i) =>
    caCertificates === undefined || caCertificates === counts ? [] : [`tlsCertificates/${i}/caCertificates`],
  )
  return [
    others,
    counts === undefined ? 'No caller is verified by it.' : `Callers are verified by ${counts}.`,
  ]
}
