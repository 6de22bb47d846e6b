import { isAddress } from '../model/isAddress.ts'
import type { ServiceEntryPort, ServiceEntrySpec } from '../model/istio/serviceEntry.ts'
import type { Resource } from '../model/resource.ts'
import type { Lose } from './loss.ts'

/** A ServiceEntry, and the ports of its host to which proxies add TLS, which a DestinationRule says. */
export type OutsideHost = {
  readonly entry: Resource<'ServiceEntry'>
  readonly host: string
  readonly tlsPorts: readonly number[]
}

/** What an EgressRule declares, in Istio's words; `undefined` where they have none. */
export const entryOfEgressRule = (
  { metadata: { name, namespace }, spec }: Resource<'EgressRule'>,
  lose: Lose,
): OutsideHost | undefined => {
  const where = spec.destination.service ?? ''
  if (where === '*') {
    lose('/spec/destination/service', 'a ServiceEntry is not for every host: the document is left out')
    return undefined
  }
  const kept = spec.ports.filter(({ protocol }, i) => {
    if (protocol !== 'HTTPS' || !isAddress(where)) return true
    lose(`/spec/ports/${i}/protocol`, 'TLS to an address has no name to verify: the port is left out')
    return false
  })
  if (kept.length === 0) return undefined
  // A subnet has no name, and a ServiceEntry has one.
  const host = where.includes('/') ? `${name}.${namespace}.egress` : where
  return {
    host,
    tlsPorts: kept.flatMap(({ port, protocol }) => (protocol === 'HTTPS' ? [port] : [])),
    entry: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name, namespace },
      spec: { hosts: [host], ...found(where), location: 'MESH_EXTERNAL', ports: kept.map(portOf) },
    },
  }
}

const found = (where: string): Pick<ServiceEntrySpec, 'addresses' | 'resolution'> => {
  if (where.includes('/')) return { addresses: [where], resolution: 'NONE' }
  if (isAddress(where)) return { addresses: [where], resolution: 'DNS' }
  return { resolution: where.startsWith('*') ? 'NONE' : 'DNS' }
}

const portOf = ({ port, protocol }: Resource<'EgressRule'>['spec']['ports'][number]): ServiceEntryPort => {
  // The caller speaks plain HTTP to an HTTPS port.
  const spoken =
    protocol === 'HTTPS' ? 'HTTP' : (protocol.toUpperCase() as ServiceEntryPort['protocol'] & string)
  return { number: port, name: `${spoken.toLowerCase()}-${port}`, protocol: spoken }
}
