import type {
  KubernetesBackend,
  KubernetesIngressSpec,
  KubernetesPath,
} from '../../model/kubernetesIngress.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked } from '../shapes/codec.ts'
import { json } from '../shapes/json.ts'
import { listOf } from '../shapes/listOf.ts'
import { dnsLabel, dnsName, isDnsName } from '../shapes/names.ts'
import { port } from '../shapes/network.ts'
import { optional, struct } from '../shapes/struct.ts'
import { text } from '../shapes/text.ts'

type Service = NonNullable<KubernetesBackend['service']>
type Port = NonNullable<Service['port']>
type Rule = NonNullable<KubernetesIngressSpec['rules']>[number]
type Tls = NonNullable<KubernetesIngressSpec['tls']>[number]

const host = text(
  'host',
  problemCodes.badHostname,
  'a hostname in lower case, or "*.suffix", without a port',
  (value) => isDnsName(value.replace(/^\*\./, '')),
)

const backend: Codec<KubernetesBackend> = checked(
  struct<KubernetesBackend>('a backend', {
    service: optional(
      struct<Service>('service', {
        name: dnsLabel('name of a service'),
        port: optional(
          struct<Port>('port', { number: optional(port), name: optional(dnsLabel('port name')) }),
        ),
      }),
    ),
    resource: optional(json),
  }),
  ({ service, resource }) => {
    if (service !== undefined && resource !== undefined)
      return [
        {
          code: problemCodes.excluded,
          message: 'service and resource exclude each other.',
          path: ['resource'],
        },
      ]
    return service === undefined && resource === undefined
      ? [{ code: problemCodes.incomplete, message: 'A backend needs a service.', path: [] }]
      : []
  },
)

const path: Codec<KubernetesPath> = checked(
  struct<KubernetesPath>('a path', {
    path: optional(
      text('path', problemCodes.badText, 'a path that begins with "/"', (value) => value.startsWith('/')),
    ),
    pathType: choice('pathType', ['Exact', 'Prefix', 'ImplementationSpecific']),
    backend,
  }),
  ({ path: its, pathType }) =>
    its === undefined && pathType !== 'ImplementationSpecific'
      ? [{ code: problemCodes.incomplete, message: `A path of type ${pathType} needs path.`, path: [] }]
      : [],
)

/** The spec of a Kubernetes Ingress. */
export const kubernetesIngressSpec: Codec<KubernetesIngressSpec> = struct<KubernetesIngressSpec>('spec', {
  ingressClassName: optional(dnsName('ingressClassName')),
  defaultBackend: optional(backend),
  tls: optional(
    listOf(
      'tls',
      struct<Tls>('tls', {
        hosts: optional(listOf('hosts', host)),
        secretName: optional(dnsName('secretName')),
      }),
    ),
  ),
  rules: optional(
    listOf(
      'rules',
      struct<Rule>('a rule', {
        host: optional(host),
        http: optional(struct<NonNullable<Rule['http']>>('http', { paths: listOf('paths', path, 1) })),
      }),
    ),
  ),
})
