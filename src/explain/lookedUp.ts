import type { Emitted } from './emitted.ts'
import type { Outcome } from './explanation.ts'
import { filterSettings } from './filterSettings.ts'
import { type Json, mapAt, mapsAt, textAt } from './json.ts'

/** What DNS is asked for, and at which port, where a request goes to the one cluster whose endpoint its authority names;
 *  nothing of others. `levels` are what may tell the filters on its way something, the nearest first. */
export const lookedUp = (
  levels: readonly (Json | undefined)[],
  { authority, clusters = [] }: Outcome,
  emitted: Emitted,
): string | undefined => {
  const [only, ...more] = clusters
  const cluster = more.length > 0 ? undefined : emitted.clusters.find((one) => one['name'] === only?.name)
  const type = textAt(mapAt(cluster, 'cluster_type'), 'name')
  if (authority === undefined || type !== 'envoy.clusters.dynamic_forward_proxy') return undefined
  const [, host = authority, port = portFor(levels)] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? []
  return port === undefined ? undefined : `DNS is asked for ${host}, port ${port}`
}

const portFor = (levels: readonly (Json | undefined)[]): string | undefined => {
  const settings = filterSettings('envoy.filters.http.set_filter_state', undefined, levels)
  if (settings === undefined || settings === 'disabled') return undefined
  const said = mapsAt(settings, 'on_request_headers').find(
    (one) => one['object_key'] === 'envoy.upstream.dynamic_port',
  )
  return textAt(mapAt(mapAt(said, 'format_string'), 'text_format_source'), 'inline_string')
}
