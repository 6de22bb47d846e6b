import { durationMs } from '../../model/duration.ts'
import type {
  ClientTls,
  IstioConnectionPool,
  IstioLoadBalancer,
  IstioOutlierDetection,
  PortTrafficPolicy,
  TrafficPolicy,
} from '../../model/istio/destinationRule.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { ClusterHttp } from '../clusterHttp.ts'
import type { Balance, Breaker, ClusterPolicy, OutlierDetection } from '../clusterPolicy.ts'
import type { HttpHash } from '../httpRoute.ts'
import type { UpstreamTls } from '../upstreamTls.ts'

/** The parts that hold for one port: a port's settings replace all of a policy, a subset's policy part by part
 *  (Istio's DestinationRule). */
export const policyAt = (
  whole: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): PortTrafficPolicy => {
  const base = portSettings(whole, port) ?? whole ?? {}
  if (subset === undefined) return base
  return portSettings(subset, port) ?? { ...base, ...subset }
}

const portSettings = (policy: TrafficPolicy | undefined, port: number): PortTrafficPolicy | undefined =>
  policy?.portLevelSettings?.find((settings) => settings.port.number === port)

/** What `policy` says of a cluster. Names of `subjectAltNames` are those of the ServiceEntry, where the policy has
 *  none. */
export const compileTrafficPolicy = (
  policy: PortTrafficPolicy,
  settings: Required<MeshSettingsSpec>,
  subjectAltNames: readonly string[],
): ClusterPolicy => {
  const { tcp, http } = policy.connectionPool ?? {}
  const connectTimeoutMs = durationMs(tcp?.connectTimeout ?? '')
  const breaker = breakerOf(policy.connectionPool)
  const clusterHttp = httpOf(policy.connectionPool)
  const tls = policy.tls && compileTls(policy.tls, settings, subjectAltNames)
  return {
    balance: balanceOf(policy.loadBalancer),
    ...(Object.keys(breaker).length > 0 && { breaker }),
    ...(policy.outlierDetection && { outlier: outlierOf(policy.outlierDetection) }),
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
    ...(http !== undefined || tcp?.maxConnectionDuration !== undefined ? { http: clusterHttp } : {}),
    ...(tcp?.tcpKeepalive && { keepalive: keepaliveOf(tcp.tcpKeepalive) }),
    ...(tls && { tls }),
  }
}

/** How `policy` tells requests alike; `undefined` where it does not. */
export const hashOf = ({ loadBalancer }: PortTrafficPolicy): HttpHash | undefined => {
  const hash = loadBalancer?.consistentHash
  if (hash === undefined) return undefined
  if (hash.httpHeaderName !== undefined) return { by: 'header', name: hash.httpHeaderName.toLowerCase() }
  if (hash.httpQueryParameterName !== undefined) return { by: 'query', name: hash.httpQueryParameterName }
  if (hash.httpCookie === undefined) return hash.useSourceIp === true ? { by: 'source' } : undefined
  const { name, path, ttl } = hash.httpCookie
  const ttlMs = durationMs(ttl ?? '')
  return { by: 'cookie', name, ...(path !== undefined && { path }), ...(ttlMs !== undefined && { ttlMs }) }
}

// Istio's default for a ring (DestinationRule, ConsistentHashLB).
const ringLeast = 1024

const balanceOf = (loadBalancer: IstioLoadBalancer | undefined): Balance => {
  const hash = loadBalancer?.consistentHash
  if (hash?.maglev !== undefined)
    return { kind: 'maglev', ...(hash.maglev.tableSize && { tableSize: hash.maglev.tableSize }) }
  if (hash !== undefined)
    return {
      kind: 'ring',
      minimumSize: (hash.ringHash?.minimumRingSize ?? hash.minimumRingSize) || ringLeast,
    }
  const warmupMs = durationMs(loadBalancer?.warmupDurationSecs ?? '')
  const warmup = warmupMs === undefined ? {} : { warmupMs }
  switch (loadBalancer?.simple) {
    case 'LEAST_CONN':
    case 'LEAST_REQUEST':
      return { kind: 'leastRequest', ...warmup }
    case 'RANDOM':
      return { kind: 'random' }
    case 'PASSTHROUGH':
      return { kind: 'none' }
    default:
      return { kind: 'roundRobin', ...warmup }
  }
}

