import type { IstioLoadBalancer } from '../../../model/istio/destinationRule.ts'
import type { Codec } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { duration } from '../../shapes/network.ts'
import { wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText } from '../../shapes/text.ts'

type Utilization = NonNullable<IstioLoadBalancer['backendUtilization']>

/** How shares follow what endpoints report of their load. */
export const backendUtilization: Codec<Utilization> = struct<Utilization>('backendUtilization', {
  weightStabilizationPeriod: optional(duration('weightStabilizationPeriod', 0)),
  weightExpirationPeriod: optional(duration('weightExpirationPeriod', 0)),
  // Envoy's own bound (ClientSideWeightedRoundRobin).
  weightUpdatePeriod: optional(duration('weightUpdatePeriod', 100)),
  errorUtilizationPenaltyPercent: optional(wholeNumber('errorUtilizationPenaltyPercent', 0, 2 ** 32 - 1)),
  metricNamesForComputingUtilization: optional(listOf('metrics', plainText('name of a metric', 256))),
})
