import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of PEM files. */
export type Certificates = { readonly ca: string; readonly cert: string; readonly key: string }

/** An authority, and the certificates that it signs. */
export type Authority = {
  /** PEM file. */
  readonly ca: string
  /** A certificate for these subject alternative names (`DNS:a.example`, `IP:127.0.0.1`, `URI:spiffe://…`), valid for
   *  two days. */
  sign(name: string, names: readonly string[]): Certificates
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** An authority whose files are in the directory `at`. Needs openssl. */
export const authority = (at: string): Authority => {
  mkdirSync(at, { recursive: true })
  const file = (name: string) => join(at, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  const [ca, caKey] = [file('ca.pem'), file('ca.key')]
  openssl('req', '-x509', ...curve, '-keyout', caKey, '-out', ca, '-subj', '/CN=test authority', '-days', '2')
  return {
    ca,
    sign: (name, names) => {
      const [cert, key] = [file(`${name}.pem`), file(`${name}-key.pem`)]
      openssl('req', ...curve, '-keyout', key, '-out', file('csr'), '-subj', `/CN=${name}`)
      writeFileSync(file('ext'), `subjectAltName=${names.join(',')}`)
      const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', file('ext')]
      openssl('x509', '-req', '-in', file('csr'), '-out', cert, ...signing)
      return { ca, cert, key }
    },
  }
}

/** An authority and a certificate for 127.0.0.1 that it signed, in the directory `at`. Needs openssl. */
export const certificates = (at: string): Certificates => authority(at).sign('cert', ['IP:127.0.0.1'])