// A count of zero says nothing in Istio's API.
const breakerOf = ({ tcp, http }: IstioConnectionPool = {}): Breaker => ({
  ...(tcp?.maxConnections && { maxConnections: tcp.maxConnections }),
  ...(http?.http1MaxPendingRequests && { maxPendingRequests: http.http1MaxPendingRequests }),
  ...(http?.http2MaxRequests && { maxRequests: http.http2MaxRequests }),
  ...(http?.maxRetries && { maxRetries: http.maxRetries }),
})

const httpOf = ({ tcp, http }: IstioConnectionPool = {}): ClusterHttp => {
  const idleTimeoutMs = durationMs(http?.idleTimeout ?? '')
  const maxConnectionMs = durationMs(tcp?.maxConnectionDuration ?? '')
  return {
    ...(http?.maxRequestsPerConnection && { maxRequestsPerConnection: http.maxRequestsPerConnection }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    ...(maxConnectionMs !== undefined && { maxConnectionMs }),
    ...(http?.maxConcurrentStreams && { maxConcurrentStreams: http.maxConcurrentStreams }),
    ...(http?.h2UpgradePolicy === 'UPGRADE' && { version: 'http2' as const }),
    ...(http?.useClientProtocol === true && { version: 'callers' as const }),
  }
}

const keepaliveOf = (
  keepalive: NonNullable<NonNullable<IstioConnectionPool['tcp']>['tcpKeepalive']>,
): NonNullable<ClusterPolicy['keepalive']> => {
  const idleMs = durationMs(keepalive.time ?? '')
  const intervalMs = durationMs(keepalive.interval ?? '')
  return {
    ...(keepalive.probes && { probes: keepalive.probes }),
    ...(idleMs !== undefined && { idleSeconds: Math.ceil(idleMs / 1000) }),
    ...(intervalMs !== undefined && { intervalSeconds: Math.ceil(intervalMs / 1000) }),
  }
}

// Envoy counts five answers 5xx where nobody says otherwise.
const outlierOf = (outlier: IstioOutlierDetection): OutlierDetection => {
  const gatewayErrors = outlier.consecutiveGatewayErrors ?? outlier.consecutiveErrors
  return {
    ...(outlier.consecutive5xxErrors !== undefined && { errors: outlier.consecutive5xxErrors }),
    ...(gatewayErrors !== undefined && { gatewayErrors }),
    ...(outlier.splitExternalLocalOriginErrors === true && {
      localErrors: outlier.consecutiveLocalOriginFailures ?? 5,
    }),
    intervalMs: durationMs(outlier.interval ?? '') || 10_000,
    ejectionMs: durationMs(outlier.baseEjectionTime ?? '') || 30_000,
    maxEjectedPercent: outlier.maxEjectionPercent ?? 10,
    panicPercent: outlier.minHealthPercent ?? 0,
  }
}

const compileTls = (
  tls: ClientTls,
  settings: Required<MeshSettingsSpec>,
  subjectAltNames: readonly string[],
): UpstreamTls | 'plain' | 'mutual' => {
  if (tls.mode === 'ISTIO_MUTUAL') return 'mutual'
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') return 'plain'
  const given =
    tls.caCertificates === undefined || tls.caCertificates === 'system' ? undefined : tls.caCertificates
  return {
    ...(tls.sni && { serverName: tls.sni }),
    ...(tls.insecureSkipVerify !== true && { trustedCaPath: given ?? settings.trustedCaPath }),
    ...(tls.caCrl !== undefined && { revokedPath: tls.caCrl }),
    names: tls.subjectAltNames ?? subjectAltNames,
    ...(tls.mode === 'MUTUAL' &&
      tls.clientCertificate !== undefined &&
      tls.privateKey !== undefined && {
        certificate: { chainPath: tls.clientCertificate, keyPath: tls.privateKey },
      }),
  }
}
