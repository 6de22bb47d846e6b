import type { DestinationPolicySpec } from '../model/destinationPolicy.ts'
import { durationMs } from '../model/duration.ts'
import { envoyDuration } from './envoyDuration.ts'
import type { JsonObject } from './json.ts'

type SimpleCircuitBreaker = NonNullable<NonNullable<DestinationPolicySpec['circuitBreaker']>['simpleCb']>

const lbPolicies = { ROUND_ROBIN: 'ROUND_ROBIN', LEAST_CONN: 'LEAST_REQUEST', RANDOM: 'RANDOM' } as const

/** The fields of an Envoy cluster that `policy` decides: load balancing, circuit breakers, outlier detection.
 *  A count of zero says nothing, as in the API of 2017: Envoy's default holds. */
export const clusterPolicyJson = (policy: DestinationPolicySpec | undefined): JsonObject => {
  const breaker = policy?.circuitBreaker?.simpleCb
  return {
    lb_policy: lbPolicies[policy?.loadBalancing?.name ?? 'ROUND_ROBIN'],
    ...(breaker === undefined
      ? {}
      : { circuit_breakers: circuitBreakersJson(breaker), outlier_detection: outlierDetectionJson(breaker) }),
  }
}

const circuitBreakersJson = (breaker: SimpleCircuitBreaker): JsonObject => ({
  thresholds: [
    {
      priority: 'DEFAULT',
      ...positive('max_connections', breaker.maxConnections),
      ...positive('max_pending_requests', breaker.httpMaxPendingRequests),
      ...positive('max_requests', breaker.httpMaxRequests),
      ...positive('max_retries', breaker.httpMaxRetries),
    },
  ],
})

// Defaults are the documented ones of istio/api's SimpleCircuitBreakerPolicy. Envoy of 2017 ejected one host
// whatever the percentage; Envoy of today has to be told, or 10 % of a small service never ejects anything.
const outlierDetectionJson = (breaker: SimpleCircuitBreaker): JsonObject => ({
  consecutive_5xx: breaker.httpConsecutiveErrors || 5,
  interval: envoyDuration(durationOr(breaker.httpDetectionInterval, 10_000)),
  base_ejection_time: envoyDuration(durationOr(breaker.sleepWindow, 30_000)),
  max_ejection_percent: breaker.httpMaxEjectionPercent || 10,
  always_eject_one_host: true,
})

const positive = (field: string, value: number | undefined): JsonObject =>
  value === undefined || value <= 0 ? {} : { [field]: value }

const durationOr = (text: string | undefined, defaultMs: number): number =>
  (text === undefined ? undefined : durationMs(text)) || defaultMs
