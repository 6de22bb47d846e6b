import type { EgressRuleSpec } from '../model/egressRule.ts'
import { isAddress } from '../model/isAddress.ts'
import type { IstioProtocol, ServiceEntrySpec } from '../model/istio/serviceEntry.ts'
import type { Resource } from '../model/resource.ts'
import { type Lose, loseOthers } from './loss.ts'

/** The EgressRules that a ServiceEntry comes to, one for each host or subnet. `tlsPorts` are the ports of a host to
 *  which DestinationRules add TLS. */
export const egressRulesOf = (
  { metadata: { name, namespace }, spec }: Resource<'ServiceEntry'>,
  tlsPorts: (host: string) => ReadonlySet<number>,
  lose: Lose,
): readonly Resource<'EgressRule'>[] => {
  const elsewhere = foundElsewhere(spec)
  if (elsewhere !== undefined) {
    lose(...elsewhere)
    return []
  }
  loseOthers(spec, ['hosts', 'addresses', 'ports', 'location', 'resolution', 'endpoints'], '/spec', lose)
  const subnets = (spec.addresses ?? []).filter((address) => address.includes('/'))
  const bySubnet = (spec.resolution ?? 'NONE') === 'NONE' && subnets.length > 0
  const places = bySubnet ? subnets : spec.hosts
  return places.flatMap((where, h): readonly Resource<'EgressRule'>[] => {
    const told = h === 0 ? lose : () => {}
    if (!bySubnet && !canBeFound(where, spec)) {
      lose(
        `/spec/hosts/${h}`,
        'EgressRules find hosts by DNS, and go on only to what a domain with * takes: it is left out',
      )
      return []
    }
    if (!bySubnet && (spec.addresses ?? []).some((address) => address !== where))
      told('/spec/addresses', 'hosts of EgressRules have no addresses of their own')
    const ports = portsOf(spec, where, tlsPorts(where), told)
    if (ports.length === 0) return []
    const suffix = places.length === 1 ? '' : `-${h}`
    return [
      {
        apiVersion: 'config.istio.io/v1alpha2',
        kind: 'EgressRule',
        metadata: { name: `${name}${suffix}`, namespace },
        spec: { destination: { service: where }, ports },
      },
    ]
  })
}

/** What sends its requests elsewhere than an EgressRule would. */
const foundElsewhere = (spec: ServiceEntrySpec): readonly [string, string] | undefined => {
  if (spec.location === 'MESH_INTERNAL')
    return ['/spec/location', 'EgressRules are for hosts outside of the mesh: the document is left out']
  if (spec.workloadSelector !== undefined)
    return ['/spec/workloadSelector', 'EgressRules select no workloads: the document is left out']
  if (spec.resolution === 'DNS_ROUND_ROBIN')
    return ['/spec/resolution', 'EgressRules go to all that DNS tells: the document is left out']
  if (spec.resolution === 'DYNAMIC_DNS')
    return ['/spec/resolution', 'EgressRules do not look up the name asked for: the document is left out']
  const own = spec.hosts.length === 1 && isAddress(spec.hosts[0] ?? '')
  const itself =
    own && spec.endpoints?.every((one) => Object.keys(one).length === 1 && one.address === spec.hosts[0])
  return spec.endpoints === undefined || itself
    ? undefined
    : ['/spec/endpoints', 'EgressRules have no endpoints: the document is left out']
}

const canBeFound = (host: string, { resolution = 'NONE', endpoints }: ServiceEntrySpec): boolean => {
  if (isAddress(host)) return resolution === 'DNS' || endpoints !== undefined
  return host.startsWith('*') ? resolution === 'NONE' : resolution === 'DNS'
}

const protocols: Readonly<Partial<Record<IstioProtocol, string>>> = {
  HTTP: 'HTTP',
  HTTP2: 'HTTP2',
  GRPC: 'GRPC',
  TCP: 'TCP',
  MYSQL: 'TCP',
  REDIS: 'TCP',
  MONGO: 'Mongo',
}

const portsOf = (
  { ports = [] }: ServiceEntrySpec,
  where: string,
  tls: ReadonlySet<number>,
  lose: Lose,
): EgressRuleSpec['ports'] =>
  ports.flatMap(({ number, name, protocol, targetPort = number }, i) => {
    const path = `/spec/ports/${i}`
    const spoken = protocol ?? byName(name)
    const said = protocol === undefined ? 'name' : 'protocol'
    const found = tls.has(number) && spoken === 'HTTP' ? 'HTTPS' : protocols[spoken]
    const byConnection = found === 'TCP' || found === 'Mongo'
    const refusal =
      targetPort !== number
        ? (['targetPort', 'EgressRules go to the port that is asked for'] as const)
        : found === undefined
          ? ([said, 'of EgressRules, HTTPS is TLS that the proxy adds; they pass none on'] as const)
          : where.includes('/') && !byConnection
            ? ([said, 'of a subnet an EgressRule takes TCP and Mongo alone'] as const)
            : where.startsWith('*') && byConnection
              ? ([said, 'connections do not say which domain they are for'] as const)
              : undefined
    if (refusal === undefined && found !== undefined) return [{ port: number, protocol: found }]
    if (refusal !== undefined) lose(`${path}/${refusal[0]}`, `${refusal[1]}: the port is left out`)
    return []
  })

const byName = (name: string): IstioProtocol => {
  const prefix = name.split('-')[0]?.toUpperCase() as IstioProtocol
  return prefix in protocols || prefix === 'HTTPS' || prefix === 'TLS' ? prefix : 'TCP'
}
