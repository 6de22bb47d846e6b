import type { Protocol } from '../../model/service.ts'
import { clusterByAuthority } from '../egress/forwardByAuthority.ts'
import { originatedTlsJson } from '../egress/originatedTls.ts'
import { envoyDuration } from '../envoyDuration.ts'
import type { LocalityShare } from '../istio/localityShare.ts'
import type { JsonObject } from '../json.ts'
import { upstreamMutualTlsJson } from '../mutualTls/mutualTlsJson.ts'
import { type Provenance, resourceMetadata } from '../provenance.ts'
import type { Endpoint } from '../registry/instanceEndpoints.ts'
import { socketAddress } from '../socketAddress.ts'
import { clusterHttpJson } from './clusterHttp.ts'
import { inboundCluster, outboundCluster } from './clusterName.ts'
import { type ClusterPolicy, clusterPolicyJson } from './clusterPolicy.ts'
import { endpointsJson } from './endpointsJson.ts'
import { proxyProtocolJson } from './proxyProtocol.ts'
import { upstreamTlsJson } from './upstreamTls.ts'

type Rule = Omit<Provenance, 'position'>

/** Where connections go that no service declares, to their original destination. */
export const passthroughClusterName = 'PassthroughCluster'
/** Where connections to the application go whose port no instance declares. */
export const inboundPassthroughClusterName = 'InboundPassthroughCluster'
/** A cluster without endpoints: connections to it are closed. */
export const blackHoleClusterName = 'BlackHoleCluster'

/** The cluster of outbound connections to what no service declares. */
export const undeclaredClusterName = (undeclaredOutbound: 'passthrough' | 'refuse'): string =>
  undeclaredOutbound === 'passthrough' ? passthroughClusterName : blackHoleClusterName

/** The cluster by which callers reach `port` of a service, or a subset of it: endpoints over ADS under the
 *  cluster's own name, or by DNS for a service outside of the mesh. */
export const outboundClusterJson = (service: {
  readonly hostname: string
  readonly port: number
  readonly protocol: Protocol
  /** As `subsetName` gives it; '' for all endpoints. */
  readonly subset: string
  readonly connectTimeoutMs: number
  readonly policy?: ClusterPolicy
  readonly externalName?: string
  /** Whose addresses DNS is asked for instead of the name; none leads nowhere. */
  readonly endpoints?: readonly Endpoint[]
  /** How endpoints in several places are shared out. */
  readonly share?: LocalityShare | undefined
  /** Of what DNS says only one address at a time is used, as Istio's DNS_ROUND_ROBIN does. */
  readonly once?: boolean
  /** Where the name listens, when not on `port`. */
  readonly targetPort?: number
  /** It stands for many hosts: where a connection was going, or what a request's authority says. */
  readonly many?: 'original' | 'authority'
  /** Its TLS is the proxy's to add; the authorities whose certificates are trusted. */
  readonly trustedCaPath?: string
  /** Its proxies show workload certificates with one of these names, and want one. */
  readonly mutualTls?: { readonly identities: readonly string[]; readonly meshDomain: string }
  readonly rule: Rule
}): JsonObject => {
  const name = outboundCluster(service.port, service.subset, service.hostname)
  if (service.policy?.tls === 'closed')
    return { ...nobodyJson(name), metadata: resourceMetadata(service.rule) }
  const tls = tlsOf(service)
  // A policy may verify other names than the one that is asked for.
  const anyName = service.many === 'authority' && tls.kind === 'byPolicy'
  return {
    name,
    ...endpointsOf(name, service, anyName),
    connect_timeout: envoyDuration(service.policy?.connectTimeoutMs ?? service.connectTimeoutMs),
    ...clusterPolicyJson(service.many ? { ...service.policy, balance: { kind: 'none' } } : service.policy),
    ...clusterHttpJson(service.protocol, service.policy?.http, {
      tls: tls.kind !== 'none' && tls.kind !== 'mutual',
      namedByAuthority: anyName ? asksAuthority(service.policy) : namedByAuthority(service, tls),
    }),
    ...transportOf(tls, service.policy?.proxyProtocol),
    metadata: resourceMetadata(service.rule),
  }
}

type Tls =
  | { readonly kind: 'none' }
  | { readonly kind: 'own' | 'byAuthority' | 'byPolicy' | 'mutual'; readonly socket: JsonObject }

const namedByAuthority = ({ many }: Parameters<typeof outboundClusterJson>[0], { kind }: Tls): boolean =>
  many === 'authority' || (kind === 'own' && many !== undefined) || kind === 'byAuthority'

const asksAuthority = (policy: ClusterPolicy | undefined): 'asked' | 'never' =>
  typeof policy?.tls === 'object' && policy.tls.serverName === undefined ? 'asked' : 'never'

