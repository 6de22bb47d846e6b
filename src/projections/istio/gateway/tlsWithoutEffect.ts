import type { Diagnostic } from '../../../model/diagnostic.ts'
import type { GatewayServer, ServerTls } from '../../../model/istio/gateway.ts'
import { serverKind } from './serverKind.ts'
import { credentialsOf } from './serverTls.ts'

type Field = keyof ServerTls

/** Files whose part a secret plays. */
const files: readonly Field[] = ['serverCertificate', 'privateKey', 'caCertificates', 'caCrl']
/** What is asked of callers' certificates. */
const ofCallers: readonly Field[] = [
  'subjectAltNames',
  'verifyCertificateSpki',
  'verifyCertificateHash',
  'caCertificates',
  'caCrl',
]

/** Settings of a server's TLS that its mode, or another setting, leaves without effect. `path`: the server's. */
export const tlsWithoutEffect = (server: GatewayServer, path: string): readonly Diagnostic[] => {
  const { tls = {} } = server
  const found = new Map<Field, string>()
  const note = (fields: readonly Field[], why: string): void => {
    for (const field of fields) if (tls[field] !== undefined && !found.has(field)) found.set(field, why)
  }
  const kind = serverKind(server)
  if (kind.kind === 'none') return []
  if (kind.kind === 'passthrough' || !kind.tls) note(all, 'Proxies do not end TLS here.')
  else if (tls.mode === 'ISTIO_MUTUAL') note([...files, ...ofCallers], 'ISTIO_MUTUAL is between workloads.')
  else {
    if (credentialsOf(tls).length > 0) note(files, 'What the secret holds counts.')
    if (tls.mode === 'SIMPLE') note(ofCallers, 'SIMPLE asks callers for no certificate.')
  }
  return [...found].map(([field, why]) => ({
    code: 'RUT2011',
    severity: 'warning' as const,
    path: `${path}/tls/${field}`,
    message: `It has no effect. ${why}`,
  }))
}

const all: readonly Field[] = [
  ...files,
  ...ofCallers,
  'credentialName',
  'credentialNames',
  'minProtocolVersion',
  'maxProtocolVersion',
  'cipherSuites',
]
