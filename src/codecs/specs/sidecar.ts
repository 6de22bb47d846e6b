import type { SidecarEgress, SidecarIngress, SidecarSpec } from '../../model/sidecar.ts'
import { canonicalIp, ipVersion } from '../ipAddress.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked, type Finding, inForm } from '../shapes/codec.ts'
import { duplicates } from '../shapes/duplicates.ts'
import { json } from '../shapes/json.ts'
import { listOf } from '../shapes/listOf.ts'
import { isDnsLabel, isDnsName, labels } from '../shapes/names.ts'
import { port } from '../shapes/network.ts'
import { wholeNumber } from '../shapes/number.ts'
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

type Policy = NonNullable<SidecarSpec['outboundTrafficPolicy']>
type Selector = NonNullable<SidecarSpec['workloadSelector']>

const bind = text(
  'bind',
  problemCodes.badAddress,
  'an IP address to listen on',
  (value) => ipVersion(value) !== undefined,
)

const captureMode = choice('captureMode', ['DEFAULT', 'IPTABLES', 'NONE'])

const sidecarPort = (number: Codec<number>): Codec<SidecarIngress['port']> =>
  struct<SidecarIngress['port']>('port', {
    number,
    protocol: optional(istioProtocol),
    name: optional(plainText('name', 253)),
    targetPort: optional(port),
  })

// Longer ones do not fit into a sockaddr_un (unix(7)).
const isSocket = (value: string): boolean =>
  /^unix:\/\/[/@]./.test(value) && value.length - 'unix://'.length <= 107 && !/\p{Cc}/u.test(value)

const egressBind = inForm(
  canonicalIp,
  text(
    'bind',
    problemCodes.badAddress,
    'an IP address to listen on, unix:///path or unix://@name',
    (value) => ipVersion(value) !== undefined || isSocket(value),
  ),
)

const egress: Codec<SidecarEgress> = checked(
  struct<SidecarEgress>('egress', {
    hosts: listOf('hosts', host, 1),
    port: optional(sidecarPort(wholeNumber('port', 0, 65_535))),
    bind: optional(egressBind),
    captureMode: optional(captureMode),
  }),
  ({ port, bind = '', captureMode }): readonly Finding[] => {
    if (bind.startsWith('unix://'))
      return captureMode === 'IPTABLES'
        ? [
            {
              code: problemCodes.excluded,
              message: 'Nothing is captured on its way to a socket; captureMode would be DEFAULT or NONE.',
              path: ['captureMode'],
            },
          ]
        : []
    return port?.number === 0
      ? [
          {
            code: problemCodes.badPort,
            message: 'Port 0 is for a socket, such as bind: unix:///run/egress.sock.',
            path: ['port', 'number'],
          },
        ]
      : []
  },
)

const ingress: Codec<SidecarIngress> = checked(
  struct<SidecarIngress>('ingress', {
    port: sidecarPort(port),
    bind: optional(bind),
    captureMode: optional(captureMode),
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
    egress: optional(listOf('egress', egress)),
    ingress: optional(listOf('ingress', ingress)),
    inboundConnectionPool: optional(connectionPool),
    outboundTrafficPolicy: optional(
      struct<Policy>('outboundTrafficPolicy', {
        mode: optional(choice('mode', ['ALLOW_ANY', 'REGISTRY_ONLY'])),
        egressProxy: optional(json),
      }),
    ),
  }),
  ({ ingress: all = [], egress: called = [] }) => [
    ...duplicates(
      all,
      (one) => one.port.number,
      'port',
      (i) => ['ingress', i, 'port', 'number'],
    ),
    ...duplicates(
      // A place of its own for what is no socket.
      called.map(({ bind = '' }, i) => (bind.startsWith('unix://') ? bind : `${i}`)),
      (bind) => bind,
      'socket',
      (i) => ['egress', i, 'bind'],
    ),
  ],
)
