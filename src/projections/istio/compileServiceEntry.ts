import type { IstioProtocol, ServiceEntryPort, ServiceEntrySpec } from '../../model/istio/serviceEntry.ts'
import type { Stored } from '../../model/mesh.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { Protocol } from '../../model/service.ts'
import type { CompiledPort, CompiledService, Found } from '../registry/compiledService.ts'
import { isHttp, protocolOf } from '../registry/servicePorts.ts'

/** The services that `stored` declares, one for each host. Their keys are greater than every service's and smaller
 *  than those of egress rules. */
export const compileServiceEntry = (
  stored: Stored<'ServiceEntry'>,
  settings: Pick<MeshSettingsSpec, 'authPolicy'>,
): readonly CompiledService[] => {
  const { metadata, spec } = stored.resource
  const { hosts, addresses = [], exportTo, subjectAltNames } = spec
  const subnets = addresses.filter((address) => address.includes('/'))
  const external = spec.location !== 'MESH_INTERNAL'
  // Within the mesh proxies stand in front of its endpoints too; who is found by the caller alone has no name to show.
  const mutualTls =
    !external && (spec.resolution ?? 'NONE') !== 'NONE' && settings.authPolicy === 'MUTUAL_TLS'
  return hosts.map((hostname) => {
    const ports = (spec.ports ?? []).flatMap((port) => portOf(port, mutualTls) ?? [])
    return {
      key: `~ServiceEntry/${metadata.namespace}/${metadata.name}/${hostname}`,
      stored,
      namespace: metadata.namespace,
      hostname,
      addresses: [...new Set(addresses)].filter((address) => !address.includes('/')),
      ...(subnets.length === 0 ? {} : { subnets }),
      external,
      found: foundOf(hostname, spec),
      serverNames: [hostname],
      ...(subjectAltNames && { subjectAltNames }),
      ...(exportTo && { exportTo }),
      ports: ports.filter((port) => canBeTold(port, hostname, spec)),
    }
  })
}

/** False for a port whose connections do not say that they are for `hostname`. */
export const canBeTold = (
  { http, protocol }: Pick<CompiledPort, 'http' | 'protocol'>,
  hostname: string,
  { addresses = [], resolution }: Pick<ServiceEntrySpec, 'addresses' | 'resolution'>,
): boolean =>
  http ||
  protocol === 'HTTPS' ||
  // An address tells whom it is for, and not which name to look up.
  (addresses.length > 0 && resolution !== 'DYNAMIC_DNS') ||
  !hostname.startsWith('*')

const foundOf = (hostname: string, spec: ServiceEntrySpec): Found => {
  const { resolution = 'NONE', endpoints, workloadSelector } = spec
  const labels = workloadSelector?.labels ?? workloadSelector?.matchLabels
  const where = {
    ...(labels && { selector: labels }),
    ...(endpoints && endpoints.length > 0 ? { endpoints } : {}),
  }
  switch (resolution) {
    case 'NONE':
      return { by: 'caller' }
    case 'STATIC':
      return { by: 'registry', ...where }
    case 'DNS':
      return { by: 'dns', name: hostname, ...where }
    case 'DNS_ROUND_ROBIN':
      return { by: 'dns', name: hostname, ...where, once: true }
    case 'DYNAMIC_DNS':
      return { by: 'askedName' }
  }
}

const protocols: Readonly<Record<Exclude<IstioProtocol, 'UDP'>, Protocol>> = {
  HTTP: 'HTTP',
  HTTPS: 'HTTPS',
  GRPC: 'GRPC',
  'GRPC-WEB': 'GRPC',
  HTTP2: 'HTTP2',
  MONGO: 'Mongo',
  MYSQL: 'TCP',
  REDIS: 'Redis',
  TCP: 'TCP',
  TLS: 'HTTPS',
}

/** What a port of Istio's `protocol` speaks; UDP is not routed. */
export const spokenProtocol = (protocol: IstioProtocol): Protocol | undefined =>
  protocol === 'UDP' ? undefined : protocols[protocol]

/** `port` as projections read it; UDP is not routed. TLS, which HTTPS is too, is passed on as it comes. */
const portOf = (
  { number, name, protocol, targetPort }: ServiceEntryPort,
  mutualTls: boolean,
): CompiledPort | undefined => {
  const spoken = protocol === undefined ? protocolOf({ name, port: number }) : spokenProtocol(protocol)
  if (spoken === undefined) return undefined
  return {
    name,
    port: number,
    protocol: spoken,
    http: isHttp(spoken),
    ...(mutualTls && { mutualTls }),
    ...(targetPort === undefined ? {} : { targetPort }),
  }
}
