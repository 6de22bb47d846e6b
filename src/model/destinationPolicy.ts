import type { IstioService } from './routeRule.ts'

/** A destination policy of 2017 (`config.istio.io/v1alpha2`). It applies to the cluster whose labels equal
 *  the destination's exactly; an absent duration takes 30 s (`sleepWindow`) or 10 s (`httpDetectionInterval`). */
export type DestinationPolicySpec = {
  readonly destination: IstioService
  readonly source?: IstioService
  readonly loadBalancing?: { readonly name?: 'ROUND_ROBIN' | 'LEAST_CONN' | 'RANDOM' }
  readonly circuitBreaker?: {
    readonly simpleCb?: {
      readonly maxConnections?: number
      readonly httpMaxPendingRequests?: number
      readonly httpMaxRequests?: number
      readonly sleepWindow?: string
      readonly httpConsecutiveErrors?: number
      readonly httpDetectionInterval?: string
      readonly httpMaxRequestsPerConnection?: number
      readonly httpMaxEjectionPercent?: number
      readonly httpMaxRetries?: number
    }
  }
}
