import { durationMs } from '../../model/duration.ts'
import type { IstioOutlierDetection } from '../../model/istio/destinationRule.ts'
import type { OutlierDetection } from '../clusters/outlierDetection.ts'

/** When endpoints are left out, with Istio's defaults. Envoy counts five answers 5xx where nobody says otherwise. */
export const compileOutlierDetection = (outlier: IstioOutlierDetection): OutlierDetection => {
  const gatewayErrors = outlier.consecutiveGatewayErrors ?? outlier.consecutiveErrors
  return {
    ...(outlier.consecutive5xxErrors !== undefined && { errors: outlier.consecutive5xxErrors }),
    ...(gatewayErrors !== undefined && { gatewayErrors }),
    ...(outlier.splitExternalLocalOriginErrors === true && {
      localErrors: outlier.consecutiveLocalOriginFailures ?? 5,
    }),
    ...(outlier.failurePercentageThreshold !== undefined && {
      errorsPercent: outlier.failurePercentageThreshold,
    }),
    intervalMs: durationMs(outlier.interval ?? '') || 10_000,
    ejectionMs: durationMs(outlier.baseEjectionTime ?? '') || 30_000,
    maxEjectedPercent: outlier.maxEjectionPercent ?? 10,
    panicPercent: outlier.minHealthPercent ?? 0,
  }
}
