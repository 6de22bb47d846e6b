import type { Json } from '../../src/explain/json.ts'
import type { Draw } from './draw.ts'
import { headerValues, paths } from './randomRequest.ts'

/** Domains that say the same thing twice are refused by Envoy, so each host has a number of its own. */
export const domainsOf = (i: number): readonly string[] => [
  `h${i}.test`,
  `h${i}.test:*`,
  `*.h${i}.test`,
  `*-x.h${i}.test`,
  `H${i}.other`,
]

/** Authorities of which most belong to the host with the number `i`. */
export const authoritiesOf = (i: number): readonly string[] => [
  `h${i}.test`,
  `h${i}.test`,
  `h${i}.test`,
  `H${i}.TEST`,
  `h${i}.test:80`,
  `h${i}.test:8080`,
  `a.h${i}.test`,
  `a-x.h${i}.test`,
  `.h${i}.test`,
  `h${i}.other`,
  `h${i}.nowhere`,
]

/** A virtual host with routes as nobody's rules make them: everything of Envoy's route matching that is evaluated. */
export const randomVirtualHost = (draw: Draw, i: number): Json => ({
  name: `h${i}`,
  domains: domainsOf(i),
  ...(draw.chance(0.05) ? { require_tls: 'ALL' } : {}),
  ...(draw.chance(0.1) ? { typed_per_filter_config: { 'envoy.filters.http.fault': fault(draw) } } : {}),
  routes: Array.from({ length: draw.whole(1, 6) }, (_, j) => route(draw, `h${i}-${j}`)),
})

const route = (draw: Draw, name: string): Json => {
  const match = randomMatch(draw)
  return {
    name,
    match,
    ...action(draw, match),
    ...(draw.chance(0.1) ? { typed_per_filter_config: { 'envoy.filters.http.fault': fault(draw) } } : {}),
  }
}

const randomMatch = (draw: Draw): Json => ({
  ...path(draw),
  ...(draw.chance(0.2) ? { case_sensitive: draw.chance(0.3) } : {}),
  ...(draw.chance(0.5) ? { headers: Array.from({ length: draw.whole(1, 2) }, () => header(draw)) } : {}),
  ...(draw.chance(0.25) ? { query_parameters: [query(draw)] } : {}),
  ...(draw.chance(0.05) ? { grpc: {} } : {}),
  ...(draw.chance(0.1) ? { runtime_fraction: { default_value: percent(draw) } } : {}),
})

const percent = (draw: Draw): Json => ({ numerator: draw.one([0, 100]), denominator: 'HUNDRED' })

const bare = paths.map((one) => one.replace(/\?.*/, ''))

