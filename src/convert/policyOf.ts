import type { DestinationPolicySpec } from '../model/destinationPolicy.ts'
import type { TrafficPolicy } from '../model/istio/destinationRule.ts'
import { type Lose, loseOthers } from './loss.ts'
import { allBelowPercent } from './trafficPolicyOf.ts'

/** What a trafficPolicy says of connections, as a DestinationPolicy of 2017 says it; `undefined` where nothing is left. */
export const policyOf = (
  policy: TrafficPolicy | undefined,
  path: string,
  lose: Lose,
): Omit<DestinationPolicySpec, 'destination'> | undefined => {
  if (policy === undefined) return undefined
  loseOthers(policy, ['loadBalancer', 'connectionPool', 'outlierDetection'], path, lose)
  const balance = balanceOf(policy, path, lose)
  const simpleCb = breakerOf(policy, path, lose)
  const made = {
    ...(balance && { loadBalancing: { name: balance } }),
    ...(simpleCb && { circuitBreaker: { simpleCb } }),
  }
  return Object.keys(made).length === 0 ? undefined : made
}

const balances = {
  UNSPECIFIED: 'ROUND_ROBIN',
  ROUND_ROBIN: 'ROUND_ROBIN',
  RANDOM: 'RANDOM',
  LEAST_CONN: 'LEAST_CONN',
  LEAST_REQUEST: 'LEAST_CONN',
  PASSTHROUGH: undefined,
} as const

const balanceOf = ({ loadBalancer }: TrafficPolicy, path: string, lose: Lose) => {
  loseOthers(loadBalancer, ['simple'], `${path}/loadBalancer`, lose)
  if (loadBalancer?.simple === undefined) return undefined
  const found = balances[loadBalancer.simple]
  if (found === undefined) lose(`${path}/loadBalancer/simple`, '2017 does not know this one')
  return found
}

const breakerOf = ({ connectionPool, outlierDetection }: TrafficPolicy, path: string, lose: Lose) => {
  const { tcp, http } = connectionPool ?? {}
  loseOthers(tcp, ['maxConnections'], `${path}/connectionPool/tcp`, lose)
  loseOthers(
    http,
    ['http1MaxPendingRequests', 'http2MaxRequests', 'maxRequestsPerConnection', 'maxRetries'],
    `${path}/connectionPool/http`,
    lose,
  )
  const errors = outlierDetection?.consecutive5xxErrors
  loseOthers(
    outlierDetection,
    ['consecutive5xxErrors', 'interval', 'baseEjectionTime', 'maxEjectionPercent', 'minHealthPercent'],
    `${path}/outlierDetection`,
    lose,
  )
  const made = {
    ...(tcp?.maxConnections === undefined ? {} : { maxConnections: tcp.maxConnections }),
    ...(http?.http1MaxPendingRequests === undefined
      ? {}
      : { httpMaxPendingRequests: http.http1MaxPendingRequests }),
    ...(http?.http2MaxRequests === undefined ? {} : { httpMaxRequests: http.http2MaxRequests }),
    ...(http?.maxRequestsPerConnection === undefined
      ? {}
      : { httpMaxRequestsPerConnection: http.maxRequestsPerConnection }),
    ...(http?.maxRetries === undefined ? {} : { httpMaxRetries: http.maxRetries }),
    ...(errors === undefined ? {} : { httpConsecutiveErrors: errors }),
    ...(outlierDetection?.interval === undefined ? {} : { httpDetectionInterval: outlierDetection.interval }),
    ...(outlierDetection?.baseEjectionTime === undefined
      ? {}
      : { sleepWindow: outlierDetection.baseEjectionTime }),
    ...(outlierDetection?.maxEjectionPercent === undefined
      ? {}
      : { httpMaxEjectionPercent: outlierDetection.maxEjectionPercent }),
  }
  for (const key of ['consecutive5xxErrors', 'maxEjectionPercent'] as const)
    if (outlierDetection?.[key] === 0)
      lose(`${path}/outlierDetection/${key}`, 'zero says nothing in 2017: the default holds')
  if (outlierDetection !== undefined && (outlierDetection.minHealthPercent ?? 0) !== allBelowPercent)
    lose(
      `${path}/outlierDetection${outlierDetection.minHealthPercent === undefined ? '' : '/minHealthPercent'}`,
      'in 2017 requests go to all endpoints where fewer than half of them are well',
    )
  if (Object.keys(made).length === 0)
    return outlierDetection === undefined ? undefined : { httpConsecutiveErrors: 5 }
  // A circuit breaker of 2017 always leaves out endpoints that fail.
  if (outlierDetection === undefined)
    lose(`${path}/connectionPool`, 'a circuit breaker of 2017 leaves endpoints out too, after 5 errors')
  return made
}
