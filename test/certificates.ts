import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of PEM files. */
export type Certificates = { readonly ca: string; readonly cert: string; readonly key: string }

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** An authority and a certificate for 127.0.0.1 that it signed, in the directory `at`. Needs openssl. */
export const certificates = (at: string): Certificates => {
  const file = (name: string) => join(at, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  const [ca, caKey, cert, key] = [file('ca.pem'), file('ca.key'), file('cert.pem'), file('key.pem')]
  openssl('req', '-x509', ...curve, '-keyout', caKey, '-out', ca, '-subj', '/CN=test authority', '-days', '2')
  openssl('req', ...curve, '-keyout', key, '-out', file('csr'), '-subj', '/CN=rutter')
  writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1')
  const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', file('ext')]
  openssl('x509', '-req', '-in', file('csr'), '-out', cert, ...signing)
  return { ca, cert, key }
}
