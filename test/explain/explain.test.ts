import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { Emitted } from '../../src/explain/emitted.ts'
import { explain } from '../../src/explain/explain.ts'
import type { Explanation } from '../../src/explain/explanation.ts'
import type { Json } from '../../src/explain/json.ts'
import { readRequest } from '../../src/explain/sentRequest.ts'
import type { ProxyIdentity, ProxyType } from '../../src/model/proxy.ts'

const network = 'type.googleapis.com/envoy.extensions.filters.network'
const http = 'type.googleapis.com/envoy.extensions.filters.http'

const proxy = (type: ProxyType): ProxyIdentity => ({
  type,
  node: `${type}~10.0.0.1~a.default~default.svc.cluster.local`,
  ip: '10.0.0.1',
  id: 'a.default',
  domain: 'default.svc.cluster.local',
})

const tcp = (cluster: string): Json => ({
  name: 'tcp',
  typed_config: { '@type': `${network}.tcp_proxy.v3.TcpProxy`, cluster },
})

const manager = (routes: string, more: Json = {}): Json => ({
  name: 'http',
  typed_config: {
    '@type': `${network}.http_connection_manager.v3.HttpConnectionManager`,
    rds: { route_config_name: routes },
    http_filters: [{ name: 'router', typed_config: { '@type': `${http}.router.v3.Router` } }],
    ...more,
  },
})

const listener = (name: string, address: string, port: number, filter: Json, more: Json = {}): Json => ({
  name,
  address: { socket_address: { address, port_value: port } },
  filter_chains: [{ name: 'chain', filters: [filter] }],
  traffic_direction: 'OUTBOUND',
  bind_to_port: false,
  ...more,
})

const routesTo = (name: string, cluster: string, more: Json = {}): Json => ({
  name,
  virtual_hosts: [
    {
      name: 'all',
      domains: ['*'],
      routes: [{ name: 'r', match: { prefix: '/' }, route: { cluster }, ...more }],
    },
  ],
})

const emitted = (listeners: readonly Json[], routes: readonly Json[] = []): Emitted => ({
  listeners,
  routes,
  clusters: ['c', 'd', 'outbound|3306||db.default.svc.cluster.local', 'passthrough'].map((name) => ({
    name,
  })),
  othersInBootstrap: false,
})

const ask = (
  given: Emitted,
  url: string,
  type: ProxyType = 'sidecar',
  headers: Readonly<Record<string, string>> = {},
  socket?: string,
): Explanation => {
  const request = readRequest({ method: 'GET', url, headers, ...(socket !== undefined && { socket }) })
  if (isLeft(request)) throw new Error(request.left)
  return explain(given, proxy(type), request.right)
}

const clusterOf = ({ outcome }: Explanation): string | undefined => outcome.clusters?.[0]?.name

