import type { IstioOutlierDetection } from '../../../model/istio/destinationRule.ts'
import type { Codec } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { duration } from '../../shapes/network.ts'
import { truth, wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'

const count = (name: string): Codec<number> => wholeNumber(name, 0, 2 ** 31 - 1)
const percent = (name: string): Codec<number> => wholeNumber(name, 0, 100)

/** When an endpoint is left out for a while. */
export const outlierDetection: Codec<IstioOutlierDetection> = struct<IstioOutlierDetection>(
  'outlierDetection',
  {
    consecutiveErrors: optional(count('consecutiveErrors')),
    splitExternalLocalOriginErrors: optional(truth),
    consecutiveLocalOriginFailures: optional(count('consecutiveLocalOriginFailures')),
    consecutiveGatewayErrors: optional(count('consecutiveGatewayErrors')),
    consecutive5xxErrors: optional(count('consecutive5xxErrors')),
    interval: optional(duration('interval')),
    baseEjectionTime: optional(duration('baseEjectionTime')),
    maxEjectionPercent: optional(percent('maxEjectionPercent')),
    minHealthPercent: optional(percent('minHealthPercent')),
    // Istio's bounds (DestinationRule, OutlierDetection).
    outlierDetectionHttpErrorCodes: optional(
      listOf('outlierDetectionHttpErrorCodes', wholeNumber('status', 100, 599)),
    ),
    failurePercentageThreshold: optional(percent('failurePercentageThreshold')),
  },
)
