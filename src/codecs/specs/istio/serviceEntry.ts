import type { IstioProtocol, ServiceEntryPort, ServiceEntrySpec } from '../../../model/istio/serviceEntry.ts'
import type { WorkloadEntrySpec } from '../../../model/istio/workloadEntry.ts'
import { canonicalIp, ipVersion } from '../../ipAddress.ts'
import { problemCodes } from '../../problemCode.ts'
import { choice, choiceInAnyCase } from '../../shapes/choice.ts'
import { type Codec, checked, type Finding, inForm } from '../../shapes/codec.ts'
import { duplicates } from '../../shapes/duplicates.ts'
import { listOf } from '../../shapes/listOf.ts'
import { mapOf } from '../../shapes/mapOf.ts'
import { dnsLabel, isDnsName, labels } from '../../shapes/names.ts'
import { port, subnet } from '../../shapes/network.ts'
import { wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'
import { exportTo, host, workloadSelector } from './selectors.ts'

/** What a port speaks, in Istio's words and in any case. */
export const istioProtocol: Codec<IstioProtocol> = choiceInAnyCase<IstioProtocol>('protocol', [
  'HTTP',
  'HTTPS',
  'GRPC',
  'GRPC-WEB',
  'HTTP2',
  'MONGO',
  'MYSQL',
  'REDIS',
  'TCP',
  'TLS',
  'UDP',
])

/** A port's name. */
export const portName: Codec<string> = dnsLabel('port name')

/** The spec of a WorkloadEntry, also inside of a ServiceEntry. */
export const workloadEntrySpec: Codec<WorkloadEntrySpec> = struct<WorkloadEntrySpec>('a workload', {
  address: inForm(
    canonicalIp,
    text(
      'address',
      problemCodes.badAddress,
      'an IP address or a hostname',
      (value) => ipVersion(value) !== undefined || isDnsName(value) || value.startsWith('unix://'),
    ),
  ),
  ports: optional(mapOf('ports', portName, port)),
  labels: optional(labels),
  network: optional(plainText('network', 253)),
  locality: optional(plainText('locality', 253)),
  weight: optional(wholeNumber('weight', 0, 128)),
  serviceAccount: optional(plainText('serviceAccount', 253)),
})

const entryPort = struct<ServiceEntryPort>('a port', {
  number: port,
  name: portName,
  protocol: optional(istioProtocol),
  targetPort: optional(port),
})

const isIp = (address: string): boolean => ipVersion(address) !== undefined

/** The spec of a ServiceEntry; endpoints of a STATIC one have IP addresses, a DNS one has no wildcard host, a DYNAMIC_DNS
 *  one no other. */
export const serviceEntrySpec: Codec<ServiceEntrySpec> = checked(
  struct<ServiceEntrySpec>('spec', {
    hosts: listOf('hosts', host, 1),
    addresses: optional(listOf('addresses', subnet)),
    ports: optional(listOf('ports', entryPort)),
    location: optional(choice('location', ['MESH_EXTERNAL', 'MESH_INTERNAL'])),
    resolution: optional(choice('resolution', ['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'])),
    endpoints: optional(listOf('endpoints', workloadEntrySpec)),
    workloadSelector: optional(workloadSelector),
    exportTo: optional(exportTo),
    subjectAltNames: optional(listOf('subjectAltNames', plainText('name', 1024))),
  }),
  (spec) => [
    ...duplicatePorts(spec),
    ...endpointsOf(spec),
    ...wildcards(spec),
    ...anyHost(spec),
    ...(spec.resolution === 'DYNAMIC_DNS' ? askedNames(spec) : []),
  ],
)

const duplicatePorts = ({ ports = [] }: ServiceEntrySpec): readonly Finding[] => [
  ...duplicates(
    ports,
    ({ name }) => name,
    'port name',
    (i) => ['ports', i, 'name'],
  ),
  ...duplicates(
    ports,
    ({ number }) => number,
    'port',
    (i) => ['ports', i, 'number'],
  ),
]

const endpointsOf = (spec: ServiceEntrySpec): readonly Finding[] => {
  const { resolution = 'NONE', endpoints = [], workloadSelector: selector } = spec
  if (endpoints.length > 0 && selector !== undefined)
    return [excluded('endpoints and workloadSelector exclude each other.', ['endpoints'])]
  if (resolution === 'NONE' && endpoints.length > 0)
    return [excluded('With resolution NONE connections go where the caller wants them.', ['endpoints'])]
  if (resolution === 'DYNAMIC_DNS') return []
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    return [excluded('With resolution DNS_ROUND_ROBIN there is one endpoint at most.', ['endpoints', 1])]
  if (resolution === 'STATIC')
    return endpoints.flatMap(({ address }, i) =>
      isIp(address)
        ? []
        : [
            {
              code: problemCodes.badAddress,
              message: `With resolution STATIC an endpoint has an IP address; found "${address}".`,
              path: ['endpoints', i, 'address'],
            },
          ],
    )
  return endpoints.flatMap(({ address }, i) =>
    address.startsWith('unix://')
      ? [excluded('A socket of the file system needs resolution STATIC.', ['endpoints', i, 'address'])]
      : [],
  )
}

const wildcards = ({ hosts, resolution = 'NONE', endpoints = [] }: ServiceEntrySpec): readonly Finding[] =>
  resolution.startsWith('DNS') && endpoints.length === 0
    ? hosts.flatMap((one, i) =>
        one.startsWith('*')
          ? [excluded(`"${one}" cannot be asked of DNS; give endpoints, or resolution NONE.`, ['hosts', i])]
          : [],
      )
    : []

const anyHost = ({ hosts }: ServiceEntrySpec): readonly Finding[] =>
  hosts.flatMap((one, i) =>
    one === '*' ? [excluded('A host of a ServiceEntry is not "*" alone.', ['hosts', i])] : [],
  )

/** As Istio's validation has it, but that what it ignores is refused here. */
const askedNames = ({ hosts, endpoints, workloadSelector: selector, location }: ServiceEntrySpec) => [
  ...hosts.flatMap((one, i) =>
    one.startsWith('*')
      ? []
      : [
          excluded(`With resolution DYNAMIC_DNS a host begins with "*."; use DNS for "${one}".`, [
            'hosts',
            i,
          ]),
        ],
  ),
  ...(endpoints !== undefined && endpoints.length > 0 ? [excluded(askedAlone, ['endpoints'])] : []),
  ...(selector === undefined ? [] : [excluded(askedAlone, ['workloadSelector'])]),
  ...(location === 'MESH_INTERNAL'
    ? [
        excluded('With resolution DYNAMIC_DNS the hosts are outside of the mesh: MESH_EXTERNAL.', [
          'location',
        ]),
      ]
    : []),
]

const askedAlone =
  'With resolution DYNAMIC_DNS connections go to the name that is asked for; use DNS or STATIC for endpoints.'

const excluded = (message: string, path: Finding['path']): Finding => ({
  code: problemCodes.excluded,
  message,
  path,
})
