import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { type InboundClaim, inboundClaims } from '../listeners/inboundPorts.ts'
import { ruleText } from '../provenance.ts'
import type { Registry } from '../registry/registry.ts'
import { isHttp } from '../registry/servicePorts.ts'

/** What becomes of the ports of an instance that more than one claims: services with one port, other instances at its
 *  address, probes. Each names both. */
export const inboundDiagnostics = (
  workload: Resource<'Instance'> | Resource<'WorkloadEntry'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const key = keyOf(nameOf(workload))
  const claims = inboundClaims(workload.spec.address, registry)
  const own = claims.filter((claim) => keyOf(nameOf(claim.workload.resource)) === key)
  return own.flatMap((claim, i) => {
    const rivals = claims.filter((other) => other.port === claim.port && other !== claim)
    // Of two claims of one instance the later one tells.
    const before = rivals.filter((other) => !own.includes(other) || own.indexOf(other) < i)
    return claim.management ? probed(claim, rivals) : shared(claim, before)
  })
}

const shared = (claim: InboundClaim, rivals: readonly InboundClaim[]): readonly Diagnostic[] =>
  rivals
    .filter(({ management }) => !management)
    .flatMap((other) => [...twin(claim, other), ...otherProtocol(claim, other), ...otherTls(claim, other)])

const twin = (claim: InboundClaim, other: InboundClaim): readonly Diagnostic[] => {
  if (claim.app.host === other.app.host && claim.app.port === other.app.port) {
    if (claim.workload === other.workload || ruleText(claim.rule) !== ruleText(other.rule)) return []
    const message = `${nameAt(other)} is at ${at(claim)} too: callers see one endpoint.`
    return [{ code: 'RUT2064', severity: 'warning', path: '/spec/address', message }]
  }
  const message = `${nameAt(other)} has its application at ${app(other)} and ${nameAt(claim)} at ${app(claim)}: both answer what comes to ${at(claim)}, whoever was meant.`
  return [{ code: 'RUT2064', severity: 'warning', path: '/spec/ports', message }]
}

const otherProtocol = (claim: InboundClaim, other: InboundClaim): readonly Diagnostic[] => {
  if (claim.protocol === other.protocol || (isHttp(claim.protocol) && isHttp(other.protocol))) return []
  const message = `Port ${claim.port} is ${claim.protocol} to ${ruleText(claim.rule)} and ${other.protocol} to ${ruleText(other.rule)}: its proxy passes on connections, which carries both, and sees no requests.`
  return [{ code: 'RUT2061', severity: 'warning', path: '/spec/ports', message }]
}

const otherTls = (claim: InboundClaim, other: InboundClaim): readonly Diagnostic[] => {
  if (claim.mutualTls === other.mutualTls) return []
  const [strict, plain] = claim.mutualTls ? [claim, other] : [other, claim]
  const message = `Port ${claim.port} takes mutual TLS alone, as ${ruleText(strict.rule)} asks: callers of ${ruleText(plain.rule)}, which has it disabled, are refused.`
  return [{ code: 'RUT2062', severity: 'error', path: '/spec/ports', message }]
}

const probed = (claim: InboundClaim, rivals: readonly InboundClaim[]): readonly Diagnostic[] =>
  rivals
    .filter(({ management }) => !management)
    .slice(0, 1)
    .map((service) => ({
      code: 'RUT2063',
      severity: service.mutualTls ? 'error' : 'info',
      path: '/spec/managementPorts',
      message: service.mutualTls
        ? `Management port ${claim.port} is a port of ${ruleText(service.rule)} too, which takes mutual TLS alone: probes without a certificate are refused. Probe another port.`
        : `Management port ${claim.port} is a port of ${ruleText(service.rule)} too: probes come to the service’s application, at ${app(service)}.`,
    }))

const at = ({ address, port }: InboundClaim): string => `${address}:${port}`

const app = ({ app: { host, port } }: InboundClaim): string => `${host}:${port}`

const nameAt = ({ workload }: InboundClaim): string => keyOf(nameOf(workload.resource))
