import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import type { CompiledService } from '../compiledService.ts'
import { lostNames } from '../lostNames.ts'
import type { Registry } from '../registry.ts'
import { isHttp, protocolOf } from '../servicePorts.ts'
import { canBeTold, compileServiceEntry } from './compileServiceEntry.ts'
import { type Unused, unusedFields } from './unusedFields.ts'

/** All that keeps a ServiceEntry, or a part of it, from having an effect. */
export const serviceEntryDiagnostics = (
  entry: Resource<'ServiceEntry'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec } = entry
  const services = compileServiceEntry({ resource: entry, position: 0, source: '' }, registry.settings())
  return [
    ...services.flatMap((service, i) => namesTaken(entry, service, `/spec/hosts/${i}`, registry)),
    ...portsWithoutEffect(entry),
    ...leadsNowhere(entry, services, registry),
    ...unusedFields(spec, unused),
    ...(spec.resolution === undefined || spec.resolution === 'NONE'
      ? unusedFields(spec, [['ports/*/targetPort', 'With resolution NONE the caller says the port.']])
      : []),
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
  return [
    {
      code: 'RUT2031',
      severity: 'warning',
      path,
      message: `${key} has ${hostname} too and goes first: requests go there. Put all ports of a host into one ServiceEntry.`,
    },
  ]
}

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
    const untold = (spec.hosts ?? []).some(
      (host) => !canBeTold({ http, protocol: spoken }, host, spec.addresses ?? []),
    )
    return untold
      ? [
          ...translated,
          {
            code: 'RUT2060',
            severity: 'warning',
            path: `/spec/ports/${i}`,
            message:
              'Connections do not say which domain they are for, so a domain with * cannot be told by them. Give addresses.',
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
  return services.flatMap(({ hostname, key }) => {
    const service = registry.serviceNamed(key)
    const [port] = service?.ports ?? []
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
