import { isLeft } from 'fp-ts/lib/Either.js'
import type { Emitted } from './emitted.ts'
import type { Explanation, Outcome, RuleName, Step } from './explanation.ts'
import { filtersOnWay } from './filtersOnWay.ts'
import { findVirtualHost, virtualHostName } from './findVirtualHost.ts'
import { type Json, mapAt, mapsAt, textAt } from './json.ts'
import { lookedUp } from './lookedUp.ts'
import { routeOutcome } from './routeOutcome.ts'
import { routeRefusal } from './routeRefusal.ts'
import { ruleNameOf } from './ruleNameOf.ts'
import { headerText } from './seenHeaders.ts'
import { type SeenRequest, seenRequest } from './seenRequest.ts'
import type { SentRequest } from './sentRequest.ts'
import { mayUpgrade } from './upgrade.ts'

/** The request's way through an HttpConnectionManager: its route configuration, virtual host and routes, the filters
 *  before the router. `steps` are those before; a bare node's clusters may stand in its bootstrap. */
export const explainHttp = (
  manager: Json,
  emitted: Emitted,
  request: SentRequest,
  steps: readonly Step[],
): Explanation => {
  const unread = managerSteps(manager)
  const name = textAt(mapAt(manager, 'rds'), 'route_config_name')
  const routes = mapAt(manager, 'route_config') ?? emitted.routes.find((one) => textAt(one, 'name') === name)
  const at = { at: 'routeConfiguration', name: name ?? textAt(routes, 'name') ?? '' } as const
  if (routes === undefined)
    return ended([...steps, ...unread], { ...at, why: 'the proxy is not given it' }, { type: 'none' })
  const seen = seenRequest(request, manager, routes)
  if (isLeft(seen))
    return ended(
      [...steps, ...unread],
      { ...at, why: seen.left.why },
      { type: 'none', status: seen.left.status },
    )
  return throughHosts({ manager, emitted, request, routes, seen: seen.right }, [
    ...steps,
    ...unread,
    { ...at, matched: true },
    ...routesSteps(routes),
  ])
}

type Way = {
  readonly manager: Json
  readonly emitted: Emitted
  readonly request: SentRequest
  readonly routes: Json
  readonly seen: SeenRequest
}

const notFound: Outcome = { type: 'none', status: 404 }

const throughHosts = (way: Way, steps: readonly Step[]): Explanation => {
  const { routes, seen } = way
  const found = findVirtualHost(routes, seen)
  if (found === undefined) {
    const why = `none answers to ${seen.authority}`
    return ended(steps, { at: 'virtualHost', name: seen.authority, why }, notFound)
  }
  const name = virtualHostName(found.host)
  const matched: Step = { at: 'virtualHost', name, matched: true, why: `by its domain ${found.domain}` }
  const tls = textAt(found.host, 'require_tls') ?? 'NONE'
  const proto = headerText(seen.headers, 'x-forwarded-proto')
  if (proto === '') return ended(steps, { ...matched, why: 'x-forwarded-proto is empty' }, notFound)
  if (tls === 'ALL' && proto !== 'https') {
    const location = `https://${seen.authority}${seen.path}`
    const outcome = orForbidden(way, undefined, { type: 'redirect', status: 301, location })
    return {
      outcome,
      rule: undefined,
      steps: [...steps, { ...matched, why: 'it wants TLS of every request' }],
    }
  }
  return throughRoutes(way, found.host, [...steps, matched, ...hostSteps(found.host, name, tls)])
}

const throughRoutes = (way: Way, host: Json, steps: readonly Step[]): Explanation => {
  const { routes, seen } = way
  const tried: Step[] = []
  for (const route of mapsAt(host, 'routes')) {
    const name = textAt(route, 'name') ?? ''
    const why = routeRefusal(mapAt(route, 'match') ?? {}, seen)
    if (why === undefined) return won(way, [route, host, routes], name, [...steps, ...tried])
    tried.push({ at: 'route', name, matched: false, why })
  }
  const none = {
    at: 'virtualHost',
    name: virtualHostName(host),
    why: 'none of its routes takes the request',
  } as const
  return ended([...steps, ...tried], none, notFound)
}

const won = (
  way: Way,
  [route, host, routes]: readonly [Json, Json, Json],
  name: string,
  steps: readonly Step[],
): Explanation => {
  const { emitted, manager, request, seen } = way
  const answer = routeOutcome(route, seen, emitted)
  const levels = [answer.only, route, host, routes]
  const filters = filtersOnWay(manager, levels, seen, answer.clusters)
  const action = mapAt(route, 'route')
  const outcome = orForbidden(way, action, filters.outcome ?? answer.outcome)
  const notEvaluated = answer.notEvaluated.map(
    (field): Step => ({ at: 'route', name, matched: false, why: `not evaluated: ${field}` }),
  )
  const why = mayUpgrade(action, manager, request)
    ? (filters.why ?? answer.why ?? lookedUp(levels, outcome, emitted))
    : 'no upgrade is let through'
  return {
    outcome,
    rule: ruleNameOf(route),
    steps: [
      ...steps,
      ...notEvaluated,
      ...filters.steps,
      { at: 'route', name, matched: true, ...(why === undefined ? {} : { why }) },
    ],
  }
}

const orForbidden = ({ manager, request }: Way, action: Json | undefined, outcome: Outcome): Outcome =>
  mayUpgrade(action, manager, request) ? outcome : { type: 'direct', status: 403 }

/** An explanation whose way ends at a step that did not match. */
const ended = (
  steps: readonly Step[],
  last: Omit<Step, 'matched'>,
  outcome: Outcome,
  rule?: RuleName,
): Explanation => ({ outcome, rule, steps: [...steps, { ...last, matched: false }] })

const unreadIn = (json: Json, at: Step['at'], name: string, fields: readonly string[]): readonly Step[] =>
  fields
    .filter((field) => json[field] !== undefined)
    .map((field) => ({ at, name, matched: false, why: `not evaluated: ${field}` }))

const managerSteps = (manager: Json): readonly Step[] => [
  ...unreadIn(manager, 'filter', 'envoy.filters.network.http_connection_manager', [
    'scoped_routes',
    'early_header_mutation_extensions',
    'path_normalization_options',
    'typed_header_validation_config',
    'scheme_header_transformation',
    'forward_proto_config',
    'forward_client_cert_matcher',
    ...(textAt(manager, 'path_with_escaped_slashes_action') === 'KEEP_UNCHANGED'
      ? []
      : ['path_with_escaped_slashes_action']),
  ]),
]

const routesSteps = (routes: Json): readonly Step[] =>
  unreadIn(routes, 'routeConfiguration', textAt(routes, 'name') ?? '', [
    'vhds',
    'vhost_header',
    'route_specifiers',
  ])

const hostSteps = (host: Json, name: string, tls: string): readonly Step[] =>
  unreadIn(host, 'virtualHost', name, [
    'matcher',
    'route_specifiers',
    ...(tls === 'EXTERNAL_ONLY' ? ['require_tls'] : []),
  ])
