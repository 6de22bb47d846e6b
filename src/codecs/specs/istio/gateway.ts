import type { GatewayServer, GatewaySpec, ServerTls, TlsVersion } from '../../../model/istio/gateway.ts'
import { ipVersion } from '../../ipAddress.ts'
import { problemCodes } from '../../problemCode.ts'
import { choice } from '../../shapes/choice.ts'
import { type Codec, checked, type Finding } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { labels } from '../../shapes/names.ts'
import { port } from '../../shapes/network.ts'
import { truth } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'
import { serverHost } from './selectors.ts'
import { istioProtocol } from './serviceEntry.ts'

const version = choice<TlsVersion>('TLS version', ['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'])
const path = plainText('path', 4096)
const texts = listOf('texts', plainText('text', 1024))

const tls = struct<ServerTls>('tls', {
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
  credentialName: optional(plainText('credentialName', 253)),
  credentialNames: optional(listOf('credentialNames', plainText('credentialName', 253))),
  subjectAltNames: optional(texts),
  verifyCertificateSpki: optional(texts),
  verifyCertificateHash: optional(texts),
  minProtocolVersion: optional(version),
  maxProtocolVersion: optional(version),
  cipherSuites: optional(texts),
})

type ServerPort = GatewayServer['port']

const server: Codec<GatewayServer> = checked(
  struct<GatewayServer>('a server', {
    port: struct<ServerPort>('port', {
      number: port,
      name: plainText('name', 253),
      protocol: istioProtocol,
      targetPort: optional(port),
    }),
    bind: optional(
      text('bind', problemCodes.badAddress, 'an IP address', (one) => ipVersion(one) !== undefined),
    ),
    hosts: listOf('hosts', serverHost, 1),
    tls: optional(tls),
    defaultEndpoint: optional(plainText('defaultEndpoint', 253)),
    name: optional(plainText('name', 253)),
  }),
  (one) => tlsOf(one),
)

const tlsOf = ({ port: { protocol }, tls: its }: GatewayServer): readonly Finding[] => {
  if (its === undefined)
    return protocol === 'HTTPS' || protocol === 'TLS'
      ? [{ code: problemCodes.incomplete, message: `A server of ${protocol} needs tls.`, path: [] }]
      : []
  if (its.mode !== undefined && protocol !== 'HTTPS' && protocol !== 'TLS')
    return [
      {
        code: problemCodes.excluded,
        message: `A server of ${protocol} has no TLS mode; its protocol would be HTTPS or TLS.`,
        path: ['tls', 'mode'],
      },
    ]
  return []
}

/** The spec of a Gateway. */
export const gatewaySpec: Codec<GatewaySpec> = struct<GatewaySpec>('spec', {
  servers: listOf('servers', server, 1),
  selector: optional(labels),
})
