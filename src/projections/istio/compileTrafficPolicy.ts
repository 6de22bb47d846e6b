import { durationMs } from '../../model/duration.ts'
import type {
  IstioConnectionPool,
  PortTrafficPolicy,
  TrafficPolicy,
} from '../../model/istio/destinationRule.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { ClusterHttp } from '../clusters/clusterHttp.ts'
import type { Breaker, ClusterPolicy } from '../clusters/clusterPolicy.ts'
import type { HttpHash } from '../routes/httpRoute.ts'
import { compileBalance } from './compileBalance.ts'
import { compileClientTls } from './compileClientTls.ts'
import { compileOutlierDetection } from './compileOutlierDetection.ts'

/** What a policy says at one port. */
export type PolicyAtPort = Omit<TrafficPolicy, 'portLevelSettings'>

/** The parts that hold for one port: a port's settings replace all of a policy that can be said of a port, a subset's
 *  policy part by part (Istio's DestinationRule). */
export const policyAt = (
  whole: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): PolicyAtPort => {
  const base = portSettings(whole, port) ?? whole ?? {}
  const parts = subset === undefined ? base : (portSettings(subset, port) ?? { ...base, ...subset })
  return { ...parts, ...ofEveryPort(whole), ...ofEveryPort(subset) }
}

const ofEveryPort = ({ tunnel, proxyProtocol, retryBudget }: TrafficPolicy = {}): PolicyAtPort => ({
  ...(tunnel && { tunnel }),
  ...(proxyProtocol && { proxyProtocol }),
  ...(retryBudget && { retryBudget }),
})

const portSettings = (policy: TrafficPolicy | undefined, port: number): PortTrafficPolicy | undefined =>
  policy?.portLevelSettings?.find((settings) => settings.port.number === port)

/** What `policy` says of a cluster. Names of `subjectAltNames` are those of the ServiceEntry, where the policy has
 *  none. `secretsOf`: the namespace whose secrets it may name; absent: where it names any, nobody is connected to. */
export const compileTrafficPolicy = (
  policy: PolicyAtPort,
  settings: Required<MeshSettingsSpec>,
  {
    subjectAltNames = [],
    secretsOf,
  }: { subjectAltNames?: readonly string[]; secretsOf?: string | undefined } = {},
): ClusterPolicy => {
  const { tcp } = policy.connectionPool ?? {}
  const connectTimeoutMs = durationMs(tcp?.connectTimeout ?? '')
  const idleTimeoutMs = durationMs(tcp?.idleTimeout ?? '')
  const breaker = breakerOf(policy)
  const http = httpOf(policy)
  const tls = policy.tls && compileClientTls(policy.tls, settings, { subjectAltNames, secretsOf })
  return {
    balance: compileBalance(policy.loadBalancer),
    ...(Object.keys(breaker).length > 0 && { breaker }),
    ...(policy.outlierDetection && { outlier: compileOutlierDetection(policy.outlierDetection) }),
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    ...(Object.keys(http).length > 0 && { http }),
    ...(tcp?.tcpKeepalive && { keepalive: keepaliveOf(tcp.tcpKeepalive) }),
    ...(tls && { tls }),
    ...(policy.proxyProtocol && { proxyProtocol: policy.proxyProtocol.version ?? 'V1' }),
  }
}

/** How `policy` tells requests alike; `undefined` where it does not. */
export const hashOf = ({ loadBalancer }: PortTrafficPolicy): HttpHash | undefined => {
  const hash = loadBalancer?.consistentHash
  if (hash === undefined) return undefined
  if (hash.httpHeaderName !== undefined) return { by: 'header', name: hash.httpHeaderName.toLowerCase() }
  if (hash.httpQueryParameterName !== undefined) return { by: 'query', name: hash.httpQueryParameterName }
  if (hash.httpCookie === undefined) return hash.useSourceIp === true ? { by: 'source' } : undefined
  const { name, path, ttl, attributes } = hash.httpCookie
  const ttlMs = durationMs(ttl ?? '')
  return {
    by: 'cookie',
    name,
    ...(path !== undefined && { path }),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(attributes && { attributes }),
  }
}

// A count of zero says nothing in Istio's API.
const breakerOf = ({ connectionPool: { tcp, http } = {}, retryBudget }: PolicyAtPort): Breaker => ({
  ...(tcp?.maxConnections && { maxConnections: tcp.maxConnections }),
  ...(http?.http1MaxPendingRequests && { maxPendingRequests: http.http1MaxPendingRequests }),
  ...(http?.http2MaxRequests && { maxRequests: http.http2MaxRequests }),
  ...(http?.maxRetries && { maxRetries: http.maxRetries }),
  ...(retryBudget && { retryBudget: budgetOf(retryBudget) }),
})

const budgetOf = ({
  percent,
  minRetryConcurrency,
  budgetInterval,
}: NonNullable<TrafficPolicy['retryBudget']>): NonNullable<Breaker['retryBudget']> => {
  const intervalMs = durationMs(budgetInterval ?? '')
  return {
    ...(percent !== undefined && { percent }),
    ...(minRetryConcurrency && { least: minRetryConcurrency }),
    ...(intervalMs && { intervalMs }),
  }
}

const httpOf = ({ connectionPool = {}, outlierDetection }: PortTrafficPolicy): ClusterHttp => {
  const { tcp, http } = connectionPool
  const idleTimeoutMs = durationMs(http?.idleTimeout ?? tcp?.idleTimeout ?? '')
  const maxConnectionMs = durationMs(tcp?.maxConnectionDuration ?? '')
  const intervalMs = durationMs(http?.http2KeepAlive?.interval ?? '')
  const timeoutMs = durationMs(http?.http2KeepAlive?.timeout ?? '')
  const errorStatuses = outlierDetection?.outlierDetectionHttpErrorCodes ?? []
  return {
    ...(http?.maxRequestsPerConnection && { maxRequestsPerConnection: http.maxRequestsPerConnection }),
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    ...(maxConnectionMs !== undefined && { maxConnectionMs }),
    ...(http?.maxConcurrentStreams && { maxConcurrentStreams: http.maxConcurrentStreams }),
    ...(intervalMs !== undefined && timeoutMs !== undefined && { keepalive: { intervalMs, timeoutMs } }),
    ...(http?.h2UpgradePolicy === 'UPGRADE' && { version: 'http2' as const }),
    ...(http?.useClientProtocol === true && { version: 'callers' as const }),
    ...(errorStatuses.length > 0 && { errorStatuses }),
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
