import type { DestinationPolicySpec } from '../model/destinationPolicy.ts'
import type { TrafficPolicy } from '../model/istio/destinationRule.ts'

/** Where fewer of a service's endpoints are well, 2017 sends to all of them (Envoy's panic threshold); Istio never does
 *  by itself. */
export const allBelowPercent = 50

/** What a DestinationPolicy of 2017 says of connections, as Istio's DestinationRule says it. */
export const trafficPolicyOf = ({ loadBalancing, circuitBreaker }: DestinationPolicySpec): TrafficPolicy => {
  const breaker = circuitBreaker?.simpleCb
  const name = loadBalancing?.name ?? 'ROUND_ROBIN'
  const simple = { loadBalancer: { simple: name === 'LEAST_CONN' ? 'LEAST_REQUEST' : name } } as const
  if (breaker === undefined) return simple
  const http = {
    ...positive('http1MaxPendingRequests', breaker.httpMaxPendingRequests),
    ...positive('http2MaxRequests', breaker.httpMaxRequests),
    ...positive('maxRequestsPerConnection', breaker.httpMaxRequestsPerConnection),
    ...positive('maxRetries', breaker.httpMaxRetries),
  }
  const tcp = positive('maxConnections', breaker.maxConnections)
  const connectionPool = {
    ...(Object.keys(tcp).length === 0 ? {} : { tcp }),
    ...(Object.keys(http).length === 0 ? {} : { http }),
  }
  return {
    ...simple,
    ...(Object.keys(connectionPool).length === 0 ? {} : { connectionPool }),
    // Defaults of 2017, written out.
    outlierDetection: {
      consecutive5xxErrors: breaker.httpConsecutiveErrors || 5,
      interval: breaker.httpDetectionInterval ?? '10s',
      baseEjectionTime: breaker.sleepWindow ?? '30s',
      maxEjectionPercent: breaker.httpMaxEjectionPercent || 10,
      minHealthPercent: allBelowPercent,
    },
  }
}

const positive = <K extends string>(key: K, value: number | undefined): { readonly [P in K]?: number } =>
  value === undefined || value <= 0 ? {} : ({ [key]: value } as { readonly [P in K]: number })
