import { flagAt, type Json, mapAt } from './json.ts'

/** What the filter `name` is told for one route: by the route, else by its virtual host, else by its route
 *  configuration (`typed_per_filter_config`), else by the connection manager (`own`). `disabled` where one of these
 *  says that the filter is to be left out. */
export const filterSettings = (
  name: string,
  own: Json | undefined,
  levels: readonly (Json | undefined)[],
): Json | 'disabled' | undefined => {
  for (const level of levels) {
    const given = mapAt(mapAt(level, 'typed_per_filter_config'), name)
    if (given === undefined) continue
    if (given['@type'] !== 'type.googleapis.com/envoy.config.route.v3.FilterConfig') return given
    if (flagAt(given, 'disabled')) return 'disabled'
    return mapAt(given, 'config') ?? own
  }
  return own
}
