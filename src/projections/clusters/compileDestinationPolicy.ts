import type { DestinationPolicySpec } from '../../model/destinationPolicy.ts'
import { durationMs } from '../../model/duration.ts'
import type { Balance } from './balance.ts'
import type { Breaker, ClusterPolicy } from './clusterPolicy.ts'
import type { OutlierDetection } from './outlierDetection.ts'

type SimpleCircuitBreaker = NonNullable<NonNullable<DestinationPolicySpec['circuitBreaker']>['simpleCb']>

const balances: Readonly<Record<string, Balance>> = {
  ROUND_ROBIN: { kind: 'roundRobin' },
  LEAST_CONN: { kind: 'leastRequest' },
  RANDOM: { kind: 'random' },
}

/** What a policy of 2017 says of its cluster. A count of zero says nothing, as in the API of 2017: Envoy's default
 *  holds. */
export const compileDestinationPolicy = (policy: DestinationPolicySpec): ClusterPolicy => {
  const breaker = policy.circuitBreaker?.simpleCb
  const maxRequests = breaker?.httpMaxRequestsPerConnection ?? 0
  return {
    balance: balances[policy.loadBalancing?.name ?? 'ROUND_ROBIN'] ?? { kind: 'roundRobin' },
    ...(breaker && { breaker: breakerOf(breaker), outlier: outlierOf(breaker) }),
    ...(maxRequests > 0 && { http: { maxRequestsPerConnection: maxRequests } }),
  }
}

const breakerOf = (breaker: SimpleCircuitBreaker): Breaker => ({
  ...positive('maxConnections', breaker.maxConnections),
  ...positive('maxPendingRequests', breaker.httpMaxPendingRequests),
  ...positive('maxRequests', breaker.httpMaxRequests),
  ...positive('maxRetries', breaker.httpMaxRetries),
})

// Defaults are the documented ones of istio/api's SimpleCircuitBreakerPolicy.
const outlierOf = (breaker: SimpleCircuitBreaker): OutlierDetection => ({
  errors: breaker.httpConsecutiveErrors || 5,
  intervalMs: durationOr(breaker.httpDetectionInterval, 10_000),
  ejectionMs: durationOr(breaker.sleepWindow, 30_000),
  maxEjectedPercent: breaker.httpMaxEjectionPercent || 10,
})

const positive = <K extends string>(key: K, value: number | undefined): { readonly [P in K]?: number } =>
  value === undefined || value <= 0 ? {} : ({ [key]: value } as { readonly [P in K]: number })

const durationOr = (text: string | undefined, defaultMs: number): number =>
  (text === undefined ? undefined : durationMs(text)) || defaultMs
