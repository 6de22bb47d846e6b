import type { JsonObject } from '../json.ts'

/** The names under which routes speak to the filters. */
export const httpFilterNames = {
  cors: 'envoy.filters.http.cors',
  fault: 'envoy.filters.http.fault',
  router: 'envoy.filters.http.router',
} as const

const filters = 'type.googleapis.com/envoy.extensions.filters.http'
const routerFilter: JsonObject = {
  name: httpFilterNames.router,
  typed_config: { '@type': `${filters}.router.v3.Router` },
}

/** Filters of callers' listeners, in order. CORS and fault do nothing until a route says so. */
export const outboundHttpFilters: readonly JsonObject[] = [
  { name: httpFilterNames.cors, typed_config: { '@type': `${filters}.cors.v3.Cors` } },
  { name: httpFilterNames.fault, typed_config: { '@type': `${filters}.fault.v3.HTTPFault` } },
  routerFilter,
]

/** Filters in front of the application. */
export const inboundHttpFilters: readonly JsonObject[] = [routerFilter]
