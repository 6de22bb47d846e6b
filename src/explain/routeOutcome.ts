import { clustersByName, type Emitted } from './emitted.ts'
import { endsHere } from './endsHere.ts'
import type { Outcome } from './explanation.ts'
import { type Json, mapAt, mapsAt, numberAt, setOf, textAt } from './json.ts'
import { redirectLocation } from './redirectLocation.ts'
import { rewrittenAuthority, rewrittenPath } from './rewritten.ts'
import type { SeenRequest } from './seenRequest.ts'

/** What a route does with a request that it takes. */
export type RouteOutcome = {
  readonly outcome: Outcome
  /** The clusters that it may be sent to, whether or not they are there. */
  readonly clusters: readonly string[]
  /** The entry of a split that always wins: filters may be told something for it alone. */
  readonly only?: Json
  readonly why?: string
  /** Fields that would change the outcome, and are not evaluated. */
  readonly notEvaluated: readonly string[]
}

/** What `route` (envoy/config/route/v3/route_components.proto) does with the request. */
export const routeOutcome = (route: Json, request: SeenRequest, emitted: Emitted): RouteOutcome => {
  const match = mapAt(route, 'match') ?? {}
  const others = ['route_specifiers'].filter((field) => route[field] !== undefined)
  switch (
    setOf(route, ['route', 'redirect', 'direct_response', 'filter_action', 'non_forwarding_action'] as const)
  ) {
    case 'route':
      return forwarded(mapAt(route, 'route') ?? {}, match, request, emitted, others)
    case 'redirect': {
      const redirect = mapAt(route, 'redirect') ?? {}
      const location = redirectLocation(redirect, request, rewrittenPath(redirect, match, request))
      const status = statusOf[textAt(redirect, 'response_code') ?? 'MOVED_PERMANENTLY'] ?? 301
      const unread = redirect['path_rewrite'] === undefined ? others : [...others, 'path_rewrite']
      return { outcome: { type: 'redirect', status, location }, clusters: [], notEvaluated: unread }
    }
    case 'direct_response': {
      const status = numberAt(mapAt(route, 'direct_response'), 'status') ?? 200
      return { outcome: { type: 'direct', status }, clusters: [], notEvaluated: others }
    }
    case 'filter_action':
      return { outcome: { type: 'none' }, clusters: [], notEvaluated: [...others, 'filter_action'] }
    default:
      return { outcome: { type: 'none' }, why: 'it forwards nothing', clusters: [], notEvaluated: others }
  }
}

const statusOf: Readonly<Record<string, number>> = {
  MOVED_PERMANENTLY: 301,
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
}

const unread = [
  'cluster_header',
  'cluster_specifier_plugin',
  'inline_cluster_specifier_plugin',
  'path_rewrite_policy',
  'path_rewrite',
  'host_rewrite',
]

const forwarded = (
  action: Json,
  match: Json,
  request: SeenRequest,
  emitted: Emitted,
  others: readonly string[],
): RouteOutcome => {
  const split = mapsAt(mapAt(action, 'weighted_clusters'), 'clusters')
  const used = split.filter((one) => (numberAt(one, 'weight') ?? 0) > 0)
  const single = textAt(action, 'cluster') ?? (used.length === 1 ? textAt(used[0], 'name') : undefined)
  const names = single === undefined ? used.map((one) => textAt(one, 'name') ?? '') : [single]
  const notEvaluated = [
    ...others,
    ...unread.filter((field) => action[field] !== undefined),
    ...splitFields(action, used),
  ]
  if (names.length === 0) return { outcome: { type: 'none' }, clusters: [], notEvaluated }
  const known = clustersByName(emitted)
  const missing = names.filter((name) => !known.has(name))
  if (missing.length === names.length && !emitted.othersInBootstrap) {
    const status = { NOT_FOUND: 404, INTERNAL_SERVER_ERROR: 500 }[
      textAt(action, 'cluster_not_found_response_code') ?? ''
    ]
    const why = `the proxy is not given ${missing.join(', ')}`
    return { outcome: { type: 'none', status: status ?? 503 }, why, clusters: names, notEvaluated }
  }
  // A split's own name comes first, and the route's rewrite after it.
  const own = used.length === 1 ? textAt(used[0], 'host_rewrite_literal') : undefined
  const authority = rewrittenAuthority(
    action,
    own ? { ...request, authority: own } : request,
    names.map((name) => known.get(name)),
  )
  const outcome: Outcome = {
    type: 'cluster',
    clusters:
      single === undefined
        ? used.map((one) => ({ name: textAt(one, 'name') ?? '', weight: numberAt(one, 'weight') ?? 0 }))
        : [{ name: single, weight: 100 }],
    path: rewrittenPath(action, match, request),
    ...(authority === undefined ? {} : { authority }),
  }
  const why = [
    ...(missing.length === 0 ? [] : [`the proxy is not given ${missing.join(', ')}`]),
    ...[endsHere(names, emitted) ?? []].flat(),
  ].join('; ')
  return {
    outcome,
    clusters: names,
    ...(used.length === 1 && used[0] !== undefined ? { only: used[0] } : {}),
    ...(why === '' ? {} : { why }),
    notEvaluated,
  }
}

const splitFields = (action: Json, used: readonly Json[]): readonly string[] => [
  ...['header_name', 'use_hash_policy', 'runtime_key_prefix']
    .filter((field) => mapAt(action, 'weighted_clusters')?.[field] !== undefined)
    .map((field) => `weighted_clusters.${field}`),
  ...(used.length < 2
    ? []
    : ['cluster_header', 'host_rewrite_literal', 'typed_per_filter_config']
        .filter((field) => used.some((one) => one[field] !== undefined))
        .map((field) => `weighted_clusters.clusters.${field}`)),
]
