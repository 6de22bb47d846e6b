import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

/** PEM files: what a server shows, and the authority whose certificates clients must show; without `ca` any client may
 *  come. */
export type CertificateFiles = { readonly cert: string; readonly key: string; readonly ca?: string }

/** What the files hold. Rejects with a sentence when one cannot be read or is not what it should be. */
export const readCertificates = async ({
  cert,
  key,
  ca,
}: CertificateFiles): Promise<{ readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer }> => {
  const [certPem, keyPem, caPem] = await Promise.all([
    pem(cert),
    pem(key),
    ca === undefined ? undefined : pem(ca),
  ])
  const read = { cert: certPem, key: keyPem, ...(caPem === undefined ? {} : { ca: caPem }) }
  try {
    createSecureContext(read)
  } catch (error) {
    throw new Error(`${cert}, ${key}${ca === undefined ? '' : `, ${ca}`}: ${(error as Error).message}`)
  }
  return read
}

const pem = async (path: string): Promise<Buffer> => {
  try {
    return await readFile(path)
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`)
  }
}
