import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Authority, authority } from '../certificates.ts'

/** What `--secrets` names, filled by an authority of its own. */
export type SecretsDirectory = {
  readonly path: string
  readonly issuer: Authority
  /** Writes the files of a secret, over those that are there; the path of its key. */
  write(name: string, certificate: string, ...names: string[]): string
}

/** An empty directory of secrets below `directory`. */
export const secretsDirectory = (directory: string): SecretsDirectory => {
  const path = join(directory, 'secrets')
  const issuer = authority(join(directory, 'authority'))
  return {
    path,
    issuer,
    write: (name, certificate, ...names) => {
      const { cert, key } = issuer.sign(certificate, names)
      const at = join(path, 'default', name)
      mkdirSync(at, { recursive: true })
      cpSync(cert, join(at, 'tls.crt'))
      cpSync(key, join(at, 'tls.key'))
      return key
    },
  }
}
