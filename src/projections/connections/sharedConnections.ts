import type { Diagnostic } from '../../model/diagnostic.ts'
import { byCodeUnit } from '../../model/resourceName.ts'
import { anyAddress } from '../anyAddress.ts'
import { provenanceOf, ruleText } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { partsOf } from '../registry/declarers.ts'
import type { Registry } from '../registry/registry.ts'

/** Under which services contend for the connections to a port: its addresses and number; of HTTP any address. */
export const connectionClaims = ({ addresses }: CompiledService, port: CompiledPort): readonly string[] => {
  if (port.http) return [httpClaim(port.port)]
  return (addresses.length === 0 ? [anyAddress] : addresses).map((address) => `${address} ${port.port}`)
}

const isMeant = (service: CompiledService, registry: Registry): boolean => {
  const meant = registry.service(service.hostname)
  return meant !== undefined && partsOf(meant).includes(service)
}

const httpClaim = (port: number): string => `http ${port}`

/** What becomes of connections to ports of `service` that others want too. Each names both. */
export const sharedConnections = (service: CompiledService, registry: Registry): readonly Diagnostic[] =>
  service.ports.flatMap((port, i) => {
    if (port.http || isTold(service, port)) return []
    const path = `/spec/ports/${i}`
    const claimants = (claim: string): readonly CompiledService[] =>
      [...registry.connectionClaims.get(claim)]
        .filter((other) => other !== service && isMeant(other, registry))
        .sort((a, b) => byCodeUnit(a.key, b.key))
    const rivals = (claim: string): readonly CompiledService[] =>
      claimants(claim).filter((other) =>
        other.ports.some((one) => one.port === port.port && !one.http && !isTold(other, one)),
      )
    const claims = connectionClaims(service, port)
    if (service.addresses.length > 0)
      return claims.flatMap((claim) =>
        rivals(claim)
          .filter((other) => other.key < service.key)
          .slice(0, 1)
          .map((other) => sameAddress(claim.replace(' ', ':'), other, service, path)),
      )
    return [
      ...claims
        .flatMap(rivals)
        .slice(0, 1)
        .map((other) => sameWildcard(other, port.port, path)),
      ...claimants(httpClaim(port.port))
        .slice(0, 1)
        .map((other) => besideHttp(other, port.port, path)),
    ]
  })

/** Its connections name it, or go to its addresses. */
const isTold = (
  { addresses, subnets = [], serverNames = [] }: CompiledService,
  { protocol }: CompiledPort,
): boolean =>
  addresses.length === 0 && (subnets.length > 0 || (protocol === 'HTTPS' && serverNames.length > 0))

const nameOf = ({ stored }: CompiledService): string => ruleText(provenanceOf(stored))

const sameAddress = (
  place: string,
  other: CompiledService,
  service: CompiledService,
  path: string,
): Diagnostic => ({
  code: 'RUT2065',
  severity: 'warning',
  path,
  message: `${nameOf(other)} has ${place} too and the smaller name: connections to it go there, and none to ${nameOf(service)}.`,
})

const sameWildcard = (other: CompiledService, port: number, path: string): Diagnostic => ({
  code: 'RUT2066',
  severity: 'warning',
  path,
  message: `Without addresses of their own, connections to port ${port} of this service and of ${nameOf(other)} cannot be told apart: each goes on to where it was going, without policies, subsets or mutual TLS. Give them addresses.`,
})

const besideHttp = (other: CompiledService, port: number, path: string): Diagnostic => ({
  code: 'RUT2067',
  severity: 'info',
  path,
  message: `${nameOf(other)} is called by HTTP on port ${port}: without an address of its own, connections to this service are told from requests by what comes first, and wait 5 s where the server speaks first. Give it an address.`,
})
