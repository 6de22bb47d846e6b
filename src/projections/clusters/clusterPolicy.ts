import { envoyDuration } from '../envoyDuration.ts'
import { given } from '../given.ts'
import type { JsonObject } from '../json.ts'
import { type Balance, balanceJson } from './balance.ts'
import type { ClusterHttp } from './clusterHttp.ts'
import { type OutlierDetection, outlierDetectionJson } from './outlierDetection.ts'
import type { UpstreamTls } from './upstreamTls.ts'

/** What is too much at once; absent counts are Envoy's (1024 of each, 3 retries). */
export type Breaker = {
  readonly maxConnections?: number
  readonly maxPendingRequests?: number
  readonly maxRequests?: number
  readonly maxRetries?: number
  /** What may be tried again at once, instead of `maxRetries`, of what is under way: 20 %, and 3 whatever that is. */
  readonly retryBudget?: {
    readonly percent?: number
    readonly least?: number
    /** What came within this time counts too. */
    readonly intervalMs?: number
  }
}

/** What a policy of any dialect says of a cluster. */
export type ClusterPolicy = {
  readonly balance: Balance
  readonly breaker?: Breaker
  readonly outlier?: OutlierDetection
  readonly connectTimeoutMs?: number
  /** Connections that are not routed by request end that are idle for so long: a matter of their listeners. */
  readonly idleTimeoutMs?: number
  readonly http?: ClusterHttp
  readonly keepalive?: {
    readonly probes?: number
    readonly idleSeconds?: number
    readonly intervalSeconds?: number
  }
  /** Weights of localities count. */
  readonly byLocality?: true
  /** `plain` forbids the TLS that a service would have by itself; `mutual` is that of workload certificates; with
   *  `closed` there are no connections. */
  readonly tls?: UpstreamTls | 'plain' | 'mutual' | 'closed'
  /** Connections begin with a header of this version that says where they come from. */
  readonly proxyProtocol?: 'V1' | 'V2'
}

/** The fields of an Envoy cluster that `policy` decides by itself: load balancing, circuit breakers, outlier
 *  detection, keepalive. */
export const clusterPolicyJson = (policy: Partial<ClusterPolicy> | undefined): JsonObject =>
  policy === undefined
    ? withoutPolicy
    : {
        ...balanceJson(policy.balance ?? roundRobin),
        ...(policy.breaker === undefined ? {} : { circuit_breakers: circuitBreakersJson(policy.breaker) }),
        ...(policy.outlier === undefined ? {} : { outlier_detection: outlierDetectionJson(policy.outlier) }),
        ...commonJson(policy),
        ...(policy.keepalive === undefined
          ? {}
          : { upstream_connection_options: { tcp_keepalive: keepaliveJson(policy.keepalive) } }),
      }

const roundRobin: Balance = { kind: 'roundRobin' }
const withoutPolicy = balanceJson(roundRobin)

const commonJson = (policy: Partial<ClusterPolicy>): JsonObject => {
  const panicPercent = policy.outlier?.panicPercent
  const common = {
    ...(panicPercent === undefined ? {} : { healthy_panic_threshold: { value: panicPercent } }),
    ...(policy.byLocality === true && policy.balance?.kind !== 'utilization'
      ? { locality_weighted_lb_config: {} }
      : {}),
  }
  return Object.keys(common).length === 0 ? {} : { common_lb_config: common }
}

const circuitBreakersJson = (breaker: Breaker): JsonObject => ({
  thresholds: [
    {
      priority: 'DEFAULT',
      ...given('max_connections', breaker.maxConnections),
      ...given('max_pending_requests', breaker.maxPendingRequests),
      ...given('max_requests', breaker.maxRequests),
      ...given('max_retries', breaker.maxRetries),
      ...(breaker.retryBudget === undefined ? {} : { retry_budget: retryBudgetJson(breaker.retryBudget) }),
    },
  ],
})

const retryBudgetJson = (budget: NonNullable<Breaker['retryBudget']>): JsonObject => ({
  ...(budget.percent === undefined ? {} : { budget_percent: { value: budget.percent } }),
  ...given('min_retry_concurrency', budget.least),
  ...(budget.intervalMs === undefined ? {} : { budget_interval: envoyDuration(budget.intervalMs) }),
})

const keepaliveJson = (keepalive: NonNullable<ClusterPolicy['keepalive']>): JsonObject => ({
  ...given('keepalive_probes', keepalive.probes),
  ...given('keepalive_time', keepalive.idleSeconds),
  ...given('keepalive_interval', keepalive.intervalSeconds),
})
