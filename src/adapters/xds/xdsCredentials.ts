import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'

/** PEM files: what the server shows, and the authority whose certificates clients must show; without `ca` any client
 *  may come. */
export type XdsTls = { readonly cert: string; readonly key: string; readonly ca?: string }

/** Credentials for an xDS server over TLS. Rejects with a sentence when a file cannot be read or is not what it
 *  should be. */
export const xdsCredentials = async ({ cert, key, ca }: XdsTls): Promise<ServerCredentials> => {
  const [cert_chain, private_key, root] = await Promise.all([
    pem(cert),
    pem(key),
    ca === undefined ? null : pem(ca),
  ])
  try {
    createSecureContext({ cert: cert_chain, key: private_key, ...(root === null ? {} : { ca: root }) })
  } catch (error) {
    throw new Error(`${cert}, ${key}${ca === undefined ? '' : `, ${ca}`}: ${(error as Error).message}`)
  }
  return ServerCredentials.createSsl(root, [{ cert_chain, private_key }], root !== null)
}

const pem = async (path: string): Promise<Buffer> => {
  try {
    return await readFile(path)
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`)
  }
}
