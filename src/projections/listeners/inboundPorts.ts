import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { Protocol } from '../../model/service.ts'
import type { Workload } from '../istio/workloadSelection.ts'
import { type Provenance, provenanceOf } from '../provenance.ts'
import type { Registry } from '../registry/registry.ts'
import { isHttp } from '../registry/servicePorts.ts'

type App = { readonly host: string; readonly port: number }

/** What one port of one service, or a probe, wants of a port of a workload. */
export type InboundClaim = {
  readonly address: string
  readonly port: number
  /** Where the application listens. */
  readonly app: App
  readonly protocol: Protocol
  readonly mutualTls: boolean
  /** It is a management port: whoever probes it has no certificate. */
  readonly management: boolean
  /** The service; of a management port the workload. */
  readonly rule: Provenance
  readonly workload: Workload
}

/** A port of a workload as its proxy serves it, to all who claim it. */
export type InboundPort = {
  readonly address: string
  readonly port: number
  readonly protocol: Protocol
  /** Services call it HTTP and HTTP/2: the application is spoken to as the caller speaks. */
  readonly asCaller: boolean
  /** Every application that is declared for it. */
  readonly apps: readonly App[]
  readonly mutualTls: boolean
  /** The first of those who claim it. */
  readonly rule: Provenance
}

/** All that is wanted of the ports of the workloads at `ip`, of `namespace` or, without one, of any, in the order of
 *  workloads and services. */
export const inboundClaims = (ip: string, registry: Registry, namespace?: string): readonly InboundClaim[] =>
  sortedByKey(registry.workloadsAt(ip))
    .filter(isOf(namespace))
    .flatMap((workload) => [
      ...[...registry.servedBy(workload)]
        .sort((a, b) => byCodeUnit(a.service.key, b.service.key))
        .flatMap(({ service, endpoints }) =>
          endpoints.map(({ port: { protocol, mutualTls = false }, endpoint: { address, port, app } }) => {
            const rule = provenanceOf(service.stored)
            return { address, port, app, protocol, mutualTls, management: false, rule, workload }
          }),
        ),
      ...managementPorts(workload).map(({ port, protocol = 'TCP' as const }) => ({
        address: workload.resource.spec.address,
        port,
        app: { host: '127.0.0.1', port },
        protocol,
        mutualTls: false,
        management: true,
        rule: provenanceOf(workload),
        workload,
      })),
    ])

const isOf =
  (namespace: string | undefined) =>
  ({ resource }: Workload): boolean =>
    namespace === undefined || resource.metadata.namespace === namespace

const managementPorts = ({ resource }: Workload) =>
  resource.kind === 'Instance' ? (resource.spec.managementPorts ?? []) : []

/** The ports of the workloads at `ip` (`inboundClaims`). Whoever claims a port is served there: what only some call HTTP is passed on by
 *  connection, which carries both; it takes mutual TLS when anybody asks for it; a probe comes to the service. */
export const inboundPorts = (ip: string, registry: Registry, namespace?: string): readonly InboundPort[] => {
  const claims = new Map<string, InboundClaim[]>()
  for (const claim of inboundClaims(ip, registry, namespace)) {
    const key = `${claim.address} ${claim.port}`
    const its = claims.get(key)
    if (its === undefined) claims.set(key, [claim])
    else its.push(claim)
  }
  return [...claims.values()].flatMap((all) => {
    const services = all.filter(({ management }) => !management)
    return served(services.length > 0 ? services : all)
  })
}

const served = (claims: readonly InboundClaim[]): readonly InboundPort[] => {
  const [first] = claims
  if (first === undefined) return []
  const { address, port, rule } = first
  const protocols = new Set(claims.map(({ protocol }) => protocol))
  const apps = new Map(claims.map(({ app }) => [`${app.host} ${app.port}`, app]))
  return [
    {
      address,
      port,
      ...spokenBy(protocols, first.protocol),
      apps: [...apps.values()],
      mutualTls: claims.some(({ mutualTls }) => mutualTls),
      rule,
    },
  ]
}

const spokenBy = (
  protocols: ReadonlySet<Protocol>,
  first: Protocol,
): Pick<InboundPort, 'protocol' | 'asCaller'> => {
  if (protocols.size === 1) return { protocol: first, asCaller: false }
  if (![...protocols].every(isHttp)) return { protocol: 'TCP', asCaller: false }
  const http1 = protocols.has('HTTP')
  return { protocol: http1 ? 'HTTP' : 'HTTP2', asCaller: http1 }
}

const sortedByKey = (workloads: Iterable<Workload>): Workload[] =>
  [...workloads].sort((a, b) => byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource))))
