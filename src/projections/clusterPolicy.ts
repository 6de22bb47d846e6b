import type { ClusterHttp } from './clusterHttp.ts'
import { envoyDuration } from './envoyDuration.ts'
import type { JsonObject } from './json.ts'
import type { UpstreamTls } from './upstreamTls.ts'

/** How a cluster chooses an endpoint; `none` leaves that to where the connection was going. */
export type Balance =
  /** Endpoints that are new get their full share after `warmupMs`. */
  | { readonly kind: 'roundRobin' | 'leastRequest'; readonly warmupMs?: number }
  | { readonly kind: 'random' | 'none' }
  | { readonly kind: 'ring'; readonly minimumSize?: number }
  | { readonly kind: 'maglev'; readonly tableSize?: number }

/** What is too much at once; absent counts are Envoy's (1024 of each, 3 retries). */
export type Breaker = {
  readonly maxConnections?: number
  readonly maxPendingRequests?: number
  readonly maxRequests?: number
  readonly maxRetries?: number
}

/** When an endpoint is left out for a while; at least one always can be. */
export type OutlierDetection = {
  /** Answers 5xx, or connections that fail, in a row. */
  readonly errors?: number
  /** Answers 502, 503 and 504 in a row. */
  readonly gatewayErrors?: number
  /** Connections that fail, in a row, which then no longer count as answers. */
  readonly localErrors?: number
  readonly intervalMs: number
  readonly ejectionMs: number
  readonly maxEjectedPercent: number
  /** With fewer endpoints in health than this, all are used again; 0 never. */
  readonly panicPercent?: number
}

/** What a policy of any dialect says of a cluster. */
export type ClusterPolicy = {
  readonly balance: Balance
  readonly breaker?: Breaker
  readonly outlier?: OutlierDetection
  readonly connectTimeoutMs?: number
  readonly http?: ClusterHttp
  readonly keepalive?: {
    readonly probes?: number
    readonly idleSeconds?: number
    readonly intervalSeconds?: number
  }
  /** `plain` forbids the TLS that a service would have by itself; `mutual` is that of workload certificates. */
  readonly tls?: UpstreamTls | 'plain' | 'mutual'
}

/** The fields of an Envoy cluster that `policy` decides by itself: load balancing, circuit breakers, outlier
 *  detection, keepalive. */
export const clusterPolicyJson = (policy: ClusterPolicy | undefined): JsonObject => ({
  ...balanceJson(policy?.balance ?? { kind: 'roundRobin' }),
  ...(policy?.breaker === undefined ? {} : { circuit_breakers: circuitBreakersJson(policy.breaker) }),
  ...(policy?.outlier === undefined ? {} : { outlier_detection: outlierJson(policy.outlier) }),
  ...(policy?.outlier?.panicPercent === undefined
    ? {}
    : { common_lb_config: { healthy_panic_threshold: { value: policy.outlier.panicPercent } } }),
  ...(policy?.keepalive === undefined
    ? {}
    : { upstream_connection_options: { tcp_keepalive: keepaliveJson(policy.keepalive) } }),
})

const balanceJson = (balance: Balance): JsonObject => {
  switch (balance.kind) {
    case 'roundRobin':
      return { lb_policy: 'ROUND_ROBIN', ...warmupJson('round_robin_lb_config', balance.warmupMs) }
    case 'leastRequest':
      return { lb_policy: 'LEAST_REQUEST', ...warmupJson('least_request_lb_config', balance.warmupMs) }
    case 'random':
      return { lb_policy: 'RANDOM' }
    case 'none':
      return { lb_policy: 'CLUSTER_PROVIDED' }
    case 'ring':
      return {
        lb_policy: 'RING_HASH',
        ...(balance.minimumSize === undefined
          ? {}
          : { ring_hash_lb_config: { minimum_ring_size: balance.minimumSize } }),
      }
    case 'maglev':
      return {
        lb_policy: 'MAGLEV',
        ...(balance.tableSize === undefined ? {} : { maglev_lb_config: { table_size: balance.tableSize } }),
      }
  }
}

const warmupJson = (field: string, warmupMs: number | undefined): JsonObject =>
  warmupMs === undefined
    ? {}
    : { [field]: { slow_start_config: { slow_start_window: envoyDuration(warmupMs) } } }

const circuitBreakersJson = (breaker: Breaker): JsonObject => ({
  thresholds: [
    {
      priority: 'DEFAULT',
      ...given('max_connections', breaker.maxConnections),
      ...given('max_pending_requests', breaker.maxPendingRequests),
      ...given('max_requests', breaker.maxRequests),
      ...given('max_retries', breaker.maxRetries),
    },
  ],
})

// Envoy of 2017 ejected one host whatever the percentage; Envoy of today has to be told, or 10 % of a small service
// never ejects anything.
const outlierJson = (outlier: OutlierDetection): JsonObject => ({
  ...given('consecutive_5xx', outlier.errors),
  ...given('consecutive_gateway_failure', outlier.gatewayErrors),
  ...(outlier.gatewayErrors === undefined
    ? {}
    : { enforcing_consecutive_gateway_failure: outlier.gatewayErrors > 0 ? 100 : 0 }),
  ...(outlier.errors === 0 ? { enforcing_consecutive_5xx: 0 } : {}),
  ...(outlier.localErrors === undefined
    ? {}
    : {
        split_external_local_origin_errors: true,
        consecutive_local_origin_failure: outlier.localErrors,
        enforcing_consecutive_local_origin_failure: outlier.localErrors > 0 ? 100 : 0,
      }),
  interval: envoyDuration(outlier.intervalMs),
  base_ejection_time: envoyDuration(outlier.ejectionMs),
  max_ejection_percent: outlier.maxEjectedPercent,
  always_eject_one_host: true,
})

const keepaliveJson = (keepalive: NonNullable<ClusterPolicy['keepalive']>): JsonObject => ({
  ...given('keepalive_probes', keepalive.probes),
  ...given('keepalive_time', keepalive.idleSeconds),
  ...given('keepalive_interval', keepalive.intervalSeconds),
})

const given = (field: string, value: number | undefined): JsonObject =>
  value === undefined ? {} : { [field]: value }