const path = (draw: Draw): Json => {
  const kind = draw.one(['prefix', 'prefix', 'path', 'safe_regex', 'path_separated_prefix'] as const)
  const value = draw.one(paths)
  if (kind === 'path') return { path: value }
  if (kind === 'prefix')
    return { prefix: draw.chance(0.3) ? '/' : value.slice(0, draw.whole(1, value.length)) }
  if (kind === 'safe_regex')
    return {
      safe_regex: {
        regex: draw.one(['/.*', '/a.*', '/[ab]', '(?i)/A/.*', '/a/b', '.*/b', '/products/[0-9]+']),
      },
    }
  const separated = draw.one(bare.filter((one) => /^[^?#]+[^?#/]$/.test(one)))
  return { path_separated_prefix: separated }
}

const text = (draw: Draw, values: readonly string[]): Json => {
  const value = draw.one(values)
  const kind = draw.one(['exact', 'prefix', 'suffix', 'contains', 'safe_regex'] as const)
  if (kind === 'safe_regex')
    return {
      safe_regex: { regex: draw.one(['.*', 'j.*', '[a-z]+', '.*=.*', value.replaceAll(/\W/g, '.') || '.']) },
    }
  const part = kind === 'exact' ? value : value.slice(0, draw.whole(1, value.length)) || 'x'
  return { [kind]: part, ...(draw.chance(0.3) ? { ignore_case: true } : {}) }
}

const names = [
  ...Object.keys(headerValues),
  'x-absent',
  ':method',
  ':path',
  ':authority',
  ':scheme',
  'x-forwarded-proto',
  'x-request-id',
  'host',
  'connection',
  'upgrade',
  'content-type',
]

const header = (draw: Draw): Json => {
  const name = draw.one(names)
  const values = headerValues[name] ?? ['GET', '/a', 'h1.test', 'http', 'upgrade', 'application/grpc']
  const kind =
    name === 'x-request-id'
      ? 'present'
      : draw.one(['text', 'text', 'range', 'present', 'exact', 'regex'] as const)
  return {
    name,
    ...(kind === 'text' ? { string_match: text(draw, values) } : {}),
    ...(kind === 'range'
      ? { range_match: { start: draw.one([-5, 0, 7]), end: draw.one([8, 13, '9223372036854775807']) } }
      : {}),
    ...(kind === 'present' ? { present_match: draw.chance(0.7) } : {}),
    ...(kind === 'exact' ? { exact_match: draw.one(values) } : {}),
    ...(kind === 'regex' ? { safe_regex_match: { regex: '[a-zA-Z]*' } } : {}),
    ...(draw.chance(0.3) ? { invert_match: true } : {}),
    ...(draw.chance(0.2) ? { treat_missing_header_as_empty: true } : {}),
  }
}

const query = (draw: Draw): Json => ({
  name: draw.one(['q', 'r', 'Q', 'x', 'full', 'absent']),
  ...(draw.chance(0.3)
    ? { present_match: draw.chance(0.6) }
    : { string_match: text(draw, ['1', '2', 'x y', 'x%20y', 'a=b', 'true', '']) }),
})

const action = (draw: Draw, match: Json): Json => {
  const kind = draw.one(['route', 'route', 'route', 'redirect', 'direct_response'] as const)
  if (kind === 'direct_response') return { direct_response: { status: draw.one([200, 204, 404, 599]) } }
  if (kind === 'redirect') return { redirect: redirect(draw, match) }
  return {
    route: {
      ...draw.one<Json>([
        { cluster: 'c1' },
        { cluster: 'c2' },
        { cluster: 'missing' },
        { cluster: 'missing', cluster_not_found_response_code: 'NOT_FOUND' },
        {
          weighted_clusters: {
            clusters: [
              { name: 'c1', weight: 1 },
              { name: 'c2', weight: 3 },
            ],
          },
        },
        {
          weighted_clusters: {
            clusters: [
              { name: 'c1', weight: 0 },
              { name: 'c2', weight: 3, host_rewrite_literal: 'own' },
            ],
          },
        },
      ]),
      ...pathRewrite(draw),
      ...draw.one<Json>([
        {},
        {},
        { host_rewrite_literal: 'elsewhere' },
        { host_rewrite_header: 'x-user' },
        { host_rewrite_path_regex: { pattern: { regex: '^/([a-z]*).*$' }, substitution: '\\1.host' } },
      ]),
      ...(draw.chance(0.1)
        ? { upgrade_configs: [{ upgrade_type: 'WebSocket', enabled: draw.chance(0.5) }] }
        : {}),
    },
  }
}

const pathRewrite = (draw: Draw): Json =>
  draw.one<Json>([
    {},
    {},
    { prefix_rewrite: draw.one(['/', '/new', '/new/']) },
    { regex_rewrite: { pattern: { regex: '/([a-z]+)' }, substitution: '/<\\1>$' } },
  ])

const redirect = (draw: Draw, match: Json): Json => ({
  ...draw.one<Json>([{}, { host_redirect: 'there' }, { host_redirect: 'there:1' }]),
  ...draw.one<Json>([
    {},
    { path_redirect: '/here' },
    { path_redirect: 'here' },
    { path_redirect: '/here?x=1' },
    ...(match['safe_regex'] === undefined ? [{ prefix_rewrite: '/new' }] : []),
    { regex_rewrite: { pattern: { regex: 'b' }, substitution: 'B' } },
  ]),
  ...draw.one<Json>([{}, {}, { https_redirect: true }, { scheme_redirect: 'ftp' }]),
  ...draw.one<Json>([{}, {}, { port_redirect: 8443 }]),
  ...(draw.chance(0.2) ? { strip_query: true } : {}),
  ...draw.one<Json>([{}, { response_code: 'FOUND' }, { response_code: 'PERMANENT_REDIRECT' }]),
})

const fault = (draw: Draw): Json => ({
  '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
  abort: {
    http_status: draw.one([418, 555]),
    percentage: draw.one([
      { numerator: 100 },
      { numerator: 1_000_000, denominator: 'MILLION' },
      { numerator: 0 },
    ]),
  },
  ...(draw.chance(0.4) ? { headers: [header(draw)] } : {}),
  ...(draw.chance(0.2) ? { upstream_cluster: draw.one(['c1', 'c2']) } : {}),
})
