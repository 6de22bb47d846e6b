import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { CertificateFile, CertificateFileCheck } from '../../model/certificateFile.ts'
import type { SecretProblem } from '../../model/secret.ts'

/** What was read of a file in this state; the state is cheap to ask for. */
type Read = { readonly state: string; readonly blocks: readonly string[] }

// A bundle of all public authorities has some 250 KiB.
const maxBytes = 4 * 1024 * 1024
const maxKept = 1_000

/** Looks at files on this machine when it is asked, and reads again only what has changed. Never throws. `nowMs`: now, in
 *  milliseconds since 1970. */
export const certificateFiles = (nowMs: () => number): CertificateFileCheck => {
  const kept = new Map<string, Read>()

  /** The PEM blocks in a file. Throws where it cannot be read. */
  const blocksOf = (path: string): readonly string[] => {
    const stat = statSync(path)
    // A pipe would wait for whoever writes into it.
    if (!stat.isFile()) throw new Error('it is no file')
    if (stat.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
    const state = `${stat.ino} ${stat.size} ${stat.mtimeMs}`
    const known = kept.get(path)
    if (known?.state === state) return known.blocks
    const text = readFileSync(path, 'utf8')
    const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? []
    if (kept.size >= maxKept) kept.clear()
    kept.set(path, { state, blocks })
    return blocks
  }

  const certificatesIn = (path: string): readonly X509Certificate[] => {
    const blocks = blocksOf(path).filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----'))
    if (blocks.length === 0) throw new Error('there is no certificate in it')
    return blocks.map((block) => new X509Certificate(block))
  }

  const look = (file: CertificateFile): SecretProblem | undefined => {
    switch (file.holds) {
      case 'certificate':
        return ended(certificatesIn(file.path).slice(0, 1), nowMs())
      case 'authorities':
        return ended(certificatesIn(file.path), nowMs())
      case 'revocations':
        if (blocksOf(file.path).some((block) => block.startsWith('-----BEGIN X509 CRL-----')))
          return undefined
        throw new Error('there is no list of what is revoked in it')
      case 'key': {
        const block = blocksOf(file.path).find((one) => one.includes('PRIVATE KEY-----'))
        if (block === undefined) throw new Error('there is no key in it')
        return isKeyOf(block, file.of)
          ? undefined
          : { kind: 'unusable', message: `it is not the key of ${file.of}` }
      }
    }
  }

  /** Also true where the certificate is itself of no use, which is told of that. */
  const isKeyOf = (block: string, certificate: string | undefined): boolean => {
    const key = createPrivateKey(block)
    if (
      certificate === undefined ||
      problemOf({ path: certificate, holds: 'certificate' }, look) !== undefined
    )
      return true
    return certificatesIn(certificate)[0]?.checkPrivateKey(key) !== false
  }

  return (file) => problemOf(file, look)
}

const problemOf = (
  file: CertificateFile,
  look: (file: CertificateFile) => SecretProblem | undefined,
): SecretProblem | undefined => {
  try {
    return look(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', message: 'there is no such file' }
    if (code === 'EACCES') return { kind: 'unseen', message: 'it may not be read here' }
    return { kind: 'unusable', message: code ?? message }
  }
}

/** Of authorities that have ended nobody is harmed as long as one of them goes on. */
const ended = (certificates: readonly X509Certificate[], nowMs: number): SecretProblem | undefined => {
  const endsAtMs = Math.max(...certificates.map(({ validTo }) => Date.parse(validTo)))
  return endsAtMs >= nowMs
    ? undefined
    : { kind: 'expired', message: `it ended at ${new Date(endsAtMs).toISOString()}` }
}
