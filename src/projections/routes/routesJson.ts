import { envoyDuration } from '../envoyDuration.ts'
import type { JsonObject } from '../json.ts'
import { routeMetadata } from '../provenance.ts'
import {
  type HeaderChanges,
  type HttpAction,
  type HttpHash,
  type HttpMatch,
  type HttpMirror,
  type HttpRetries,
  type HttpRewrite,
  type HttpRoute,
  type NamedMatch,
  takesEveryRequest,
} from './httpRoute.ts'
import { destinationFiltersJson, routeFiltersJson } from './routeFiltersJson.ts'
import { textMatchJson } from './textMatchJson.ts'

/** Envoy's Route for `route`, its rule and position in the metadata. */
export const routeJson = (route: HttpRoute): JsonObject => ({
  name: route.name,
  match: matchJson(route.match),
  ...actionJson(route),
  metadata: routeMetadata(route.rule),
  decorator: { operation: route.name },
  ...(route.statPrefix === undefined ? nothing : { stat_prefix: route.statPrefix }),
  ...routeFiltersJson(route),
  ...headerChangesJson(route),
})

const matchJson = (match: HttpMatch): JsonObject => {
  if (takesEveryRequest(match)) return everything
  const headers = [
    ...pseudoHeader(':authority', match.authority),
    ...pseudoHeader(':method', match.method),
    ...pseudoHeader(':scheme', match.scheme),
    ...match.headers,
  ]
  return {
    ...pathJson(match),
    ...(headers.length === 0 ? {} : { headers: headers.map(headerMatchJson) }),
    ...(match.query.length === 0 ? {} : { query_parameters: match.query.map(queryMatchJson) }),
  }
}

const nothing: JsonObject = {}

const everything: JsonObject = { prefix: '/' }

const pseudoHeader = (name: string, text: HttpMatch['method']): readonly NamedMatch[] =>
  text === undefined ? [] : [{ name, text }]

const pathJson = ({ path = { kind: 'prefix', value: '/' } }: HttpMatch): JsonObject => {
  if (path.kind === 'regex') return { safe_regex: { regex: path.value } }
  return {
    ...(path.kind === 'exact' ? { path: path.value } : { prefix: path.value }),
    ...(path.ignoreCase === true ? { case_sensitive: false } : {}),
  }
}

const headerMatchJson = ({ name, text, not }: NamedMatch): JsonObject => ({
  name,
  ...(text === undefined ? { present_match: true } : { string_match: textMatchJson(text) }),
  ...(not === true ? { invert_match: true } : {}),
  // Else a header that is not there would not be taken for one that looks different.
  ...(not === true && text !== undefined ? { treat_missing_header_as_empty: true } : {}),
})

const queryMatchJson = ({ name, text }: NamedMatch): JsonObject => ({
  name,
  ...(text === undefined ? { present_match: true } : { string_match: textMatchJson(text) }),
})

const actionJson = (route: HttpRoute): JsonObject => {
  const { action } = route
  switch (action.kind) {
    case 'redirect':
      return { redirect: redirectJson(action) }
    case 'direct':
      return {
        direct_response: {
          status: action.status,
          ...(action.body === undefined ? {} : { body: bodyJson(action.body) }),
        },
      }
    case 'forward':
      return { route: forwardJson(route, action) }
  }
}

const bodyJson = (body: NonNullable<Extract<HttpAction, { kind: 'direct' }>['body']>): JsonObject =>
  'text' in body ? { inline_string: body.text } : { inline_bytes: body.base64 }

const redirectCodes = {
  301: 'MOVED_PERMANENTLY',
  302: 'FOUND',
  303: 'SEE_OTHER',
  307: 'TEMPORARY_REDIRECT',
  308: 'PERMANENT_REDIRECT',
} as const

const redirectJson = (redirect: Extract<HttpAction, { kind: 'redirect' }>): JsonObject => ({
  ...(redirect.authority === undefined ? {} : { host_redirect: redirect.authority }),
  ...(redirect.scheme === undefined ? {} : { scheme_redirect: redirect.scheme }),
  ...(redirect.port === undefined ? {} : { port_redirect: redirect.port }),
  ...(redirect.path === undefined ? {} : { path_redirect: redirect.path }),
  ...(redirect.prefix === undefined ? {} : { prefix_rewrite: redirect.prefix }),
  response_code: redirectCodes[redirect.status],
})

