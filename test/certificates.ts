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
   *  two days, of a key on P-256 or of RSA. */
  sign(name: string, names: readonly string[], key?: 'rsa'): Certificates
  /** A list (PEM file) that revokes the certificate signed as `name`, and no other. */
  revoke(name: string): string
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

const rsa = ['-newkey', 'rsa:2048', '-nodes']

/** An authority whose files are in the directory `at`. Needs openssl. */
export const authority = (at: string): Authority => {
  mkdirSync(at, { recursive: true })
  const file = (name: string) => join(at, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  const [ca, caKey] = [file('ca.pem'), file('ca.key')]
  openssl('req', '-x509', ...curve, '-keyout', caKey, '-out', ca, '-subj', '/CN=test authority', '-days', '2')
  return {
    ca,
    sign: (name, names, kind) => {
      const [cert, key] = [file(`${name}.pem`), file(`${name}-key.pem`)]
      const made = kind === 'rsa' ? rsa : curve
      openssl('req', ...made, '-keyout', key, '-out', file('csr'), '-subj', `/CN=${name}`)
      writeFileSync(file('ext'), `subjectAltName=${names.join(',')}`)
      const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', file('ext')]
      openssl('x509', '-req', '-in', file('csr'), '-out', cert, ...signing)
      return { ca, cert, key }
    },
    revoke: (name) => {
      const serial = execFileSync('openssl', ['x509', '-in', file(`${name}.pem`), '-noout', '-serial'])
      const [index, config, list] = [file('index'), file('config'), file(`${name}.crl`)]
      const number = serial.toString().trim().replace('serial=', '')
      writeFileSync(index, `R\t491231235959Z\t260101000000Z\t${number}\tunknown\t/CN=${name}\n`)
      writeFileSync(config, `[ca]\ndefault_ca=own\n[own]\ndatabase=${index}\ndefault_md=sha256\n`)
      const signing = ['-cert', ca, '-keyfile', caKey, '-crldays', '2', '-config', config]
      openssl('ca', '-gencrl', ...signing, '-out', list)
      return list
    },
  }
}

/** An authority and a certificate for 127.0.0.1 that it signed, in the directory `at`. Needs openssl. */
export const certificates = (at: string): Certificates => authority(at).sign('cert', ['IP:127.0.0.1'])
