import { rewrittenAuthorityJson } from '../egress/forwardByAuthority.ts'
import { envoyDuration } from '../envoyDuration.ts'
import type { JsonObject } from '../json.ts'
import { httpFilterNames } from '../listeners/httpFilters.ts'
import { destinationsOf, type HttpCors, type HttpRoute, type HttpRouteFault } from './httpRoute.ts'
import { textMatchJson } from './textMatchJson.ts'

/** What a route tells the HTTP filters in front of the router: its own fault and CORS policy, which no other route
 *  gets, and another authority for hosts that may be looked up; nothing where it has none of these. */
export const routeFiltersJson = (route: HttpRoute): JsonObject => {
  const { fault, cors, rewrite } = route
  const isLookedUp = (): boolean => destinationsOf(route).some(({ hostname }) => hostname.startsWith('*'))
  const authority = rewrite?.authority !== undefined && isLookedUp() ? rewrite.authority : undefined
  if (fault === undefined && cors === undefined && authority === undefined) return nothing
  return {
    typed_per_filter_config: {
      ...(cors === undefined ? {} : { [httpFilterNames.cors]: corsJson(cors) }),
      ...(fault === undefined ? {} : { [httpFilterNames.fault]: faultJson(fault) }),
      ...(authority === undefined ? {} : rewrittenAuthorityJson(authority)),
    },
  }
}

const nothing: JsonObject = {}

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
