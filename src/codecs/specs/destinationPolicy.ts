import type { DestinationPolicySpec } from '../../model/destinationPolicy.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked } from '../shapes/codec.ts'
import { duration } from '../shapes/network.ts'
import { wholeNumber } from '../shapes/number.ts'
import { optional, struct } from '../shapes/struct.ts'
import { istioService } from './istioService.ts'

type LoadBalancing = NonNullable<DestinationPolicySpec['loadBalancing']>
type CircuitBreaker = NonNullable<DestinationPolicySpec['circuitBreaker']>
type SimpleCb = NonNullable<CircuitBreaker['simpleCb']>

const loadBalancing = checked(
  struct<LoadBalancing>('loadBalancing', {
    name: optional(choice('load balancing', ['ROUND_ROBIN', 'LEAST_CONN', 'RANDOM'])),
  }),
  ({ name }) =>
    name === undefined
      ? [{ code: problemCodes.incomplete, message: 'loadBalancing needs a "name".', path: [] }]
      : [],
)

// An int32 in the proto of 2017.
const count = (name: string): Codec<number> => wholeNumber(name, 0, 2 ** 31 - 1)

const simpleCb = struct<SimpleCb>('simpleCb', {
  maxConnections: optional(count('maxConnections')),
  httpMaxPendingRequests: optional(count('httpMaxPendingRequests')),
  httpMaxRequests: optional(count('httpMaxRequests')),
  sleepWindow: optional(duration('sleepWindow')),
  httpConsecutiveErrors: optional(count('httpConsecutiveErrors')),
  httpDetectionInterval: optional(duration('httpDetectionInterval')),
  httpMaxRequestsPerConnection: optional(count('httpMaxRequestsPerConnection')),
  httpMaxEjectionPercent: optional(wholeNumber('httpMaxEjectionPercent', 0, 100)),
  httpMaxRetries: optional(count('httpMaxRetries')),
})

/** The spec of a DestinationPolicy of 2017; every part of `simpleCb` may be absent (contract §8). */
export const destinationPolicySpec: Codec<DestinationPolicySpec> = struct<DestinationPolicySpec>('spec', {
  destination: istioService,
  source: optional(istioService),
  loadBalancing: optional(loadBalancing),
  circuitBreaker: optional(struct<CircuitBreaker>('circuitBreaker', { simpleCb: optional(simpleCb) })),
})
