import { fraction } from './fraction.ts'
import { type Json, mapAt, mapsAt } from './json.ts'
import { headerText } from './seenHeaders.ts'
import type { SeenRequest } from './seenRequest.ts'
import { textRefusal } from './textRefusal.ts'

/** True when the CORS filter answers the request by itself, with 200: a preflight (`OPTIONS` with `origin` and
 *  `access-control-request-method`) of an origin that the CorsPolicy names. */
export const corsAnswers = (policy: Json, { method, headers }: SeenRequest): boolean => {
  const enabled = mapAt(mapAt(policy, 'filter_enabled'), 'default_value')
  if (enabled !== undefined && fraction(enabled) < 1) return false
  const origin = headerText(headers, 'origin')
  if (method !== 'OPTIONS' || origin === '' || headerText(headers, 'access-control-request-method') === '')
    return false
  // A matcher that takes `*` itself takes every origin.
  const takes = (matcher: Json): boolean =>
    [origin, '*'].some((text) => textRefusal(matcher, text) === undefined)
  if (mapsAt(policy, 'allow_origin_string_match').some(takes)) return true
  return policy['forward_not_matching_preflights'] === false
}
