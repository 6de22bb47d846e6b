import { corsAnswers } from './corsAnswers.ts'
import type { Outcome, Step } from './explanation.ts'
import { faultOn } from './faultOn.ts'
import { filterSettings } from './filterSettings.ts'
import { flagAt, type Json, mapAt, mapsAt, textAt } from './json.ts'
import type { SeenRequest } from './seenRequest.ts'

const http = 'type.googleapis.com/envoy.extensions.filters.http'

// Filters that do not change where a request goes.
const harmless: ReadonlySet<string> = new Set([
  `${http}.router.v3.Router`,
  `${http}.grpc_stats.v3.FilterConfig`,
  `${http}.dynamic_forward_proxy.v3.FilterConfig`,
  `${http}.set_filter_state.v3.Config`,
])

/** What the HTTP filters before the router make of a request whose route is chosen; `levels` are what may tell them
 *  something, the nearest first, and `clusters` those that it may go to: none where the route answers by itself. The
 *  first filter that answers decides. */
export const filtersOnWay = (
  manager: Json,
  levels: readonly (Json | undefined)[],
  request: SeenRequest,
  clusters: readonly string[],
): { readonly outcome?: Outcome; readonly why?: string; readonly steps: readonly Step[] } => {
  const steps: Step[] = []
  for (const filter of mapsAt(manager, 'http_filters')) {
    const name = textAt(filter, 'name') ?? ''
    const own = mapAt(filter, 'typed_config')
    const settings = filterSettings(name, own, levels)
    if (settings === 'disabled' || (flagAt(filter, 'disabled') && settings === own)) continue
    const type = textAt(own, '@type') ?? ''
    const say = (why: string): void => void steps.push({ at: 'filter', name, matched: false, why })
    if (type === `${http}.cors.v3.Cors`) {
      // Envoy looks at CORS policies of routes that forward, and of no others.
      if (settings !== undefined && clusters.length > 0 && corsAnswers(settings, request))
        return { outcome: { type: 'direct', status: 200 }, why: 'CORS answers the preflight', steps }
    } else if (type === `${http}.fault.v3.HTTPFault`) {
      const fault = faultOn(settings ?? {}, request, clusters)
      if (fault.abortStatus !== undefined)
        return { outcome: { type: 'abort', status: fault.abortStatus }, why: fault.words.join(', '), steps }
      for (const words of fault.words) say(words)
    } else if (!harmless.has(type)) say('not evaluated')
  }
  return { steps }
}
