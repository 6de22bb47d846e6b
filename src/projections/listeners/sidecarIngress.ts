import type { IstioConnectionPool } from '../../model/istio/destinationRule.ts'
import type { Stored } from '../../model/mesh.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { proxyIps } from '../../model/proxyIps.ts'
import type { Protocol } from '../../model/service.ts'
import type { SidecarIngress } from '../../model/sidecar.ts'
import type { ClusterPolicy } from '../clusters/clusterPolicy.ts'
import { spokenProtocol } from '../istio/compileServiceEntry.ts'
import { compileTrafficPolicy } from '../istio/compileTrafficPolicy.ts'
import { type EndedTls, serverTls } from '../istio/gateway/serverTls.ts'
import { provenanceOf } from '../provenance.ts'
import { isHttp, protocolNamed } from '../registry/servicePorts.ts'
import type { InboundPort } from './inboundPorts.ts'
import { ingressTls } from './ingressTls.ts'
import { localEndpoint } from './localEndpoint.ts'

/** A port as a proxy serves it under a Sidecar. */
export type ServedPort = InboundPort & {
  /** It is reached by captured connections alone, and not bound. */
  readonly captured: boolean
  readonly pool?: ClusterPolicy
  /** How the TLS of callers is ended, where it takes no mutual TLS. */
  readonly tls?: EndedTls
}

/** The inbound ports of a proxy at `ips`: as services and probes claim them, or, where `sidecar` has any ingress, those alone
 *  that it names, with its endpoint in place of the declared applications, and none that is to end TLS and has no
 *  certificate. Mutual TLS stays what services ask for, and goes before an ingress's TLS. */
export const servedPorts = (
  claimed: readonly InboundPort[],
  sidecar: Stored<'Sidecar'> | undefined,
  { ips, captured: isCaptured }: { readonly ips: ReturnType<typeof proxyIps>; readonly captured: boolean },
  settings: Required<MeshSettingsSpec>,
): readonly ServedPort[] => {
  const { ingress = [], inboundConnectionPool } = sidecar?.resource.spec ?? {}
  const poolOf = (own: IstioConnectionPool | undefined): Pick<ServedPort, 'pool'> => {
    const connectionPool = own ?? inboundConnectionPool
    return connectionPool === undefined ? {} : { pool: compileTrafficPolicy({ connectionPool }, settings) }
  }
  if (sidecar === undefined || ingress.length === 0)
    return claimed.map((port) => ({ ...port, captured: isCaptured, ...poolOf(undefined) }))
  return ingress.flatMap((one) => {
    const claim = claimed.find(({ port }) => port === one.port.number)
    const mutualTls = claim?.mutualTls ?? false
    const ended = mutualTls ? undefined : ingressTls(one)
    const protocol = spokenAt(one, claim, ended !== undefined)
    if (protocol === undefined) return []
    const tls = ended && serverTls(ended, { namespace: '', http: isHttp(protocol) })
    if (ended !== undefined && tls === undefined) return []
    const captured = isCaptured && one.captureMode !== 'NONE'
    const { number: port } = one.port
    // Captured connections find their listener by the address that they go to.
    const addresses = captured || one.bind === undefined ? ips : [one.bind]
    return addresses.map((address) => ({
      address,
      port,
      protocol,
      asCaller: claim?.asCaller === true && claim.protocol === protocol,
      apps: [applicationAt(one, ips[0])],
      mutualTls,
      ...(tls && { tls }),
      rule: provenanceOf(sidecar),
      captured,
      ...poolOf(one.connectionPool),
    }))
  })
}

const spokenAt = (
  { port: { protocol, name = '' } }: SidecarIngress,
  claim: InboundPort | undefined,
  isEnded: boolean,
): Protocol | undefined => {
  if (isEnded && protocol === 'TLS') return 'TCP'
  const spoken =
    protocol === undefined ? (protocolNamed(name) ?? claim?.protocol ?? 'TCP') : spokenProtocol(protocol)
  return isEnded && spoken === 'HTTPS' ? 'HTTP' : spoken
}

const applicationAt = (
  { defaultEndpoint, port: { number } }: SidecarIngress,
  ip: string,
): InboundPort['apps'][number] =>
  defaultEndpoint === undefined ? { host: '127.0.0.1', port: number } : localEndpoint(defaultEndpoint, ip)
