import { envoyDuration } from '../envoyDuration.ts'
import { given } from '../given.ts'
import type { JsonObject } from '../json.ts'

/** When an endpoint is left out for a while; at least one always can be. */
export type OutlierDetection = {
  /** Answers 5xx, or connections that fail, in a row. */
  readonly errors?: number
  /** Answers 502, 503 and 504 in a row. */
  readonly gatewayErrors?: number
  /** Connections that fail, in a row, which then no longer count as answers. */
  readonly localErrors?: number
  /** Of all answers within an interval, those that are errors: for endpoints with 50 answers or more, where there are five
   *  of them (Envoy's defaults of `failure_percentage_request_volume` and `failure_percentage_minimum_hosts`). */
  readonly errorsPercent?: number
  readonly intervalMs: number
  readonly ejectionMs: number
  readonly maxEjectedPercent: number
  /** With fewer endpoints in health than this, all are used again; 0 never. */
  readonly panicPercent?: number
}

/** Envoy's `outlier_detection` of a cluster, which leaves out endpoints for what a policy says alone: not for being less
 *  successful than others, as Envoy would by itself and Istio, too, keeps it from. Envoy of 2017 ejected one host whatever the percentage; Envoy of today has
 *  to be told, or 10 % of a small service never ejects anything. */
export const outlierDetectionJson = (outlier: OutlierDetection): JsonObject => ({
  ...given('consecutive_5xx', outlier.errors),
  ...given('consecutive_gateway_failure', outlier.gatewayErrors),
  ...(outlier.gatewayErrors === undefined
    ? {}
    : { enforcing_consecutive_gateway_failure: outlier.gatewayErrors > 0 ? 100 : 0 }),
  ...(outlier.errors === 0 ? { enforcing_consecutive_5xx: 0 } : {}),
  ...(outlier.localErrors === undefined
    ? {}
    : {
        split_external_local_origin_errors: true,
        consecutive_local_origin_failure: outlier.localErrors,
        enforcing_consecutive_local_origin_failure: outlier.localErrors > 0 ? 100 : 0,
        enforcing_local_origin_success_rate: 0,
      }),
  // Envoy counts percentages, but leaves nobody out for them unless it is told to.
  ...(outlier.errorsPercent === undefined
    ? {}
    : {
        failure_percentage_threshold: outlier.errorsPercent,
        enforcing_failure_percentage: 100,
        ...(outlier.localErrors === undefined ? {} : { enforcing_failure_percentage_local_origin: 100 }),
      }),
  enforcing_success_rate: 0,
  interval: envoyDuration(outlier.intervalMs),
  base_ejection_time: envoyDuration(outlier.ejectionMs),
  max_ejection_percent: outlier.maxEjectedPercent,
  always_eject_one_host: true,
})
