import { ServerCredentials } from '@grpc/grpc-js'
import { type CertificateFiles, readCertificates } from '../readCertificates.ts'

/** Credentials for an xDS server over TLS. Rejects with a sentence when a file cannot be read or is not what it
 *  should be. */
export const xdsCredentials = async (files: CertificateFiles): Promise<ServerCredentials> => {
  const { cert, key, ca = null } = await readCertificates(files)
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null)
}
