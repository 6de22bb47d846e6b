import type { CertificateFile } from '../../model/certificateFile.ts'
import type { XdsResource } from '../../model/xds.ts'
import { xdsResource } from '../encoded.ts'

/** Names by which a proxy's configuration asks for its workload's certificate, and for the authorities of the mesh. No
 *  secret of files `<namespace>/<name>` has such a name. */
export const workloadCertificate = 'workload-certificate'
export const workloadAuthorities = 'workload-authorities'

export const workloadSecretNames = [workloadCertificate, workloadAuthorities] as const

let made: { readonly path: string; readonly secrets: ReadonlyMap<string, XdsResource> } | undefined

/** Both secrets, by name, as the files `cert-chain.pem`, `key.pem` and `root-cert.pem` of the directory `path` on the
 *  proxy's own machine (contract §8). They hold no key, only where it is: Envoy reads the files, and again whenever
 *  something is moved into the directory, which is how certificates are renewed. Named in a listener or cluster itself
 *  they would be read once. */
export const workloadSecrets = (path: string): ReadonlyMap<string, XdsResource> => {
  if (made?.path !== path) made = { path, secrets: make(path) }
  return made.secrets
}

/** The files that these are made of, in the directory `path`. */
export const workloadFiles = (path: string): readonly CertificateFile[] => {
  const chain = fileIn(path, 'cert-chain.pem')
  return [
    { path: chain, holds: 'certificate' },
    { path: fileIn(path, 'key.pem'), holds: 'key', of: chain },
    { path: fileIn(path, 'root-cert.pem'), holds: 'authorities' },
  ]
}

const fileIn = (path: string, name: string): string => `${path.replace(/\/+$/, '')}/${name}`

const make = (path: string): ReadonlyMap<string, XdsResource> => {
  const file = (name: string) => ({ filename: fileIn(path, name) })
  const watched_directory = { path }
  const secrets = [
    {
      name: workloadCertificate,
      tls_certificate: {
        certificate_chain: file('cert-chain.pem'),
        private_key: file('key.pem'),
        watched_directory,
      },
    },
    {
      name: workloadAuthorities,
      validation_context: { trusted_ca: file('root-cert.pem'), watched_directory },
    },
  ]
  return new Map(secrets.map((json) => [json.name, xdsResource('secrets', json.name, json, [])]))
}
