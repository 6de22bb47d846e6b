import type {
  IstioConnectionPool,
  IstioOutlierDetection,
  TrafficPolicy,
} from '../../src/model/istio/destinationRule.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { Draw } from '../explain/draw.ts'
import { numbers } from '../explain/worlds/world.ts'
import { istio } from '../projections/istio/following.ts'

const count = (draw: Draw) => draw.one([0, 1, 7])
const time = (draw: Draw) => draw.one(['1s', '0.5s', '90s'])

/** Up to three DestinationPolicies of 2017 for a service and its versions v1 and v2. */
export const destinationPolicies = (draw: Draw, service: string): readonly Resource<'DestinationPolicy'>[] =>
  numbers(draw.whole(0, 3)).map((i) => {
    const some = <K extends string, V>(key: K, value: V) => (draw.chance(0.4) ? { [key]: value } : {})
    return {
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'DestinationPolicy',
      metadata: { name: `${service}-policy-${i}`, namespace: 'default' },
      spec: {
        destination: {
          name: service,
          ...draw.one([{}, { labels: { version: 'v1' } }, { labels: { version: 'v2' } }]),
        },
        ...(draw.chance(0.1) ? { source: { name: 's1' } } : {}),
        ...some('loadBalancing', { name: draw.one(['ROUND_ROBIN', 'LEAST_CONN', 'RANDOM'] as const) }),
        ...some('circuitBreaker', {
          simpleCb: {
            ...some('maxConnections', count(draw)),
            ...some('httpMaxPendingRequests', count(draw)),
            ...some('httpMaxRequests', count(draw)),
            ...some('sleepWindow', time(draw)),
            ...some('httpConsecutiveErrors', count(draw)),
            ...some('httpDetectionInterval', time(draw)),
            ...some('httpMaxRequestsPerConnection', count(draw)),
            ...some('httpMaxEjectionPercent', draw.one([0, 5, 100])),
            ...some('httpMaxRetries', count(draw)),
          },
        }),
      },
    }
  })

/** A DestinationRule for a service and its versions v1 and v2, with what 2017 has words for and a little more. */
export const destinationRule = (draw: Draw, service: string): Resource<'DestinationRule'> => {
  const own = (one: () => TrafficPolicy) => (draw.chance(0.5) ? { trafficPolicy: one() } : {})
  return istio('DestinationRule', service, {
    host: service,
    ...own(() => policy(draw)),
    subsets: ['v1', 'v2'].map((version) => ({
      name: version,
      labels: { version },
      ...own(() => policy(draw)),
    })),
  })
}

const policy = (draw: Draw): TrafficPolicy => ({
  ...(draw.chance(0.5)
    ? {
        loadBalancer: draw.one([
          ...(['RANDOM', 'LEAST_CONN', 'ROUND_ROBIN', 'LEAST_REQUEST', 'UNSPECIFIED'] as const).map(
            (simple) => ({
              simple,
            }),
          ),
          ...(draw.chance(0.1)
            ? [{ consistentHash: { httpHeaderName: 'x-user' } }, { simple: 'PASSTHROUGH' as const }]
            : []),
        ]),
      }
    : {}),
  ...(draw.chance(0.5) ? { connectionPool: pool(draw) } : {}),
  ...(draw.chance(0.5) ? { outlierDetection: outlier(draw) } : {}),
  ...(draw.chance(0.05) ? { tls: { mode: draw.one(['SIMPLE', 'DISABLE'] as const) } } : {}),
})

const pool = (draw: Draw): IstioConnectionPool => {
  const some = <K extends string, V>(key: K, value: V, share = 0.4) =>
    draw.chance(share) ? { [key]: value } : {}
  return {
    ...some('tcp', {
      ...some('maxConnections', count(draw)),
      ...some('connectTimeout', '1s', 0.05),
    }),
    ...some('http', {
      ...some('http1MaxPendingRequests', count(draw)),
      ...some('http2MaxRequests', count(draw)),
      ...some('maxRequestsPerConnection', count(draw)),
      ...some('maxRetries', count(draw)),
      ...some('idleTimeout', '5s', 0.05),
    }),
  }
}

const outlier = (draw: Draw): IstioOutlierDetection => {
  const some = <K extends string, V>(key: K, value: V, share = 0.4) =>
    draw.chance(share) ? { [key]: value } : {}
  return {
    ...draw.one([{}, { consecutiveErrors: count(draw) }, { consecutive5xxErrors: count(draw) }]),
    ...some('interval', time(draw)),
    ...some('baseEjectionTime', time(draw)),
    ...some('maxEjectionPercent', draw.one([0, 5, 100])),
    ...some('consecutiveGatewayErrors', 3, 0.05),
    ...some('minHealthPercent', draw.one([50, 50, 50, 50, 50, 20]), 0.9),
  }
}
