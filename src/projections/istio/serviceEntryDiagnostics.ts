import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { capturePortDiagnostics } from '../diagnostics/capturePortDiagnostics.ts'
import { lostNames } from '../diagnostics/lostNames.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { agree, declarersOf, partsOf } from '../registry/declarers.ts'
import type { Registry } from '../registry/registry.ts'
import { isHttp, protocolOf } from '../registry/servicePorts.ts'
import { canBeTold, compileServiceEntry, spokenProtocol } from './compileServiceEntry.ts'
import { destinationRulesOf } from './destinationRuleFor.ts'
import { endpointsWithoutEffect } from './endpointsWithoutEffect.ts'
import { tlsPlaces } from './tlsPlaces.ts'
import { type Unused, unusedFields } from './unusedFields.ts'

/** All that keeps a ServiceEntry, or a part of it, from having an effect. */
export const serviceEntryDiagnostics = (
  entry: Resource<'ServiceEntry'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec } = entry
  const services = compileServiceEntry({ resource: entry, position: 0, source: '' }, registry.settings())
  return [
    ...services.flatMap((service, i) => [
      ...namesTaken(entry, service, `/spec/hosts/${i}`, registry),
      ...portsTaken(entry, service, registry),
    ]),
    ...services
      .slice(0, 1)
      .flatMap((service) => capturePortDiagnostics(service, (i) => `/spec/ports/${i}/number`, registry)),
    ...portsWithoutEffect(entry),
    ...leadsNowhere(entry, services, registry),
    ...endpointsWithoutEffect(spec),
    ...unusedFields(spec, unused),
    ...namesNotAsked(spec, services, registry),
    ...(spec.resolution === undefined || spec.resolution === 'NONE'
      ? unusedFields(spec, [['ports/*/targetPort', 'With resolution NONE the caller says the port.']])
      : []),
    ...targetsOfRequests(spec),
  ]
}

const unused: readonly Unused[] = [
  ['endpoints/*/network', 'Endpoints are called at their addresses, from every network.'],
]

const namesTaken = (
  entry: Resource<'ServiceEntry'>,
  { hostname }: CompiledService,
  path: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const winner = registry.service(hostname)
  if (winner === undefined) return []
  const key = keyOf(nameOf(winner.stored.resource))
  if (key === keyOf(nameOf(entry))) return lostNames(winner, path, registry)
  const { namespace } = entry.metadata
  const taken = { code: 'RUT2031', severity: 'warning', path } as const
  if (winner.stored.resource.kind !== 'ServiceEntry')
    return [{ ...taken, message: `${key} has ${hostname} too and goes first: requests go there.` }]
  // Callers of a namespace that has one of its own mean that.
  const first = registry
    .claimants(hostname)
    .find((one) => one.namespace === namespace || !isForItself(one)) as CompiledService
  if (first.namespace === namespace || isForItself({ namespace, ...entry.spec })) return []
  return [
    {
      ...taken,
      message: `${keyOf(nameOf(first.stored.resource))} has ${hostname} too and the smaller name: callers of other namespaces than ${namespace} go there. Let exportTo say whom each is for.`,
    },
  ]
}

/** Whether callers of its own namespace alone get it. */
const isForItself = ({
  namespace,
  exportTo = [],
}: Pick<CompiledService, 'namespace' | 'exportTo'>): boolean =>
  exportTo.length > 0 && exportTo.every((to) => to === '.' || to === namespace)

/** Ports of which an entry of the same host and namespace says something else, and goes first. */
const portsTaken = (
  { metadata, spec }: Resource<'ServiceEntry'>,
  own: CompiledService,
  registry: Registry,
): readonly Diagnostic[] => {
  const { hostname, namespace } = own
  const whole = registry.claimants(hostname).find((one) => partsOf(one).some(({ key }) => key === own.key))
  return own.ports.flatMap((port) => {
    const [first] = whole === undefined ? [] : declarersOf(whole, port)
    if (first === undefined || first.service.key === own.key || agree(first, { service: own, port }))
      return []
    const { name } = first.service.stored.resource.metadata
    return [
      {
        code: 'RUT2116',
        severity: 'warning' as const,
        path: `/spec/ports/${(spec.ports ?? []).findIndex(({ number }) => number === port.port)}`,
        message: `ServiceEntry/${namespace}/${name} says otherwise what port ${port.port} of ${hostname} speaks or how it is found, and goes before ${metadata.name}: this port has no effect.`,
      },
    ]
  })
}