/** A policy's TLS goes before the service's own. */
const tlsOf = (service: Parameters<typeof outboundClusterJson>[0]): Tls => {
  const { externalName, many, mutualTls, policy, trustedCaPath } = service
  if (mutualTls !== undefined)
    return { kind: 'mutual', socket: upstreamMutualTlsJson(mutualTls.identities, mutualTls.meshDomain) }
  if (policy?.tls === 'plain') return { kind: 'none' }
  if (typeof policy?.tls === 'object') {
    const { serverName, trusted, names } = policy.tls
    const byAuthority = serverName === undefined && trusted !== undefined && names.length === 0
    return {
      kind: byAuthority && service.protocol !== 'TCP' ? 'byAuthority' : 'byPolicy',
      socket: upstreamTlsJson(policy.tls),
    }
  }
  if (trustedCaPath === undefined) return { kind: 'none' }
  return {
    kind: 'own',
    socket: originatedTlsJson(many === undefined ? externalName : undefined, trustedCaPath),
  }
}

const transportOf = (tls: Tls, version: ClusterPolicy['proxyProtocol']): JsonObject => {
  const socket = tls.kind === 'none' ? undefined : tls.socket
  if (version !== undefined) return { transport_socket: proxyProtocolJson(version, socket) }
  return socket === undefined ? {} : { transport_socket: socket }
}

/** The cluster of the application beside the proxy, at any of `apps`, for the port that callers reach. */
export const inboundClusterJson = (workload: {
  readonly port: number
  /** Default: that of `inboundCluster`. */
  readonly name?: string
  readonly apps: readonly { readonly host: string; readonly port: number }[]
  readonly protocol: Protocol
  /** It is spoken to as the caller speaks, HTTP/1 or HTTP/2. */
  readonly asCaller?: boolean
  readonly pool?: ClusterPolicy
  readonly connectTimeoutMs: number
  readonly rule: Rule
}): JsonObject => {
  const name = workload.name ?? inboundCluster(workload.port)
  return {
    name,
    type: 'STATIC',
    load_assignment: fixedEndpoints(name, workload.apps),
    connect_timeout: envoyDuration(workload.pool?.connectTimeoutMs ?? workload.connectTimeoutMs),
    ...clusterPolicyJson(workload.pool),
    ...clusterHttpJson(workload.protocol, {
      ...workload.pool?.http,
      ...(workload.asCaller === true && { version: 'callers' }),
    }),
    metadata: resourceMetadata(workload.rule),
  }
}

/** The cluster that sends a connection on to where it was going. */
export const passthroughClusterJson = (connectTimeoutMs: number): JsonObject => ({
  name: passthroughClusterName,
  type: 'ORIGINAL_DST',
  connect_timeout: envoyDuration(connectTimeoutMs),
  lb_policy: 'CLUSTER_PROVIDED',
})

/** The same towards the application. The source address tells the capture rules that this connection has been
 *  through the proxy (they leave `127.0.0.6` alone, and `::6`, as Istio's do, which give it to the loopback). */
export const inboundPassthroughClusterJson = (connectTimeoutMs: number, ipv6: boolean): JsonObject => ({
  ...passthroughClusterJson(connectTimeoutMs),
  name: inboundPassthroughClusterName,
  upstream_bind_config: {
    source_address: { address: '127.0.0.6', port_value: 0 },
    // Envoy takes the first of the version of where it connects to.
    ...(ipv6 ? { extra_source_addresses: [{ address: { address: '::6', port_value: 0 } }] } : {}),
  },
})

/** The cluster without endpoints. */
export const blackHoleClusterJson = (): JsonObject => nobodyJson(blackHoleClusterName)

const nobodyJson = (name: string): JsonObject => ({
  name,
  type: 'STATIC',
  connect_timeout: '1s',
  lb_policy: 'ROUND_ROBIN',
  load_assignment: { cluster_name: name },
})

const endpointsOf = (
  name: string,
  service: Parameters<typeof outboundClusterJson>[0],
  anyName: boolean,
): JsonObject => {
  const { externalName, many, policy } = service
  if (many === 'original' || policy?.balance.kind === 'none') return { type: 'ORIGINAL_DST' }
  if (many === 'authority') return clusterByAuthority({ anyName })
  return externalName === undefined ? endpointsOverAds(name) : endpointsByDns(name, externalName, service)
}

// Envoy's own fetch time-out of 15 s stays: without one a lost answer would hold the cluster, and with it every
// later acknowledgement of clusters, for ever.
const endpointsOverAds = (name: string): JsonObject => ({
  type: 'EDS',
  eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' }, service_name: name },
})

const endpointsByDns = (
  name: string,
  host: string,
  { endpoints, once, port, targetPort = port, share }: Parameters<typeof outboundClusterJson>[0],
): JsonObject => ({
  // A logical cluster has one endpoint, neither more nor none.
  type: once === true && endpoints?.length !== 0 ? 'LOGICAL_DNS' : 'STRICT_DNS',
  // Envoy's default asks for IPv6 alone when there is any, and most networks still cannot reach it.
  dns_lookup_family: 'V4_PREFERRED',
  respect_dns_ttl: true,
  load_assignment:
    endpoints === undefined
      ? fixedEndpoints(name, [{ host, port: targetPort }])
      : endpointsJson(name, once === true ? endpoints.slice(0, 1) : endpoints, share),
})

const fixedEndpoints = (
  name: string,
  places: readonly { readonly host: string; readonly port: number }[],
): JsonObject => ({
  cluster_name: name,
  endpoints: [
    {
      lb_endpoints: places.map(({ host, port }) => ({ endpoint: { address: socketAddress(host, port) } })),
    },
  ],
})
