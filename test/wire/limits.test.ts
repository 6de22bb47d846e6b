import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { encode } from '../../src/wire/encode.ts'
import { problemsOf } from './problemsOf.ts'

const cluster = 'envoy.config.cluster.v3.Cluster'
const route = 'envoy.config.route.v3.RouteConfiguration'
const socket = 'envoy.config.core.v3.SocketAddress'
const address = { address: '10.0.0.1', port_value: 80 }

describe('limits of Envoy’s protos', () => {
  test.each<[string, string, unknown, string, string]>([
    ['text that must not be empty', cluster, { name: '' }, '/name', 'must not be empty'],
    ['text that is missing', cluster, {}, '', 'name must not be empty'],
    [
      'a number that is too large',
      socket,
      { ...address, port_value: 70_000 },
      '/port_value',
      'must be at most 65535, got 70000',
    ],
    ['a required oneof', socket, { address: '10.0.0.1' }, '', 'one of port_value, named_port must be set'],
    [
      'two members of a oneof',
      socket,
      { ...address, named_port: 'http' },
      '/named_port',
      'only one of port_specifier may be set',
    ],
    [
      'a required message',
      'envoy.config.listener.v3.FilterChainMatch',
      { prefix_ranges: [{ address_prefix: '::1' }, {}] },
      '/prefix_ranges/1',
      'address_prefix must not be empty',
    ],
    [
      'an enum without that value',
      cluster,
      { name: 'a', lb_policy: 99 },
      '/lb_policy',
      `99 is no value of ${cluster}.LbPolicy`,
    ],
    [
      'a list that must not be empty',
      route,
      { virtual_hosts: [{ name: 'v' }] },
      '/virtual_hosts/0',
      'domains must not be empty',
    ],
    [
      'a list of the wrong size, given',
      route,
      { virtual_hosts: [{ name: 'v', domains: [] }] },
      '/virtual_hosts/0/domains',
      'must not be empty',
    ],
    [
      'a list’s item',
      route,
      { virtual_hosts: [{ name: 'v', domains: ['a\nb'] }] },
      '/virtual_hosts/0/domains/0',
      'must be the value of an HTTP header, got "a\\nb"',
    ],
    [
      'a header name',
      route,
      { internal_only_headers: ['a\nb'] },
      '/internal_only_headers/0',
      'must be the name of an HTTP header, got "a\\nb"',
    ],
    [
      'a duration that must be positive',
      cluster,
      { name: 'a', connect_timeout: '0s' },
      '/connect_timeout',
      'must be more than 0s, got 0s',
    ],
    [
      'a negative duration',
      cluster,
      { name: 'a', dns_refresh_rate: '-1s' },
      '/dns_refresh_rate',
      'must not be negative, got -1s',
    ],
    [
      'a duration too long for Envoy',
      cluster,
      { name: 'a', connect_timeout: '9223372037s' },
      '/connect_timeout',
      'must be at most 9223372036s, got 9223372037s',
    ],
    [
      'a duration too short',
      'envoy.config.bootstrap.v3.Bootstrap',
      { stats_flush_interval: '0.0001s' },
      '/stats_flush_interval',
      'must be at least 0.001s, got 0.0001s',
    ],
    [
      'a wrapper’s value',
      'envoy.config.endpoint.v3.LbEndpoint',
      { load_balancing_weight: 0 },
      '/load_balancing_weight',
      'must be at least 1, got 0',
    ],
    [
      'a map without entries',
      'xds.type.matcher.v3.Matcher.MatcherTree.MatchMap',
      { map: {} },
      '/map',
      'must not be empty',
    ],
    [
      'bytes in a limited text',
      'envoy.config.core.v3.HeaderValue',
      { key: 'k'.repeat(16_385) },
      '/key',
      'must have at most 16384 bytes, has 16385',
    ],
    [
      'a pattern',
      'envoy.config.route.v3.RouteMatch',
      { path_separated_prefix: '/a?b' },
      '/path_separated_prefix',
      'must match ^[^?#]+[^?#/]$, got "/a?b"',
    ],
    [
      'a text that is not among the ones allowed',
      'envoy.config.accesslog.v3.ResponseFlagFilter',
      { flags: ['XX'] },
      '/flags/0',
      'must be one of',
    ],
  ])('W3: %s is refused, with its place', (_, type, json, path, message) => {
    const problems = problemsOf(encode(type, json))
    expect(
      problems.find((problem) => problem.path === path && problem.message.startsWith(message)),
      JSON.stringify(problems),
    ).toBeDefined()
  })

  test('W3: an empty value passes where the limit ignores emptiness', () => {
    const type = 'envoy.config.core.v3.UpstreamHttpProtocolOptions'
    expect(problemsOf(encode(type, {}))).toEqual([])
    expect(problemsOf(encode(type, { override_auto_sni_header: '' }))).toEqual([])
    expect(problemsOf(encode(type, { override_auto_sni_header: 'a b' }))).toHaveLength(1)
  })

  test('W3: a strict header name is a token, with a colon in front at most', () => {
    const type = 'envoy.config.core.v3.UpstreamHttpProtocolOptions'
    expect(problemsOf(encode(type, { override_auto_sni_header: ':authority' }))).toEqual([])
    expect(problemsOf(encode(type, { override_auto_sni_header: 'a:b' }))).toHaveLength(1)
  })

  test('W3: a bool may be bound to one value, a text to an affix', () => {
    const any = problemsOf(encode('envoy.config.rbac.v3.Principal', { any: false }))
    expect(any).toEqual([{ path: '/any', message: 'must be true' }])
    const gauge = problemsOf(encode('envoy.config.route.v3.RateLimit.HitsAddend', { format: 'BYTES' }))
    expect(gauge).toEqual([{ path: '/format', message: 'must begin with "%"' }])
  })

  test('W3: a list may be bound in length and in its items being different', () => {
    const type = 'envoy.extensions.filters.http.compressor.v3.Compressor.ResponseDirectionConfig'
    expect(problemsOf(encode(type, { uncompressible_response_codes: [204, 206] }))).toEqual([])
    expect(problemsOf(encode(type, { uncompressible_response_codes: [204, 204] }))).toEqual([
      { path: '/uncompressible_response_codes', message: 'must not hold the same item twice' },
    ])
    const redirects = { redirect_response_codes: [301, 302, 303, 307, 308, 300] }
    expect(problemsOf(encode('envoy.config.route.v3.InternalRedirectPolicy', redirects))).toEqual([
      { path: '/redirect_response_codes', message: 'must have at most 5 items, has 6' },
    ])
  })

  test('W3: an enum may forbid some of its values, its default too', () => {
    const type = 'envoy.type.v3.HttpStatus'
    expect(problemsOf(encode(type, { code: 'OK' }))).toEqual([])
    expect(problemsOf(encode(type, { code: 'Empty' }))).toEqual([{ path: '/code', message: 'must not be 0' }])
    expect(problemsOf(encode(type, {}))).toEqual([{ path: '', message: 'code must not be 0' }])
  })

  test('W3: limits inside an Any hold as well', () => {
    const filter = { name: 'x', typed_config: { '@type': `type.googleapis.com/${socket}`, address: '' } }
    expect(problemsOf(encode('envoy.config.listener.v3.Filter', filter))).toEqual([
      { path: '/typed_config/address', message: 'must not be empty' },
      { path: '/typed_config', message: 'one of port_value, named_port must be set' },
    ])
  })

  test('W4: all problems come at once, at most 50', () => {
    const many = { virtual_hosts: Array.from({ length: 1000 }, () => ({ name: '', domains: [] })) }
    expect(problemsOf(encode(route, many))).toHaveLength(50)
    expect(problemsOf(encode(cluster, { nam: 'a', type: 'EDSS', connect_timeout: 1 }))).toHaveLength(4)
  })

  test('W4: a pointer escapes what JSON pointers escape', () => {
    const json = { name: 'a', metadata: { filter_metadata: { 'a/b~c': { x: Number.NaN } } } }
    expect(problemsOf(encode(cluster, json)).map(({ path }) => path)).toEqual([
      '/metadata/filter_metadata/a~1b~0c/x',
    ])
  })

  test.each<[unknown, string]>([
    [1.5, 'expected a whole number'],
    [Number.NaN, 'expected a whole number'],
    [-1, 'expected a whole number'],
    [2 ** 32, 'expected a whole number'],
    ['80x', 'expected a whole number'],
    ['', 'expected a whole number'],
    [true, 'expected a whole number'],
    [[80], 'expected a whole number'],
  ])('W5: port %j is refused', (port_value, message) => {
    const problems = problemsOf(encode(socket, { address: 'a', port_value }))
    expect(problems.map(({ path }) => path)).toEqual(['/port_value'])
    expect(problems[0]?.message).toContain(message)
  })

  test('W5: a 64-bit integer that JSON numbers cannot tell exactly must be text', () => {
    const type = 'google.protobuf.UInt64Value'
    expect(problemsOf(encode(type, 2 ** 53))[0]?.message).toContain('write it as a string')
    expect(encode(type, '18446744073709551615')).toEqual({
      _tag: 'Right',
      right: Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
    })
    expect(isLeft(encode(type, '18446744073709551616'))).toBe(true)
  })

  test('W6: what is unknown is refused, with the nearest name that exists', () => {
    expect(problemsOf(encode(cluster, { name: 'a', conect_timeout: '1s' }))).toEqual([
      { path: '/conect_timeout', message: `unknown field of ${cluster}; did you mean connect_timeout?` },
    ])
    expect(problemsOf(encode(cluster, { name: 'a', lb_policy: 'ROUNDROBIN' }))[0]?.message).toContain(
      'did you mean ROUND_ROBIN?',
    )
    expect(problemsOf(encode('envoy.config.cluster.v3.Clutser', {}))[0]?.message).toContain(
      `did you mean ${cluster}?`,
    )
    const wrongPackage = {
      name: 'f',
      typed_config: { '@type': 'type.googleapis.com/envoy.filters.http.fault.v3.HTTPFault' },
    }
    expect(problemsOf(encode('envoy.config.listener.v3.Filter', wrongPackage))).toEqual([
      {
        path: '/typed_config/@type',
        message: expect.stringContaining('did you mean envoy.extensions.filters.http.fault.v3.HTTPFault?'),
      },
    ])
  })
})
