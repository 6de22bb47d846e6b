import type { SidecarIngress, SidecarSpec } from '../../model/sidecar.ts'
import { ipVersion } from '../ipAddress.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked } from '../shapes/codec.ts'
import { duplicates } from '../shapes/duplicates.ts'
import { json } from '../shapes/json.ts'
import { listOf } from '../shapes/listOf.ts'
import { isDnsLabel, isDnsName, labels } from '../shapes/names.ts'
import { port } from '../shapes/network.ts'
import { optional, struct } from '../shapes/struct.ts'
import { plainText, text } from '../shapes/text.ts'
import { defaultEndpoint } from './defaultEndpoint.ts'
import { connectionPool } from './istio/destinationRule.ts'
import { serverTls } from './istio/serverTls.ts'
import { istioProtocol } from './istio/serviceEntry.ts'

const isHost = (value: string): boolean => {
  const [namespace = '', name = '', ...rest] = value.split('/')
  const validNamespace = ['*', '.', '~'].includes(namespace) || isDnsLabel(namespace)
  return rest.length === 0 && validNamespace && (name === '*' || isDnsName(name.replace(/^\*\./, '')))
}

const host = text(
  'host',
  problemCodes.badHostname,
  '"namespace/name": the namespace a name, "*", "." or "~", the name a hostname, "*" or "*.suffix"',
  isHost,
)

type Egress = NonNullable<SidecarSpec['egress']>[number]
type Policy = NonNullable<SidecarSpec['outboundTrafficPolicy']>
type Selector = NonNullable<SidecarSpec['workloadSelector']>

const bind = text(
  'bind',
  problemCodes.badAddress,
  'an IP address to listen on',
  (value) => ipVersion(value) !== undefined,
)

const sidecarPort = struct<SidecarIngress['port']>('port', {
  number: port,
  protocol: optional(istioProtocol),
  name: optional(plainText('name', 253)),
  targetPort: optional(port),
})

const ingress: Codec<SidecarIngress> = checked(
  struct<SidecarIngress>('ingress', {
    port: sidecarPort,
    bind: optional(bind),
    captureMode: optional(choice('captureMode', ['DEFAULT', 'IPTABLES', 'NONE'])),
    defaultEndpoint: optional(defaultEndpoint),
    tls: optional(serverTls),
    connectionPool: optional(connectionPool),
  }),
  ({ port: { protocol }, tls }) =>
    tls?.mode === undefined || protocol === undefined || protocol === 'HTTPS' || protocol === 'TLS'
      ? []
      : [
          {
            code: problemCodes.excluded,
            message: `An ingress of ${protocol} has no TLS mode; its protocol would be HTTPS or TLS.`,
            path: ['tls', 'mode'],
          },
        ],
)

/** The spec of a Sidecar. What of Istio's has no effect is read too, and told. */
export const sidecarSpec: Codec<SidecarSpec> = checked(
  struct<SidecarSpec>('spec', {
    workloadSelector: optional(struct<Selector>('workloadSelector', { labels: optional(labels) })),
    egress: optional(
      listOf(
        'egress',
        struct<Egress>('egress', {
          hosts: listOf('hosts', host, 1),
          port: optional(sidecarPort),
          bind: optional(plainText('bind', 253)),
          captureMode: optional(choice('captureMode', ['DEFAULT', 'IPTABLES', 'NONE'])),
        }),
      ),
    ),
    ingress: optional(listOf('ingress', ingress)),
    inboundConnectionPool: optional(connectionPool),
    outboundTrafficPolicy: optional(
      struct<Policy>('outboundTrafficPolicy', {
        mode: optional(choice('mode', ['ALLOW_ANY', 'REGISTRY_ONLY'])),
        egressProxy: optional(json),
      }),
    ),
  }),
  ({ ingress: all = [] }) =>
    duplicates(
      all,
      (one) => one.port.number,
      'port',
      (i) => ['ingress', i, 'port', 'number'],
    ),
)
