import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { authoritiesOf, type SecretProblem } from '../../model/secret.ts'
import { typeUrlOf, type XdsResource } from '../../model/xds.ts'
import { contentHash } from '../../wire/contentHash.ts'
import { encode } from '../../wire/encode.ts'

/** A secret as it stands in its files. */
export type ReadSecret = {
  readonly resources: readonly XdsResource[]
  /** When the certificate ends, in milliseconds since 1970; absent: there is none. */
  readonly certificateEndsAtMs?: number
  /** When the last of the authorities ends; absent: there are none. */
  readonly authoritiesEndAtMs?: number
}

/** What stands behind the name of a secret in that of the one with its authorities, where they are apart (Istio's
 *  `<name>-cacert`). */
export const apart = '-cacert'

// Certificate chains and keys are a few KiB; bundles of authorities a few hundred.
const maxBytes = 1024 * 1024

/** The secret `name` in the files `tls.crt`, `tls.key`, `ca.crt` and `ca.crl` (what the authorities have revoked) of
 *  `directory`, the pair or the authorities alone at least. Left says what is the matter. Never rejects. */
export const readSecret = async (
  directory: string,
  name: string,
): Promise<Either<SecretProblem, ReadSecret>> => {
  try {
    const [cert, key, ca, crl] = await Promise.all(
      ['tls.crt', 'tls.key', 'ca.crt', 'ca.crl'].map((file) => content(join(directory, file))),
    )
    if (cert === undefined && key === undefined && ca === undefined)
      return left({
        kind: 'missing',
        message: `there are neither tls.crt and tls.key nor ca.crt in ${directory}`,
      })
    if ((cert === undefined) !== (key === undefined))
      return left({
        kind: 'missing',
        message: `there is no tls.${cert === undefined ? 'crt' : 'key'} in ${directory}`,
      })
    const pair = cert === undefined || key === undefined ? undefined : checkedPair(cert, key)
    if (pair !== undefined && isLeft(pair)) return pair
    const authoritiesEndAtMs = ca && lastEndMs(ca)
    if (crl?.includes('-----BEGIN X509 CRL-----') === false) throw new Error('there is no list in ca.crl')
    const names = name.endsWith(apart) ? [name, name.slice(0, -apart.length)] : [name]
    return right({
      resources: [
        ...(cert === undefined || key === undefined ? [] : [certificateOf(name, cert, key)]),
        ...(ca === undefined ? [] : names.map((one) => authorities(one, ca, crl))),
      ],
      ...(pair !== undefined && { certificateEndsAtMs: pair.right }),
      ...(authoritiesEndAtMs !== undefined && { authoritiesEndAtMs }),
    })
  } catch (error) {
    return left(unusable(directory, error))
  }
}

const checkedPair = (cert: Buffer, key: Buffer): Either<SecretProblem, number> => {
  const certificate = new X509Certificate(cert)
  return certificate.checkPrivateKey(createPrivateKey(key))
    ? right(Date.parse(certificate.validTo))
    : left({ kind: 'unusable', message: 'tls.key is not the key of tls.crt' })
}

// Of authorities that have ended nobody is harmed as long as one of them goes on.
const lastEndMs = (ca: Buffer): number => {
  const blocks = ca.toString().match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)
  if (blocks === null) throw new Error('there is no certificate in ca.crt')
  return Math.max(...blocks.map((block) => Date.parse(new X509Certificate(block).validTo)))
}

const unusable = (directory: string, error: unknown): SecretProblem => {
  const { code, message } = error as NodeJS.ErrnoException
  return { kind: 'unusable', message: `what is in ${directory} cannot be used: ${code ?? message}` }
}

const content = async (file: string): Promise<Buffer | undefined> => {
  try {
    const bytes = await readFile(file)
    if (bytes.length > maxBytes) throw new Error(`${file} is larger than ${maxBytes} bytes`)
    return bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const certificateOf = (name: string, cert: Buffer, key: Buffer): XdsResource =>
  resource(name, {
    tls_certificate: { certificate_chain: inline(cert), private_key: inline(key) },
  })

const authorities = (name: string, ca: Buffer, crl: Buffer | undefined): XdsResource =>
  resource(authoritiesOf(name), {
    validation_context: { trusted_ca: inline(ca), ...(crl && { crl: inline(crl) }) },
  })

const inline = (bytes: Buffer) => ({ inline_bytes: bytes.toString('base64') })

const resource = (name: string, body: Readonly<Record<string, unknown>>): XdsResource => {
  const encoded = encode(typeUrlOf.secrets, { name, ...body })
  if (isLeft(encoded)) throw new Error(encoded.left[0]?.message)
  const bytes = encoded.right
  return { name, version: contentHash(bytes), bytes: () => bytes, causes: [] }
}
