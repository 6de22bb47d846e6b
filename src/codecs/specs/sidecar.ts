import type { SidecarSpec } from '../../model/sidecar.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import type { Codec } from '../shapes/codec.ts'
import { json } from '../shapes/json.ts'
import { listOf } from '../shapes/listOf.ts'
import { isDnsLabel, isDnsName, labels } from '../shapes/names.ts'
import { optional, struct } from '../shapes/struct.ts'
import { plainText, text } from '../shapes/text.ts'

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

/** The spec of a Sidecar as a scope. What else Istio has in it is read too, and told to have no effect. */
export const sidecarSpec: Codec<SidecarSpec> = struct<SidecarSpec>('spec', {
  workloadSelector: optional(struct<Selector>('workloadSelector', { labels: optional(labels) })),
  egress: optional(
    listOf(
      'egress',
      struct<Egress>('egress', {
        hosts: listOf('hosts', host, 1),
        port: optional(json),
        bind: optional(plainText('bind', 253)),
        captureMode: optional(choice('captureMode', ['DEFAULT', 'IPTABLES', 'NONE'])),
      }),
    ),
  ),
  ingress: optional(listOf('ingress', json)),
  inboundConnectionPool: optional(json),
  outboundTrafficPolicy: optional(
    struct<Policy>('outboundTrafficPolicy', {
      mode: optional(choice('mode', ['ALLOW_ANY', 'REGISTRY_ONLY'])),
      egressProxy: optional(json),
    }),
  ),
})