/** Names of certificates that nobody asks for: no TLS is begun with its hosts, or its rule names others. */
const namesNotAsked = (
  spec: Resource<'ServiceEntry'>['spec'],
  services: readonly CompiledService[],
  registry: Registry,
): readonly Diagnostic[] =>
  (spec.subjectAltNames ?? []).length === 0 || services.some((service) => asksForNames(service, registry))
    ? []
    : unusedFields(spec, [
        [
          'subjectAltNames',
          'Proxies begin no TLS with its hosts that looks at them: a DestinationRule with tls.mode SIMPLE or MUTUAL, and no subjectAltNames of its own, would.',
        ],
      ])

const asksForNames = ({ hostname, external, ports }: CompiledService, registry: Registry): boolean =>
  ports.some(({ mutualTls }) => mutualTls) ||
  destinationRulesOf(hostname, registry).some(({ resource }) =>
    tlsPlaces(resource.spec).some(
      ({ tls: { mode, subjectAltNames, insecureSkipVerify } }) =>
        (mode === 'ISTIO_MUTUAL' && !external) ||
        ((mode === 'SIMPLE' || mode === 'MUTUAL') &&
          subjectAltNames === undefined &&
          insecureSkipVerify !== true),
    ),
  )

/** Envoy takes the port of a request that it looks a name up for from the authority too. */
const targetsOfRequests = (spec: Resource<'ServiceEntry'>['spec']): readonly Diagnostic[] =>
  spec.resolution !== 'DYNAMIC_DNS'
    ? []
    : (spec.ports ?? []).flatMap(({ number, name, protocol, targetPort }, i): readonly Diagnostic[] => {
        const spoken = protocol === undefined ? protocolOf({ name, port: number }) : spokenProtocol(protocol)
        return targetPort === undefined || spoken === undefined || !isHttp(spoken)
          ? []
          : [
              {
                code: 'RUT2011',
                severity: 'warning',
                path: `/spec/ports/${i}/targetPort`,
                message:
                  'With resolution DYNAMIC_DNS requests go to the port of their authority, without one to the port that they came for.',
              },
            ]
      })

const portsWithoutEffect = ({ spec }: Resource<'ServiceEntry'>): readonly Diagnostic[] =>
  (spec.ports ?? []).flatMap(({ number, name, protocol }, i): readonly Diagnostic[] => {
    const path = `/spec/ports/${i}/protocol`
    if (protocol === 'UDP')
      return [{ code: 'RUT2011', severity: 'warning', path, message: 'Proxies do not route UDP.' }]
    const translated: readonly Diagnostic[] =
      protocol === 'GRPC-WEB'
        ? [
            {
              code: 'RUT2011',
              severity: 'warning',
              path,
              message: 'gRPC-Web is passed on as it comes, and not translated to gRPC.',
            },
          ]
        : []
    const spoken = protocol === 'TLS' || protocol === 'HTTPS' ? 'HTTPS' : protocolOf({ name, port: number })
    const http = protocol === undefined ? isHttp(spoken) : /^(HTTP|HTTP2|GRPC|GRPC-WEB)$/.test(protocol)
    const untold = (spec.hosts ?? []).some((host) => !canBeTold({ http, protocol: spoken }, host, spec))
    return untold
      ? [
          ...translated,
          {
            code: 'RUT2060',
            severity: 'warning',
            path: `/spec/ports/${i}`,
            message:
              spec.resolution === 'DYNAMIC_DNS'
                ? 'Connections do not say which name to look up: with DYNAMIC_DNS a port speaks HTTP, HTTP2, GRPC, HTTPS or TLS. Declare the host by its whole name, with resolution DNS.'
                : 'Connections do not say which domain they are for, so a domain with * cannot be told by them. Give addresses.',
          },
        ]
      : translated
  })

const leadsNowhere = (
  { spec }: Resource<'ServiceEntry'>,
  services: readonly CompiledService[],
  registry: Registry,
): readonly Diagnostic[] => {
  if ((spec.ports ?? []).length === 0)
    return [
      {
        code: 'RUT2113',
        severity: 'warning',
        path: '/spec',
        message: 'It has no ports: nothing is reached by it.',
      },
    ]
  if (spec.resolution !== 'STATIC') return []
  return services.flatMap(({ hostname, key, ports }) => {
    // What another entry of the host adds is there too.
    const service = registry.claimants(hostname).find((one) => partsOf(one).some((part) => part.key === key))
    const port = service?.ports.find((one) => one.port === ports[0]?.port)
    if (service === undefined || port === undefined || registry.endpointsOf(service, port).length > 0)
      return []
    return [
      {
        code: 'RUT2113',
        severity: 'warning' as const,
        path: spec.workloadSelector === undefined ? '/spec' : '/spec/workloadSelector',
        message: `There is no endpoint of ${hostname} with an IP address: what goes there fails.`,
      },
    ]
  })
}
