import fc from 'fast-check'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { decode } from '../../src/wire/decode.ts'
import { encode } from '../../src/wire/encode.ts'
import { resourceNameOf } from '../../src/wire/resourceNameOf.ts'
import { knownTypeUrls, messageNameOf } from '../../src/wire/typeUrls.ts'
import { encoded } from './encoded.ts'
import { problemsOf } from './problemsOf.ts'

const cluster = 'envoy.config.cluster.v3.Cluster'

describe('encode', () => {
  test('W7: snake_case and lowerCamelCase are one, in any order, and give the same bytes', () => {
    const snake = {
      name: 'a',
      connect_timeout: '1.500s',
      lb_policy: 'RANDOM',
      metadata: { filter_metadata: { b: {}, a: { y: 1, x: 2 } } },
    }
    const camel = {
      metadata: { filterMetadata: { a: { x: 2, y: 1 }, b: {} } },
      lbPolicy: 3,
      connectTimeout: '1.5s',
      name: 'a',
    }
    expect(encoded(cluster, camel)).toEqual(encoded(cluster, snake))
    expect(problemsOf(encode(cluster, { name: 'a', connectTimeout: '1s', connect_timeout: '1s' }))).toEqual([
      { path: '/connect_timeout', message: 'connect_timeout is given twice' },
    ])
  })

  test('W7: a null is an absent field', () =>
    expect(encoded(cluster, { name: 'a', type: null, cluster_type: null, health_checks: null })).toEqual(
      encoded(cluster, { name: 'a' }),
    ))

  test('W7: a known order of keys gives no wrong answer for a null in the same place', () => {
    const socket = 'envoy.config.core.v3.SocketAddress'
    expect(isRight(encode(socket, { address: 'a', port_value: 1 }))).toBe(true)
    expect(isLeft(encode(socket, { address: 'a', port_value: null }))).toBe(true)
    expect(isLeft(encode(socket, { address: null, port_value: 1 }))).toBe(true)
  })

  test('W8: a default is left out, unless that it was set says something', () => {
    const socket = { address: 'a', port_value: 0, ipv4_compat: false, resolver_name: '' }
    expect(
      decode('envoy.config.core.v3.SocketAddress', encoded('envoy.config.core.v3.SocketAddress', socket)),
    ).toEqual({
      address: 'a',
      port_value: 0,
    })
    const action = { cluster: 'c', timeout: '0s', auto_host_rewrite: false }
    expect(
      decode('envoy.config.route.v3.RouteAction', encoded('envoy.config.route.v3.RouteAction', action)),
    ).toEqual(action)
  })

  test('W9: an @type at the top may say the same as the type asked for, nothing else', () => {
    const url = `type.googleapis.com/${cluster}`
    expect(encoded(url, { '@type': url, name: 'a' })).toEqual(encoded(cluster, { name: 'a' }))
    expect(problemsOf(encode(cluster, { '@type': 'type.googleapis.com/x.Y', name: 'a' }))).toEqual([
      { path: '/@type', message: `expected ${url}` },
    ])
  })

  test('W9: a well-known type in an Any stands under "value"', () => {
    const any = { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1.500s' }
    expect(decode('google.protobuf.Any', encoded('google.protobuf.Any', any))).toEqual(any)
    expect(
      problemsOf(encode('google.protobuf.Any', { ...any, value: undefined, seconds: 1 }))[0]?.message,
    ).toContain('"value"')
    expect(problemsOf(encode('google.protobuf.Any', { value: 1 }))).toEqual([
      { path: '', message: '"@type" is missing' },
    ])
  })

  test.each(['1', '1.5', 's', '1.0000000001s', '1e3s', '+1s', ' 1s', '', 1, null, {}])(
    'W10: %j is no duration',
    (json) => expect(isLeft(encode('google.protobuf.Duration', json))).toBe(true),
  )

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '0000-01-01T00:00:00Z',
    '2026-01-01T24:00:01Z',
    5,
  ])('W10: %j is no time', (json) => expect(isLeft(encode('google.protobuf.Timestamp', json))).toBe(true))

  test('W10: a time keeps its nanoseconds and loses its zone', () =>
    expect(
      decode(
        'google.protobuf.Timestamp',
        encoded('google.protobuf.Timestamp', '2026-01-01T01:00:00.000000001+01:00'),
      ),
    ).toBe('2026-01-01T00:00:00.000000001Z'))

  test('W11: half a surrogate pair and bytes that are not base64 are refused', () => {
    expect(problemsOf(encode(cluster, { name: 'a\ud800' }))[0]?.message).toContain('surrogate')
    expect(isLeft(encode('google.protobuf.BytesValue', 'a*'))).toBe(true)
    expect(isLeft(encode('google.protobuf.BytesValue', 'a'))).toBe(true)
    expect(encoded('google.protobuf.BytesValue', '-_8')).toEqual(
      encoded('google.protobuf.BytesValue', '+/8='),
    )
  })

  test('W12: nesting ends at 64 messages, in messages, values and Anys alike', () => {
    const value = JSON.parse('['.repeat(5000) + ']'.repeat(5000))
    expect(problemsOf(encode('google.protobuf.Value', value))[0]?.message).toContain('nested deeper than 64')
    let any: unknown = { '@type': 'type.googleapis.com/google.protobuf.Empty' }
    for (let i = 0; i < 5000; i += 1) any = { '@type': 'type.googleapis.com/google.protobuf.Any', value: any }
    expect(problemsOf(encode('google.protobuf.Any', any))[0]?.message).toContain('nested deeper than 64')
    let matcher: unknown = { any: true }
    for (let i = 0; i < 5000; i += 1) matcher = { not_id: matcher }
    expect(problemsOf(encode('envoy.config.rbac.v3.Principal', matcher))[0]?.message).toContain(
      'nested deeper than 64',
    )
  })

  test('W13: whatever JSON comes, the answer is bytes or problems, never a throw', () => {
    const strange = fc.anything({
      withBigInt: true,
      withNullPrototype: true,
      maxDepth: 4,
      key: fc.constantFrom(
        'name',
        '@type',
        'value',
        '__proto__',
        'constructor',
        'load_assignment',
        'filters',
        'metadata',
      ),
    })
    fc.assert(
      fc.property(fc.constantFrom(...knownTypeUrls(), 'nothing', '', '/'), strange, (type, json) => {
        const answer = encode(type, json)
        expect(isRight(answer) || answer.left.length > 0).toBe(true)
      }),
      { seed: 7, numRuns: 3000 },
    )
    expect(
      problemsOf(encode(cluster, JSON.parse('{"name":"a","__proto__":{"x":1},"constructor":1}'))).map(
        ({ path }) => path,
      ),
    ).toEqual(['/__proto__', '/constructor'])
  })

  test('W14: a large message after a small one is whole, and the other way round', () => {
    const domains = Array.from({ length: 200_000 }, (_, i) => `service-${i}.example.com`)
    const large = { name: 'v', domains }
    const small = { name: 'v', domains: ['a'] }
    const type = 'envoy.config.route.v3.VirtualHost'
    expect(decode(type, encoded(type, large))).toEqual(large)
    expect(decode(type, encoded(type, small))).toEqual(small)
  })

  test('W15: xDS knows an assignment by its cluster, everything else by its name', () => {
    expect(
      resourceNameOf('type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment', {
        clusterName: 'c',
        name: 'n',
      }),
    ).toBe('c')
    expect(resourceNameOf(cluster, { name: 'n', cluster_name: 'c' })).toBe('n')
    expect(resourceNameOf(cluster, { name: 5 })).toBe('')
    expect(messageNameOf('type.googleapis.com/a.B')).toBe('a.B')
    expect(knownTypeUrls()).toContain('type.googleapis.com/envoy.config.listener.v3.Listener')
  })
})
