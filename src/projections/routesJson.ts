import { envoyDuration } from './envoyDuration.ts'
import type { HttpAction, HttpMatch, HttpRetries, HttpRoute, NamedMatch } from './httpRoute.ts'
import type { JsonObject } from './json.ts'
import { routeMetadata } from './provenance.ts'
import { routeFiltersJson } from './routeFiltersJson.ts'
import { textMatchJson } from './textMatchJson.ts'

/** Envoy's Route for `route`, its rule and position in the metadata. */
export const routeJson = (route: HttpRoute): JsonObject => ({
  name: route.name,
  match: matchJson(route.match),
  ...actionJson(route),
  metadata: routeMetadata(route.rule),
  decorator: { operation: route.name },
  ...routeFiltersJson(route),
  ...(route.appendHeaders.length === 0
    ? {}
    : { request_headers_to_add: route.appendHeaders.map(appendHeaderJson) }),
})

const matchJson = (match: HttpMatch): JsonObject => {
  const headers = [
    ...pseudoHeader(':authority', match.authority),
    ...pseudoHeader(':method', match.method),
    ...pseudoHeader(':scheme', match.scheme),
    ...match.headers,
  ]
  return {
    ...pathJson(match),
    ...(headers.length === 0 ? {} : { headers: headers.map(namedJson) }),
    ...(match.query.length === 0 ? {} : { query_parameters: match.query.map(namedJson) }),
  }
}

const pseudoHeader = (name: string, text: HttpMatch['method']): readonly NamedMatch[] =>
  text === undefined ? [] : [{ name, text }]

const pathJson = ({ path = { kind: 'prefix', value: '/' } }: HttpMatch): JsonObject => {
  if (path.kind === 'exact') return { path: path.value }
  return path.kind === 'prefix' ? { prefix: path.value } : { safe_regex: { regex: path.value } }
}

const namedJson = ({ name, text }: NamedMatch): JsonObject => ({ name, string_match: textMatchJson(text) })

const actionJson = (route: HttpRoute): JsonObject => {
  const { action } = route
  switch (action.kind) {
    case 'redirect':
      return { redirect: redirectJson(action) }
    case 'direct':
      return {
        direct_response: {
          status: action.status,
          ...(action.body === undefined ? {} : { body: { inline_string: action.body } }),
        },
      }
    case 'forward':
      return { route: forwardJson(route, action) }
  }
}

const redirectCodes = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
} as const

const redirectJson = (redirect: Extract<HttpAction, { kind: 'redirect' }>): JsonObject => ({
  ...(redirect.authority === undefined ? {} : { host_redirect: redirect.authority }),
  ...(redirect.path === undefined ? {} : { path_redirect: redirect.path }),
  response_code: redirectCodes[redirect.status],
})

const forwardJson = (route: HttpRoute, action: Extract<HttpAction, { kind: 'forward' }>): JsonObject => ({
  ...targetJson(action),
  ...(route.rewrite?.path === undefined ? {} : { prefix_rewrite: route.rewrite.path }),
  ...(route.rewrite?.authority === undefined ? {} : { host_rewrite_literal: route.rewrite.authority }),
  timeout: envoyDuration(route.timeoutMs),
  ...(route.retries === undefined ? {} : { retry_policy: retriesJson(route.retries) }),
  ...(route.mirrors.length === 0
    ? {}
    : {
        request_mirror_policies: route.mirrors.map(({ cluster, percent }) => ({
          cluster,
          runtime_fraction: {
            default_value: { numerator: Math.round(percent * 10_000), denominator: 'MILLION' },
          },
        })),
      }),
  ...(route.websocket ? { upgrade_configs: [{ upgrade_type: 'websocket', enabled: true }] } : {}),
})

const targetJson = ({ destinations }: Extract<HttpAction, { kind: 'forward' }>): JsonObject => {
  const [only, ...more] = destinations
  if (only !== undefined && more.length === 0) return { cluster: only.cluster }
  return {
    weighted_clusters: { clusters: destinations.map(({ cluster, weight }) => ({ name: cluster, weight })) },
  }
}

const retriesJson = ({ attempts, on, perTryTimeoutMs }: HttpRetries): JsonObject => ({
  retry_on: on,
  num_retries: attempts,
  ...(perTryTimeoutMs === undefined ? {} : { per_try_timeout: envoyDuration(perTryTimeoutMs) }),
})

// `%` begins a variable in Envoy's header values, and an unknown one makes Envoy refuse the route.
const appendHeaderJson = ({ name, value }: HttpRoute['appendHeaders'][number]): JsonObject => ({
  header: { key: name, value: value.replaceAll('%', '%%') },
  append_action: 'APPEND_IF_EXISTS_OR_ADD',
})
