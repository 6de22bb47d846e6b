import type { ServerTls, TlsCertificate, TlsVersion } from '../../../model/istio/serverTls.ts'
import { problemCodes } from '../../problemCode.ts'
import { choice } from '../../shapes/choice.ts'
import { type Codec, checked, type Finding } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { truth } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'

const version = choice<TlsVersion>('TLS version', ['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'])
const path = plainText('path', 4096)
const texts = listOf('texts', plainText('text', 1024))
const secret = plainText('credentialName', 253)

// TLS gives a protocol's length in one byte (RFC 7301), and to Envoy a comma parts two.
const alpnProtocol = text(
  'ALPN protocol',
  problemCodes.badText,
  'a protocol: 1 to 255 ASCII characters without spaces and commas',
  (value) => /^[!-+\--~]{1,255}$/.test(value),
)

const certificate = struct<TlsCertificate>('a certificate', {
  serverCertificate: path,
  privateKey: path,
  caCertificates: optional(path),
})

/** TLS that proxies end. Certificates come from one of secrets, `tlsCertificates` and `serverCertificate`; of the first
 *  and the last the secrets go first. */
export const serverTls: Codec<ServerTls> = checked(
  struct<ServerTls>('tls', {
    httpsRedirect: optional(truth),
    mode: optional(
      choice('mode', [
        'PASSTHROUGH',
        'SIMPLE',
        'MUTUAL',
        'AUTO_PASSTHROUGH',
        'ISTIO_MUTUAL',
        'OPTIONAL_MUTUAL',
      ]),
    ),
    serverCertificate: optional(path),
    privateKey: optional(path),
    caCertificates: optional(path),
    caCrl: optional(path),
    credentialName: optional(secret),
    credentialNames: optional(listOf('credentialNames', secret)),
    caCertCredentialName: optional(secret),
    tlsCertificates: optional(listOf('tlsCertificates', certificate, 1, 2)),
    subjectAltNames: optional(texts),
    verifyCertificateSpki: optional(texts),
    verifyCertificateHash: optional(texts),
    minProtocolVersion: optional(version),
    maxProtocolVersion: optional(version),
    cipherSuites: optional(texts),
    insecureSkipVerify: optional(truth),
    ecdhCurves: optional(texts),
    alpnProtocols: optional(listOf('alpnProtocols', alpnProtocol, 0, 64)),
  }),
  (tls) => certificatesTwice(tls),
)

const elsewhere = ['serverCertificate', 'privateKey', 'credentialName', 'credentialNames'] as const

const certificatesTwice = (tls: ServerTls): readonly Finding[] =>
  tls.tlsCertificates === undefined
    ? []
    : elsewhere
        .filter((field) => tls[field] !== undefined)
        .map((field) => ({
          code: problemCodes.excluded,
          message: `tlsCertificates and ${field} exclude each other.`,
          path: ['tlsCertificates'],
        }))
