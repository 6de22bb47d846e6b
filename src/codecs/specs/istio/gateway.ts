import type { GatewayServer, GatewaySpec } from '../../../model/istio/gateway.ts'
import { ipVersion } from '../../ipAddress.ts'
import { problemCodes } from '../../problemCode.ts'
import { type Codec, checked, type Finding } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { labels } from '../../shapes/names.ts'
import { port } from '../../shapes/network.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'
import { defaultEndpoint } from '../defaultEndpoint.ts'
import { serverHost } from './selectors.ts'
import { serverTls } from './serverTls.ts'
import { istioProtocol } from './serviceEntry.ts'

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
    tls: optional(serverTls),
    defaultEndpoint: optional(defaultEndpoint),
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
