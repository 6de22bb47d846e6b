import { envoyDuration } from './envoyDuration.ts'
import { httpFilterNames } from './httpFilters.ts'
import type { HttpCors, HttpRoute, HttpRouteFault } from './httpRoute.ts'
import type { JsonObject } from './json.ts'
import { textMatchJson } from './textMatchJson.ts'

/** What a route tells the HTTP filters in front of the router: its own fault and CORS policy, which no other route
 *  gets; nothing where it has neither. */
export const routeFiltersJson = ({ fault, cors }: HttpRoute): JsonObject => {
  if (fault === undefined && cors === undefined) return {}
  return {
    typed_per_filter_config: {
      ...(cors === undefined ? {} : { [httpFilterNames.cors]: corsJson(cors) }),
      ...(fault === undefined ? {} : { [httpFilterNames.fault]: faultJson(fault) }),
    },
  }
}

const faultJson = ({ delay, abort }: HttpRouteFault): JsonObject => ({
  '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
  ...(delay === undefined
    ? {}
    : { delay: { fixed_delay: envoyDuration(delay.delayMs), percentage: millionths(delay.percent) } }),
  ...(abort === undefined
    ? {}
    : {
        abort: {
          ...('status' in abort ? { http_status: abort.status } : { grpc_status: abort.grpcStatus }),
          percentage: millionths(abort.percent),
        },
      }),
})

const millionths = (percent: number): JsonObject => ({
  numerator: Math.round(percent * 10_000),
  denominator: 'MILLION',
})

const corsJson = (cors: HttpCors): JsonObject => ({
  '@type': 'type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy',
  allow_origin_string_match: cors.allowOrigins.map(textMatchJson),
  ...joined('allow_methods', cors.allowMethods),
  ...joined('allow_headers', cors.allowHeaders),
  ...joined('expose_headers', cors.exposeHeaders),
  ...(cors.maxAgeMs === undefined ? {} : { max_age: String(Math.floor(cors.maxAgeMs / 1000)) }),
  ...(cors.allowCredentials === undefined ? {} : { allow_credentials: cors.allowCredentials }),
  ...(cors.forwardUnmatched === undefined ? {} : { forward_not_matching_preflights: cors.forwardUnmatched }),
})

const joined = (field: string, values: readonly string[]): JsonObject =>
  values.length === 0 ? {} : { [field]: values.join(',') }
