import type { WorkloadSelector } from '../../../model/istio/workloadSelector.ts'
import { ipVersion } from '../../ipAddress.ts'
import { problemCodes } from '../../problemCode.ts'
import type { Codec } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { dnsLabel, isDnsLabel, isDnsName, labels } from '../../shapes/names.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { text } from '../../shapes/text.ts'

const isHost = (value: string): boolean => value === '*' || isDnsName(value.replace(/^\*\./, ''))

/** A host of a rule: a hostname, `*.suffix`, `*`, or an IP address. */
export const host: Codec<string> = text(
  'host',
  problemCodes.badHostname,
  'a hostname in lower case, "*.suffix", "*" or an IP address, without a port',
  (value) => isHost(value) || ipVersion(value) !== undefined,
)

/** A host of a Gateway's server, perhaps behind `namespace/` (a name, `*` or `.`). */
export const serverHost: Codec<string> = text(
  'host',
  problemCodes.badHostname,
  'a hostname in lower case, "*.suffix" or "*", perhaps behind "namespace/"',
  (value) => {
    const [name = '', namespace, ...rest] = value.split('/').reverse()
    return (
      rest.length === 0 &&
      (isHost(name) || ipVersion(name) !== undefined) &&
      (namespace === undefined || namespace === '*' || namespace === '.' || isDnsLabel(namespace))
    )
  },
)

/** Namespaces that see a rule: names, `.` for its own, `*` for all, `~` for none. */
export const exportTo: Codec<readonly string[]> = listOf(
  'exportTo',
  text(
    'namespace',
    problemCodes.badName,
    'a namespace, ".", "*" or "~"',
    (value) => ['.', '*', '~'].includes(value) || isDnsLabel(value),
  ),
)

/** `mesh`, `name` or `namespace/name`. */
export const gatewayNames: Codec<readonly string[]> = listOf(
  'gateways',
  text('gateway', problemCodes.badName, '"mesh", "name" or "namespace/name" of a Gateway', (value) => {
    const [name = '', namespace, ...rest] = value.split('/').reverse()
    return rest.length === 0 && isDnsName(name) && (namespace === undefined || isDnsLabel(namespace))
  }),
)

/** Workloads by label. */
export const workloadSelector: Codec<WorkloadSelector> = struct<WorkloadSelector>('workloadSelector', {
  labels: optional(labels),
  matchLabels: optional(labels),
})

/** The namespace of callers. */
export const sourceNamespace: Codec<string> = dnsLabel('sourceNamespace')
