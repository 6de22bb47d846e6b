import type { CertificateFile } from '../../model/certificateFile.ts'
import type { XdsResource } from '../../model/xds.ts'
import { xdsResource } from '../encoded.ts'
import { showResource } from '../showResource.ts'
import { workloadCertificate } from './workloadSecrets.ts'

type FileName = { readonly filename: string }
type Watched = { readonly watched_directory: { readonly path: string } }
/** As `workloadSecrets` makes them. */
type Shown = {
  readonly tls_certificate?: Watched & {
    readonly certificate_chain: FileName
    readonly private_key: FileName
  }
  readonly validation_context?: Watched & { readonly trusted_ca: FileName }
}

/** The files that the workload's `secret` names. */
export const filesOf = (secret: XdsResource): readonly CertificateFile[] => {
  const { tls_certificate: pair, validation_context: authorities } = showResource('secrets', secret) as Shown
  const chain = pair?.certificate_chain.filename
  return [
    ...(pair === undefined || chain === undefined
      ? []
      : [
          { path: chain, holds: 'certificate' } as const,
          { path: pair.private_key.filename, holds: 'key', of: chain } as const,
        ]),
    ...(authorities === undefined
      ? []
      : [{ path: authorities.trusted_ca.filename, holds: 'authorities' } as const]),
  ]
}

/** The workload's `secret` as it is told while its files are in `state` (hex digits): with every other state it is
 *  another, which Envoy answers by reading the files, and nothing else is other about it. Envoy itself sees only what is
 *  moved into the directory, and what it failed to read it does not try again. */
export const readAnew = (secret: XdsResource, state: string): XdsResource => {
  if (state === '') return secret
  const shown = showResource('secrets', secret) as Shown
  const field = secret.name === workloadCertificate ? 'tls_certificate' : 'validation_context'
  const body = shown[field]
  if (body === undefined) return secret
  const watched_directory = { path: spelled(body.watched_directory.path, state) }
  return xdsResource('secrets', secret.name, { ...shown, [field]: { ...body, watched_directory } }, [])
}

const digits = 8

/** The same directory, written so that it stands for `state`: of all that is in the secret this alone may be written in
 *  many ways that mean one thing. */
const spelled = (directory: string, state: string): string => {
  const bits = Number.parseInt(state.slice(0, digits), 16)
    .toString(2)
    .padStart(digits * 4, '0')
  return directory.replace(/\/+$/, '') + bits.replaceAll('0', '/').replaceAll('1', '/.')
}
