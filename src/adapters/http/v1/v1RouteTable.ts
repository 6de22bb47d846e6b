import { type Json, mapAt, mapsAt, numberAt, textAt, textsAt } from '../../../explain/json.ts'
import { durationMs } from '../../../model/duration.ts'
import { compact, v1Target } from './v1Clusters.ts'
import type { V1Names } from './v1Names.ts'

/** A route configuration in the shape of 2017. Routes whose conditions or actions that shape cannot say (query
 *  parameters, headers that must not look so, answers of their own) are left out, and so are those that lead to clusters
 *  that it `lacks`. */
export const v1RouteTable = (routes: Json, names: V1Names, lacks: ReadonlySet<string>): Json => ({
  virtual_hosts: mapsAt(routes, 'virtual_hosts').map((host) => ({
    name: textAt(host, 'name') ?? '',
    domains: textsAt(host, 'domains'),
    routes: mapsAt(host, 'routes').flatMap((route) =>
      leadsTo(route, lacks) ? [] : (v1Route(route, names) ?? []),
    ),
  })),
})

const leadsTo = (route: Json, clusters: ReadonlySet<string>): boolean => {
  const action = mapAt(route, 'route')
  const split = mapsAt(mapAt(action, 'weighted_clusters'), 'clusters').map((one) => textAt(one, 'name'))
  return [textAt(action, 'cluster'), ...split].some((name) => name !== undefined && clusters.has(name))
}

const v1Route = (route: Json, names: V1Names): Json | undefined => {
  const match = v1Match(mapAt(route, 'match') ?? {})
  const action = v1Action(route, names)
  if (match === undefined || action === undefined) return undefined
  const operation = textAt(mapAt(route, 'decorator'), 'operation')
  return { ...match, ...action, ...(operation === undefined ? {} : { decorator: { operation } }) }
}

const v1Match = (match: Json): Json | undefined => {
  if (mapsAt(match, 'query_parameters').length > 0 || match['case_sensitive'] === false) return undefined
  const regex = textAt(mapAt(match, 'safe_regex'), 'regex')
  // To a regex of 2017 the query belongs to the path.
  const path = regex === undefined ? [] : [{ name: ':path', value: `(${regex})(\\?.*)?`, regex: true }]
  const headers = mapsAt(match, 'headers').map(v1Header)
  if (headers.includes(undefined)) return undefined
  const all = [...path, ...headers.flatMap((header) => header ?? [])]
  return {
    ...(match['path'] === undefined ? { prefix: textAt(match, 'prefix') ?? '/' } : { path: match['path'] }),
    ...(all.length === 0 ? {} : { headers: all }),
  }
}

const v1Header = (matcher: Json): Json | undefined => {
  const name = textAt(matcher, 'name') ?? ''
  if (matcher['invert_match'] === true) return undefined
  const text = mapAt(matcher, 'string_match')
  if (text === undefined) return { name }
  const [exact, prefix] = [textAt(text, 'exact'), textAt(text, 'prefix')]
  if (exact !== undefined) return { name, value: exact }
  if (prefix !== undefined)
    return { name, value: `^${prefix.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}.*`, regex: true }
  return { name, value: textAt(mapAt(text, 'safe_regex'), 'regex') ?? '', regex: true }
}

const v1Action = (route: Json, names: V1Names): Json | undefined => {
  const redirect = mapAt(route, 'redirect')
  if (redirect !== undefined)
    return compact({
      host_redirect: textAt(redirect, 'host_redirect'),
      path_redirect: textAt(redirect, 'path_redirect'),
    })
  const action = mapAt(route, 'route')
  if (action === undefined) return undefined
  const retries = mapAt(action, 'retry_policy')
  const [mirror] = mapsAt(action, 'request_mirror_policies')
  const added = mapsAt(route, 'request_headers_to_add').map((one) => mapAt(one, 'header') ?? {})
  const websocket = mapsAt(action, 'upgrade_configs').some((one) => one['enabled'] !== false)
  return compact({
    ...v1Target(action, names),
    prefix_rewrite: textAt(action, 'prefix_rewrite'),
    host_rewrite: textAt(action, 'host_rewrite_literal'),
    timeout_ms: durationMs(textAt(action, 'timeout') ?? ''),
    retry_policy:
      retries &&
      compact({
        retry_on: textAt(retries, 'retry_on'),
        num_retries: numberAt(retries, 'num_retries'),
        per_try_timeout_ms: durationMs(textAt(retries, 'per_try_timeout') ?? ''),
      }),
    use_websocket: websocket || undefined,
    shadow: mirror && { cluster: names.cluster(textAt(mirror, 'cluster') ?? '') },
    request_headers_to_add: added.length === 0 ? undefined : added,
    cors: corsOf(route),
  })
}

const corsOf = (route: Json): Json | undefined => {
  const policy = mapAt(mapAt(route, 'typed_per_filter_config'), 'envoy.filters.http.cors')
  return (
    policy &&
    compact({
      enabled: true,
      allow_origin: mapsAt(policy, 'allow_origin_string_match').flatMap((one) => textAt(one, 'exact') ?? []),
      allow_methods: textAt(policy, 'allow_methods'),
      allow_headers: textAt(policy, 'allow_headers'),
      expose_headers: textAt(policy, 'expose_headers'),
      max_age: textAt(policy, 'max_age'),
      allow_credentials: policy['allow_credentials'],
    })
  )
}