const forwardJson = (route: HttpRoute, action: Extract<HttpAction, { kind: 'forward' }>): JsonObject => ({
  ...targetJson(action),
  ...(route.rewrite === undefined ? nothing : rewriteJson(route.rewrite)),
  timeout: envoyDuration(route.timeoutMs),
  ...(route.retries === undefined ? nothing : { retry_policy: retriesJson(route.retries) }),
  ...(route.hash === undefined || route.hash.length === 0
    ? nothing
    : { hash_policy: route.hash.map(hashJson) }),
  ...(route.mirrors.length === 0 ? nothing : { request_mirror_policies: route.mirrors.map(mirrorJson) }),
  ...(route.websocket ? websocketJson : nothing),
})

const rewriteJson = ({ path, pathParts, authority }: HttpRewrite): JsonObject => ({
  ...(path === undefined ? {} : { prefix_rewrite: path }),
  ...(pathParts === undefined
    ? {}
    : {
        regex_rewrite: { pattern: { regex: pathParts.regex }, substitution: pathParts.substitution },
      }),
  ...(authority === undefined ? {} : { host_rewrite_literal: authority }),
})

const mirrorJson = ({ cluster, percent }: HttpMirror): JsonObject => ({
  cluster,
  runtime_fraction: { default_value: { numerator: Math.round(percent * 10_000), denominator: 'MILLION' } },
})

const websocketJson: JsonObject = { upgrade_configs: [{ upgrade_type: 'websocket', enabled: true }] }

const targetJson = ({ destinations }: Extract<HttpAction, { kind: 'forward' }>): JsonObject => {
  const [only, ...more] = destinations
  const plain = only?.requestHeaders === undefined && only?.responseHeaders === undefined
  if (only !== undefined && more.length === 0 && plain) return { cluster: only.cluster }
  return {
    weighted_clusters: {
      clusters: destinations.map((destination) => ({
        name: destination.cluster,
        weight: destination.weight,
        ...destinationFiltersJson(destination),
        ...headerChangesJson(destination),
      })),
    },
  }
}

const retriesJson = (retries: HttpRetries): JsonObject => ({
  retry_on: retries.on,
  num_retries: retries.attempts,
  ...(retries.perTryTimeoutMs === undefined
    ? {}
    : { per_try_timeout: envoyDuration(retries.perTryTimeoutMs) }),
  ...(retries.statusCodes === undefined ? {} : { retriable_status_codes: retries.statusCodes }),
  ...(retries.backoffMs === undefined
    ? {}
    : { retry_back_off: { base_interval: envoyDuration(retries.backoffMs) } }),
  ...(retries.elsewhere === undefined
    ? {}
    : { retry_host_predicate: [previousHosts], host_selection_retry_max_attempts: 5 }),
  ...(retries.otherLocalities === undefined ? {} : { retry_priority: previousPriorities }),
})

const previousHosts: JsonObject = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  },
}

const previousPriorities: JsonObject = {
  name: 'envoy.retry_priorities.previous_priorities',
  typed_config: {
    '@type':
      'type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
    update_frequency: 2,
  },
}

const hashJson = (hash: HttpHash): JsonObject => {
  switch (hash.by) {
    case 'header':
      return { header: { header_name: hash.name } }
    case 'query':
      return { query_parameter: { name: hash.name } }
    case 'source':
      return { connection_properties: { source_ip: true } }
    case 'cookie':
      return {
        cookie: {
          name: hash.name,
          ...(hash.path === undefined ? {} : { path: hash.path }),
          ...(hash.ttlMs === undefined ? {} : { ttl: envoyDuration(hash.ttlMs) }),
          ...(hash.attributes === undefined ? {} : { attributes: hash.attributes }),
        },
      }
  }
}

const headerChangesJson = (of: {
  readonly requestHeaders?: HeaderChanges
  readonly responseHeaders?: HeaderChanges
}): JsonObject =>
  of.requestHeaders === undefined && of.responseHeaders === undefined
    ? nothing
    : {
        ...changesJson('request', of.requestHeaders),
        ...changesJson('response', of.responseHeaders),
      }

const changesJson = (side: 'request' | 'response', changes: HeaderChanges | undefined): JsonObject => ({
  ...(changes === undefined || changes.put.length === 0
    ? {}
    : {
        [`${side}_headers_to_add`]: changes.put.map(({ name, value, how }) => ({
          header: { key: name, value },
          append_action: how === 'set' ? 'OVERWRITE_IF_EXISTS_OR_ADD' : 'APPEND_IF_EXISTS_OR_ADD',
        })),
      }),
  ...(changes === undefined || changes.remove.length === 0
    ? {}
    : { [`${side}_headers_to_remove`]: changes.remove }),
})
