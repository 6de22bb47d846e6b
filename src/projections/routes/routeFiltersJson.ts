import { lookUpPortJson, rewrittenAuthorityJson } from '../egress/forwardByAuthority.ts'
import { envoyDuration } from '../envoyDuration.ts'
import type { JsonObject } from '../json.ts'
import { httpFilterNames } from '../listeners/httpFilters.ts'
import {
  type Destination,
  destinationsOf,
  type HttpCors,
  type HttpRoute,
  type HttpRouteFault,
} from './httpRoute.ts'
import { textMatchJson } from './textMatchJson.ts'

/** What a route tells the HTTP filters in front of the router: its own fault and CORS policy, which no other route
 *  gets, and of hosts that may be looked up another authority, and the port; nothing where it has none of these. */
export const routeFiltersJson = (route: HttpRoute): JsonObject => {
  const { fault, cors, rewrite } = route
  const authority = destinationsOf(route).some(isLookedUp) ? rewrite?.authority : undefined
  // Of destinations with several each says its own.
  const [only, ...others] = lookUpPorts(route)
  const port = others.length === 0 ? only : undefined
  if (fault === undefined && cors === undefined && authority === undefined && port === undefined)
    return nothing
  return {
    typed_per_filter_config: {
      ...(cors === undefined ? {} : { [httpFilterNames.cors]: corsJson(cors) }),
      ...(fault === undefined ? {} : { [httpFilterNames.fault]: faultJson(fault) }),
      ...(authority === undefined ? {} : rewrittenAuthorityJson(authority)),
      ...(port === undefined ? {} : lookUpPortJson(port)),
    },
  }
}

/** What one destination of several tells these filters. */
export const destinationFiltersJson = (destination: Destination): JsonObject =>
  isLookedUp(destination) ? { typed_per_filter_config: lookUpPortJson(destination.port) } : nothing

// What is mirrored goes its own way.
const lookUpPorts = ({ action }: HttpRoute): readonly number[] =>
  action.kind === 'forward'
    ? [...new Set(action.destinations.filter(isLookedUp).map(({ port }) => port))]
    : []

const isLookedUp = ({ hostname }: Destination): boolean => hostname.startsWith('*')

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