describe('explaining a request', () => {
  const captured = emitted(
    [
      listener('virtualOutbound', '0.0.0.0', 15_001, tcp('passthrough'), {
        use_original_dst: true,
        bind_to_port: true,
        filter_chains: [],
        default_filter_chain: { filters: [tcp('passthrough')] },
      }),
      listener('0.0.0.0_3306', '0.0.0.0', 3306, manager('3306')),
      listener('10.1.0.9_3306', '10.1.0.9', 3306, tcp('outbound|3306||db.default.svc.cluster.local')),
      listener('10.0.0.1_80', '10.0.0.1', 80, tcp('d'), { traffic_direction: 'INBOUND', bind_to_port: true }),
    ],
    [routesTo('3306', 'c')],
  )

  test.each([
    ['an address', 'http://10.1.0.9:3306/', 'outbound|3306||db.default.svc.cluster.local'],
    ['a short name of what is behind', 'http://db:3306/', 'outbound|3306||db.default.svc.cluster.local'],
    ['a longer one', 'http://db.default.svc:3306/', 'outbound|3306||db.default.svc.cluster.local'],
    ['another name', 'http://db.other:3306/', 'c'],
    ['another address', 'http://10.1.0.8:3306/', 'c'],
    ['another port', 'http://db:3307/', 'passthrough'],
    ['an address of its own', 'http://10.0.0.1/', 'd'],
  ])('Q3: captured, %s finds its listener', (_, url, cluster) =>
    expect(clusterOf(ask(captured, url))).toBe(cluster),
  )

  const places = [
    listener('127.0.0.1_9080', '127.0.0.1', 9080, manager('place'), { bind_to_port: true }),
    listener('0.0.0.0_81', '0.0.0.0', 81, tcp('d'), { bind_to_port: true }),
    { ...listener('s', '', 0, tcp('d'), { bind_to_port: true }), address: { pipe: { path: '/run/s' } } },
  ]

  test('Q12: what a sidecar has bound beside is reached at its address, or its socket', () => {
    const given = emitted([...captured.listeners, ...places], [...captured.routes, routesTo('place', 'c')])
    expect(clusterOf(ask(given, 'http://127.0.0.1:9080/'))).toBe('c')
    expect(clusterOf(ask(given, 'http://localhost:9080/'))).toBe('c')
    expect(clusterOf(ask(given, 'http://a:9080/'))).toBe('passthrough')
    // What is captured is handed to it too.
    expect(clusterOf(ask(given, 'http://10.1.0.9:81/'))).toBe('d')
    expect(clusterOf(ask(given, 'http://a/', 'sidecar', {}, '/run/s'))).toBe('d')
    expect(ask(given, 'http://a/', 'sidecar', {}, '/run/t').steps).toEqual([
      {
        at: 'listener',
        name: '',
        matched: false,
        why: 'none is bound at /run/t: there is 10.0.0.1_80, 127.0.0.1_9080, 0.0.0.0_81, s',
      },
    ])
    const explicit = listener('http_proxy', '10.0.0.1', 15_002, manager('3306'), { bind_to_port: true })
    const behind = emitted([explicit, ...places], [routesTo('3306', 'd'), routesTo('place', 'c')])
    expect(clusterOf(ask(behind, 'http://127.0.0.1:9080/'))).toBe('c')
    expect(clusterOf(ask(behind, 'http://a:9080/'))).toBe('d')
  })

  test('Q3: IPv6 is captured where the proxy listens on it', () => {
    const ipv6 = (port: number) => ({
      additional_addresses: [{ address: { socket_address: { address: '::', port_value: port } } }],
    })
    const of = (more: (port: number) => Json) =>
      emitted(
        [
          listener('virtualOutbound', '0.0.0.0', 15_001, tcp('passthrough'), {
            use_original_dst: true,
            bind_to_port: true,
            ...more(15_001),
          }),
          listener('0.0.0.0_80', '0.0.0.0', 80, manager('80'), more(80)),
          listener('fd00::7_81', 'fd00::7', 81, tcp('d'), { traffic_direction: 'INBOUND' }),
        ],
        [routesTo('80', 'c')],
      )
    expect(clusterOf(ask(of(ipv6), 'http://[fd00::1]/'))).toBe('c')
    expect(clusterOf(ask(of(ipv6), 'http://[fd00::1]:82/'))).toBe('passthrough')
    expect(clusterOf(ask(of(ipv6), 'http://[fd00::7]:81/'))).toBe('d')
    const without = of(() => ({}))
    expect(clusterOf(ask(without, 'http://10.0.0.9/'))).toBe('c')
    expect(ask(without, 'http://[fd00::1]/').outcome).toEqual({ type: 'none' })
  })

  test('Q3: an explicit HTTP proxy takes everything', () => {
    const given = emitted(
      [listener('http_proxy', '10.0.0.1', 15_002, manager('p'), { bind_to_port: true })],
      [routesTo('p', 'c')],
    )
    expect(clusterOf(ask(given, 'http://whatever:1/'))).toBe('c')
    expect(ask(given, 'https://whatever/').steps.at(-1)?.why).toBe('it expects HTTP, and gets TLS')
  })

  test('Q3: an ingress is reached at its port, also where it is bound elsewhere', () => {
    const given = emitted(
      [listener('0.0.0.0_80', '127.0.0.1', 15_002, manager('80'), { bind_to_port: true })],
      [routesTo('80', 'c')],
    )
    expect(clusterOf(ask(given, 'http://shop.test/', 'ingress'))).toBe('c')
    expect(clusterOf(ask(given, 'http://127.0.0.1:15002/', 'ingress'))).toBe('c')
    const nowhere = ask(given, 'http://shop.test:81/', 'ingress')
    expect(nowhere).toMatchObject({ outcome: { type: 'none' }, rule: undefined })
    expect(nowhere.steps).toEqual([
      { at: 'listener', name: '', matched: false, why: 'none is bound for port 81: there is 0.0.0.0_80' },
    ])
  })

  const chain = (name: string, match: Json, more: Json = {}): Json => ({
    name,
    filter_chain_match: match,
    filters: [tcp(name)],
    ...more,
  })
  const inspector = (type: string): Json => ({
    name: 'inspector',
    typed_config: { '@type': `type.googleapis.com/envoy.extensions.filters.listener.${type}` },
  })
  const chains = (...filterChains: readonly Json[]): Emitted => ({
    ...emitted([
      listener('l', '0.0.0.0', 443, tcp('c'), {
        bind_to_port: true,
        listener_filters: [inspector('tls_inspector.v3.TlsInspector')],
        filter_chains: filterChains,
        default_filter_chain: { name: 'default', filters: [tcp('default')] },
      }),
    ]),
    othersInBootstrap: true,
  })

  test.each([
    ['https://a.b.test/', 'exact'],
    ['https://x.b.test/', 'wild'],
    ['https://x.y.b.test/', 'wild'],
    ['https://b.test/', 'wider'],
    ['https://elsewhere/', 'tls'],
    ['http://a.b.test:443/', 'default'],
  ])('Q4: %s takes the filter chain %s', (url, expected) => {
    const given = chains(
      chain('tls', { transport_protocol: 'tls' }),
      chain('wider', { server_names: ['*.test'], transport_protocol: 'tls' }),
      chain('wild', { server_names: ['*.b.test'], transport_protocol: 'tls' }),
      chain('exact', { server_names: ['a.b.test'], transport_protocol: 'tls' }),
    )
    expect(clusterOf(ask(given, url, 'ingress'))).toBe(expected)
  })

  test('Q4: Envoy never goes back: a name that is taken for another transport is the default', () => {
    const given = chains(
      chain('plain', { server_names: ['a.test'], transport_protocol: 'raw_buffer' }),
      chain('any', {}),
    )
    expect(clusterOf(ask(given, 'https://a.test/', 'ingress'))).toBe('default')
    expect(clusterOf(ask(given, 'https://b.test/', 'ingress'))).toBe('any')
  })

  test('Q4: all addresses as two halves go before no condition', () => {
    const halves = ['0.0.0.0', '128.0.0.0'].map((half) => ({ address_prefix: half, prefix_len: 1 }))
    const given = chains(chain('whole', { prefix_ranges: halves }), chain('any', {}))
    expect(clusterOf(ask(given, 'https://192.0.2.1/', 'ingress'))).toBe('whole')
    expect(clusterOf(ask(given, 'https://[2001:db8::1]/', 'ingress'))).toBe('any')
  })

  test('Q4: what no listener filter looks at tells no chains apart', () => {
    const blind = {
      ...emitted([
        listener('l', '0.0.0.0', 443, tcp('c'), {
          bind_to_port: true,
          filter_chains: [chain('exact', { server_names: ['a.b.test'] }), chain('any', {})],
        }),
      ]),
      othersInBootstrap: true,
    }
    expect(clusterOf(ask(blind, 'https://a.b.test/', 'ingress'))).toBe('any')
  })

  test.each([
    ['http://10.2.3.4/', 'narrow'],
    ['http://10.3.3.4/', 'default'],
    ['http://10.3.3.4:443/', 'spoken'],
    ['https://a.b.test/', 'named'],
    ['https://b.test/', 'default'],
  ])('Q4: a matcher tries one condition after the other: %s takes %s', (url, expected) => {
    const single = (input: string, more: Json): Json => ({
      single_predicate: {
        input: { name: input, typed_config: { '@type': `type.googleapis.com/inputs.${input}` } },
        ...more,
      },
    })
    const match = (name: string, predicate: Json): Json => ({
      predicate,
      on_match: { action: { name, typed_config: { value: name } } },
    })
    const inRange = {
      custom_match: {
        name: 'ip',
        typed_config: {
          '@type': 'type.googleapis.com/input_matchers.ip.v3.Ip',
          cidr_ranges: [{ address_prefix: '10.2.0.0', prefix_len: 16 }],
        },
      },
    }
    const speaks = single('ApplicationProtocolInput', { value_match: { exact: "'http/1.1'" } })
    const at443 = single('DestinationPortInput', { value_match: { exact: '443' } })
    const given = {
      ...emitted([
        listener('l', '0.0.0.0', 443, tcp('c'), {
          bind_to_port: true,
          listener_filters: [
            inspector('tls_inspector.v3.TlsInspector'),
            inspector('http_inspector.v3.HttpInspector'),
          ],
          filter_chains: [chain('narrow', {}), chain('spoken', {}), chain('named', {})],
          filter_chain_matcher: {
            matcher_list: {
              matchers: [
                match('narrow', single('DestinationIPInput', inRange)),
                match('spoken', { and_matcher: { predicate: [speaks, at443] } }),
                match('named', single('ServerNameInput', { value_match: { prefix: 'a.' } })),
              ],
            },
          },
          default_filter_chain: { name: 'default', filters: [tcp('default')] },
        }),
      ]),
      othersInBootstrap: true,
    }
    const places = {
      ...given,
      listeners: given.listeners.flatMap((one) => [one, { ...one, name: '0.0.0.0_80' }]),
    }
    expect(clusterOf(ask(places, url, 'ingress'))).toBe(expected)
  })

  test.each([
    ['get', {}, 400, 'Envoy knows no method get of HTTP/1.1'],
    ['GET', { host: 'a b' }, 400, '"a b" is no authority'],
    ['GET', { 'x-long': 'x'.repeat(61_440) }, 431, 'its head has 61477 bytes, of 61440 at most'],
    ['GET', { 'x-bell': '\x07' }, 400, 'header x-bell holds a control character'],
    ['GET', { 'x-forwarded-proto': '' }, 404, 'x-forwarded-proto is empty'],
  ])('Q11: %s with %j is answered before it is routed', (method, headers, status, why) => {
    const given = emitted([listener('http_proxy', '10.0.0.1', 15_002, manager('p'))], [routesTo('p', 'c')])
    const request = readRequest({ method, url: 'http://a/', headers })
    if (isLeft(request)) throw new Error(request.left)
    const { outcome, steps } = explain(given, proxy('sidecar'), request.right)
    expect([outcome, steps.at(-1)?.why]).toEqual([{ type: 'none', status }, why])
  })

  test('Q4: by address, the narrowest range first', () => {
    const given = chains(
      chain('wide', { prefix_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] }),
      chain('narrow', { prefix_ranges: [{ address_prefix: '10.2.0.0', prefix_len: 16 }] }),
      chain('v6', { prefix_ranges: [{ address_prefix: '2001:db8::', prefix_len: 32 }] }),
    )
    const at = (url: string) => clusterOf(ask(given, url, 'ingress'))
    expect([
      at('https://10.2.3.4/'),
      at('https://10.3.3.4/'),
      at('https://[2001:db8::1]/'),
      at('https://11.0.0.1/'),
    ]).toEqual(['narrow', 'wide', 'v6', 'default'])
  })

  test('Q4: behind a chain that ends TLS requests have the scheme https, and plain ones do not pass', () => {
    const ends = {
      ...chain('tls', {}),
      filters: [manager('r')],
      transport_socket: { name: 'envoy.transport_sockets.tls' },
    }
    const given = {
      ...chains(ends),
      routes: [
        {
          ...routesTo('r', 'c'),
          virtual_hosts: [
            {
              name: 'v',
              domains: ['*'],
              require_tls: 'ALL',
              routes: [{ name: 'r', match: { prefix: '/' }, route: { cluster: 'c' } }],
            },
          ],
        },
      ],
    }
    expect(clusterOf(ask(given, 'https://a/', 'ingress'))).toBe('c')
    expect(ask(given, 'http://a:443/', 'ingress').steps.at(-1)?.why).toBe('it expects TLS')
  })

  const saidOf = 'x-forwarded-client-cert'
  const unknown = `header ${saidOf}: not evaluated: Envoy makes its value up`
  const missing = `header ${saidOf} is missing`

  test.each([
    ['SANITIZE', true, missing],
    ['FORWARD_ONLY', true, undefined],
    ['FORWARD_ONLY', false, missing],
    ['APPEND_FORWARD', true, unknown],
    ['APPEND_FORWARD', false, missing],
    ['SANITIZE_SET', true, unknown],
    ['SANITIZE_SET', false, missing],
    ['ALWAYS_FORWARD_ONLY', true, undefined],
    ['ALWAYS_FORWARD_ONLY', false, undefined],
  ])(
    'Q13: with %s, and callers who must show a certificate: %s, what a route asks of the header is explained',
    (forward_client_cert_details, require_client_certificate, why) => {
      const ends = {
        ...chain('tls', {}),
        filters: [manager('r', { forward_client_cert_details })],
        transport_socket: { name: 'tls', typed_config: { require_client_certificate } },
      }
      const match = { prefix: '/', headers: [{ name: saidOf, string_match: { exact: 'a' } }] }
      const given = { ...chains(ends), routes: [routesTo('r', 'c', { match })] }
      const { outcome, steps } = ask(given, 'https://a/', 'ingress', { [saidOf]: 'a' })
      expect(outcome.type).toBe(why === undefined ? 'cluster' : 'none')
      expect(steps.find(({ at }) => at === 'route')?.why).toBe(why)
    },
  )

  const through = (host: Json, more: Json = {}) =>
    ask(
      emitted(
        [listener('http_proxy', '10.0.0.1', 15_002, manager('p', more))],
        [{ name: 'p', virtual_hosts: [host] }],
      ),
      'http://a/x',
      'sidecar',
      { cookie: 'a=b' },
    )

  test.each([
    ['a condition', { cookies: [{ name: 'a', string_match: { exact: 'b' } }] }, 'not evaluated: cookies'],
    ['a path policy', { path_match_policy: {}, prefix: undefined }, 'not evaluated: path_match_policy'],
    [
      'a text',
      { headers: [{ name: ':path', string_match: { custom: {} } }] },
      'header :path: not evaluated: custom',
    ],
    [
      'a made up value',
      { headers: [{ name: 'x-request-id', string_match: { exact: '1' } }] },
      'header x-request-id: not evaluated: Envoy makes its value up',
    ],
    [
      'a share',
      { runtime_fraction: { default_value: { numerator: 25 } } },
      'it takes 25 % of these requests, by chance; this is where the others go',
    ],
  ])('Q5: %s that is not evaluated is not met, and says so', (_, match, why) => {
    const routes = [
      { name: 'odd', match: { prefix: '/', ...match }, route: { cluster: 'c' } },
      { name: 'plain', match: { prefix: '/' }, route: { cluster: 'd' } },
    ]
    const { outcome, steps } = through({ name: 'v', domains: ['*'], routes })
    expect(steps).toContainEqual({ at: 'route', name: 'odd', matched: false, why })
    expect(outcome).toMatchObject({ type: 'cluster', clusters: [{ name: 'd', weight: 100 }] })
  })

  test.each([
    [
      'a filter',
      {},
      { http_filters: [{ name: 'lua', typed_config: { '@type': `${http}.lua.v3.Lua` } }] },
      { at: 'filter', name: 'lua', why: 'not evaluated' },
    ],
    [
      'a rewrite',
      { route: { cluster: 'c', path_rewrite_policy: {} } },
      {},
      { at: 'route', name: 'r', why: 'not evaluated: path_rewrite_policy' },
    ],
    [
      'scopes',
      {},
      { scoped_routes: {} },
      {
        at: 'filter',
        name: 'envoy.filters.network.http_connection_manager',
        why: 'not evaluated: scoped_routes',
      },
    ],
  ])('Q5: %s that is not evaluated is told', (_, route, more, step) => {
    const { steps } = through(
      {
        name: 'v',
        domains: ['*'],
        routes: [{ name: 'r', match: { prefix: '/' }, route: { cluster: 'c' }, ...route }],
      },
      more,
    )
    expect(steps).toContainEqual({ ...step, matched: false })
    expect(steps.at(-1)).toEqual({ at: 'route', name: 'r', matched: true })
  })

  test('Q6: every route that was tried says why not, and the last step is the winner', () => {
    const routes = [
      { name: 'path', match: { path: '/y' }, route: { cluster: 'c' } },
      {
        name: 'header',
        match: { prefix: '/', headers: [{ name: 'x-user', string_match: { exact: 'j' } }] },
        route: { cluster: 'c' },
      },
      {
        name: 'won',
        match: { prefix: '/x' },
        route: {
          weighted_clusters: {
            clusters: [
              { name: 'c', weight: 9 },
              { name: 'd', weight: 1 },
              { name: 'e', weight: 0 },
            ],
          },
        },
      },
      { name: 'after', match: { prefix: '/' }, route: { cluster: 'd' } },
    ]
    expect(through({ name: 'v', domains: ['*'], routes })).toEqual({
      outcome: {
        type: 'cluster',
        clusters: [
          { name: 'c', weight: 9 },
          { name: 'd', weight: 1 },
        ],
        path: '/x',
        authority: 'a',
      },
      rule: undefined,
      steps: [
        { at: 'listener', name: 'http_proxy', matched: true },
        { at: 'filterChain', name: 'chain', matched: true },
        { at: 'routeConfiguration', name: 'p', matched: true },
        { at: 'virtualHost', name: 'v', matched: true, why: 'by its domain *' },
        { at: 'route', name: 'path', matched: false, why: 'path /x is not /y' },
        { at: 'route', name: 'header', matched: false, why: 'header x-user is missing' },
        { at: 'route', name: 'won', matched: true },
      ],
    })
  })

  test('Q6: a way that ends says where', () => {
    const nobody = through({ name: 'v', domains: ['b'], routes: [] })
    expect(nobody).toMatchObject({ outcome: { type: 'none', status: 404 } })
    expect(nobody.steps.at(-1)).toEqual({
      at: 'virtualHost',
      name: 'a',
      matched: false,
      why: 'none answers to a',
    })
    const missing = through({
      name: 'v',
      domains: ['*'],
      routes: [{ name: 'r', match: { prefix: '/' }, route: { cluster: 'gone' } }],
    })
    expect(missing).toMatchObject({ outcome: { type: 'none', status: 503 } })
    expect(missing.steps.at(-1)).toEqual({
      at: 'route',
      name: 'r',
      matched: true,
      why: 'the proxy is not given gone',
    })
  })

  test('Q6: that a cluster connects to nobody is told', () => {
    const nobodys = {
      name: 'outbound|80||x',
      type: 'STATIC',
      load_assignment: { cluster_name: 'outbound|80||x' },
    }
    const somebodys = {
      ...nobodys,
      name: 'c',
      load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: {} }] }] },
    }
    const given = (filter: Json, cluster: string): Emitted => ({
      ...emitted([listener('l', '10.0.0.9', 80, filter)], [routesTo('80', cluster)]),
      clusters: [nobodys, somebodys],
    })
    const last = (it: Emitted) => ask(it, 'http://10.0.0.9/').steps.at(-1)?.why
    const why = 'outbound|80||x has no endpoints and connects to nobody'
    expect(last(given(manager('80'), nobodys.name))).toBe(why)
    expect(last(given(tcp(nobodys.name), 'c'))).toBe(why)
    expect(last(given(manager('80'), 'c'))).toBeUndefined()
    expect(last(given(tcp('c'), 'c'))).toBeUndefined()
  })

  test.each([
    'a b://x',
    'ftp://a/',
    'http://',
    'http://a:0/',
    'http://a:70000/',
    'reviews:9080/',
    'http://a/ b',
    'http://a/ü',
  ])('Q8: %s cannot be sent', (url) =>
    expect(isLeft(readRequest({ method: 'GET', url, headers: {} }))).toBe(true),
  )
})
