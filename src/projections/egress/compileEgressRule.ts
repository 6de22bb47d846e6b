import { isAddress } from '../../model/isAddress.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Protocol } from '../../model/service.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { isHttp } from '../registry/servicePorts.ts'

/** The hosts outside of the mesh that `stored` declares, as a service of their name. Its key is greater than every
 *  service's: a service of the mesh goes first. A domain with `*` has no port that is routed by connection, for
 *  connections do not say which domain they are for. */
export const compileEgressRule = (stored: Stored<'EgressRule'>): CompiledService => {
  const { metadata, spec } = stored.resource
  const hostname = spec.destination.service ?? ''
  const ports = spec.ports.map(({ port, protocol }) => egressPort(port, protocol as Protocol))
  const isDomain = hostname.startsWith('*')
  const isSubnet = hostname.includes('/')
  return {
    key: `~egress/${metadata.namespace}/${metadata.name}`,
    stored,
    namespace: metadata.namespace,
    hostname,
    addresses: isAddress(hostname) ? [hostname] : [],
    external: true,
    found: isDomain || isSubnet ? { by: 'caller' } : { by: 'dns', name: hostname },
    ...(isSubnet ? { subnets: [hostname] } : { serverNames: [hostname] }),
    ports: isDomain ? ports.filter(({ http }) => http) : ports,
  }
}

// The caller speaks plain HTTP to an HTTPS port: its proxy adds the TLS.
const egressPort = (port: number, protocol: Protocol): CompiledPort => ({
  name: `external-${protocol}-${port}`,
  port,
  protocol,
  http: isHttp(protocol) || protocol === 'HTTPS',
})
