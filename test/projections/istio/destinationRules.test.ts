import { describe, expect, test } from 'vitest'
import type { DestinationRuleSpec, TrafficPolicy } from '../../../src/model/istio/destinationRule.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { instance, routeRule, service } from '../../reducers/given.ts'
import { istio, proxyOf, seen, virtualHost } from './following.ts'

const host = 'reviews.default.svc.cluster.local'
const whole = `outbound|9080||${host}`
const mesh: readonly Resource[] = [
  service('reviews'),
  instance('a', 'reviews', '10.2.0.1', { labels: { version: 'v1' } }),
  instance('b', 'reviews', '10.2.0.2', { labels: { version: 'v2' } }),
]
const rule = (spec: Partial<DestinationRuleSpec>, name = 'reviews', namespace = 'default') =>
  istio('DestinationRule', name, { host: 'reviews', ...spec }, namespace)
const subset = (version: string) => ({ name: version, labels: { version } })

const clusterWith = (trafficPolicy: TrafficPolicy, more: Partial<DestinationRuleSpec> = {}, name = whole) =>
  seen([...mesh, rule({ trafficPolicy, ...more })]).json('clusters', name)

// What is Envoy's default does not stand in its canonical JSON.
const balanceOf = (cluster: ReturnType<typeof clusterWith>) => cluster?.['lb_policy'] ?? 'ROUND_ROBIN'

const endpointsOf = (world: ReturnType<typeof seen>, cluster: string) =>
  JSON.stringify(world.json('endpoints', cluster)).match(/10\.\d+\.\d+\.\d+/g) ?? []

describe('subsets', () => {
  test('Y3: each has a cluster of its name on every port, with the instances of its labels', () => {
    const world = seen([...mesh, rule({ subsets: [subset('v1'), subset('v9')] })])
    expect(endpointsOf(world, `outbound|9080|v1|${host}`)).toEqual(['10.2.0.1'])
    expect(endpointsOf(world, `outbound|9080|v9|${host}`)).toEqual([])
    expect(world.json('clusters', `outbound|9080|v1|${host}`)).toMatchObject({
      metadata: { filter_metadata: { rutter: { rule: 'DestinationRule/default/reviews' } } },
    })
  })

  test('Y3: callers of different namespaces may mean different labels by one name', () => {
    const rules = [
      rule({ subsets: [subset('v1')] }),
      rule({ host, subsets: [{ name: 'v1', labels: { version: 'v2' } }] }, 'mine', 'other'),
    ]
    const cluster = `outbound|9080|v1|${host}`
    expect(endpointsOf(seen([...mesh, ...rules]), cluster)).toEqual(['10.2.0.1'])
    expect(endpointsOf(seen([...mesh, ...rules], proxyOf('sidecar', 'other')), cluster)).toEqual(['10.2.0.2'])
  })

  test('Y11: a subset without instances, a host without service, a second rule say so', () => {
    const second = rule({}, 'zz')
    const unknown = rule({ host: 'nobody' }, 'b')
    const first = rule({ subsets: [subset('v9')] })
    const world = seen([...mesh, first, second, unknown])
    expect(world.diagnostics(first)).toEqual([['RUT2002', '/spec/subsets/0/labels']])
    expect(world.diagnostics(second)).toEqual([['RUT2006', '/spec/host']])
    expect(world.diagnostics(unknown)).toEqual([['RUT2001', '/spec/host']])
  })
})

describe('which rule holds', () => {
  const connect = (world: ReturnType<typeof seen>) => world.json('clusters', whole)?.['connect_timeout']
  const within = (
    connectTimeout: string,
    spec: Partial<DestinationRuleSpec>,
    name: string,
    namespace: string,
  ) =>
    rule({ host, trafficPolicy: { connectionPool: { tcp: { connectTimeout } } }, ...spec }, name, namespace)

  test('Y8: of the callers’ namespace before the service’s, never another’s; the more specific host first', () => {
    const rules = [
      within('2s', {}, 'service', 'default'),
      within('3s', {}, 'caller', 'other'),
      within('4s', { host: '*.svc.cluster.local' }, 'wide', 'default'),
    ]
    expect(connect(seen([...mesh, ...rules]))).toBe('2s')
    expect(connect(seen([...mesh, ...rules], proxyOf('sidecar', 'other')))).toBe('3s')
    expect(connect(seen([...mesh, ...rules], proxyOf('sidecar', 'third')))).toBe('2s')
    expect(connect(seen([...mesh, rules[2] as Resource]))).toBe('4s')
  })

  test('Y8: exportTo and workloadSelector say which callers', () => {
    const near = within('2s', { exportTo: ['.'] }, 'near', 'default')
    expect(connect(seen([...mesh, near]))).toBe('2s')
    expect(connect(seen([...mesh, near], proxyOf('sidecar', 'other')))).toBe('1s')
    const some = within('5s', { workloadSelector: { matchLabels: { app: 'a' } } }, 'zz', 'default')
    expect(connect(seen([...mesh, near, some]))).toBe('2s')
    expect(connect(seen([...mesh, near, some], proxyOf(), { labels: { app: 'a', x: 'y' } }))).toBe('5s')
  })

  test('Y8: it goes before a policy of 2017, which is told', () => {
    const policy: Resource<'DestinationPolicy'> = {
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'DestinationPolicy',
      metadata: { name: 'old', namespace: 'default' },
      spec: { destination: { name: 'reviews' }, loadBalancing: { name: 'RANDOM' } },
    }
    const world = seen([...mesh, policy, rule({})])
    expect(balanceOf(world.json('clusters', whole))).toBe('ROUND_ROBIN')
    expect(world.diagnostics(policy)).toEqual([['RUT2102', '/spec/destination']])
  })
})

describe('traffic policies', () => {
  test('Y4: a port’s settings replace the whole, a subset’s replace it part by part', () => {
    const random = { loadBalancer: { simple: 'RANDOM' } } as const
    const pool = { connectionPool: { tcp: { maxConnections: 7 } } } as const
    const limited = { circuit_breakers: { thresholds: [{ max_connections: 7 }] } }
    const portLevel = { ...random, portLevelSettings: [{ port: { number: 9080 }, ...pool }] }
    expect(clusterWith(portLevel)).toMatchObject(limited)
    expect(balanceOf(clusterWith(portLevel))).toBe('ROUND_ROBIN')
    const subsets = [{ name: 'v1', trafficPolicy: pool }]
    expect(clusterWith(random, { subsets }, `outbound|9080|v1|${host}`)).toMatchObject({
      lb_policy: 'RANDOM',
      ...limited,
    })
  })

  test.each([
    ['ROUND_ROBIN', 'ROUND_ROBIN'],
    ['LEAST_REQUEST', 'LEAST_REQUEST'],
    ['LEAST_CONN', 'LEAST_REQUEST'],
    ['RANDOM', 'RANDOM'],
    ['UNSPECIFIED', 'ROUND_ROBIN'],
  ] as const)('Y5: the load balancer %s is Envoy’s %s', (simple, lb_policy) => {
    expect(balanceOf(clusterWith({ loadBalancer: { simple } }))).toBe(lb_policy)
  })

  test('Y5: PASSTHROUGH goes where the caller wanted to', () => {
    expect(clusterWith({ loadBalancer: { simple: 'PASSTHROUGH' } })).toMatchObject({
      type: 'ORIGINAL_DST',
      lb_policy: 'CLUSTER_PROVIDED',
    })
  })

  test('Y5: new endpoints warm up', () => {
    expect(
      clusterWith({ loadBalancer: { simple: 'LEAST_REQUEST', warmupDurationSecs: '30s' } }),
    ).toMatchObject({
      least_request_lb_config: { slow_start_config: { slow_start_window: '30s' } },
    })
  })

  test('Y5: at first they get what the rule says, and their share as fast as it says', () => {
    const warmup = { duration: '30s', minimumPercent: 20, aggression: 2 }
    expect(clusterWith({ loadBalancer: { simple: 'LEAST_REQUEST', warmup } })).toMatchObject({
      least_request_lb_config: {
        slow_start_config: {
          slow_start_window: '30s',
          min_weight_percent: { value: 20 },
          aggression: { default_value: 2 },
        },
      },
    })
  })

  test('Y5: shares follow what endpoints report of their load', () => {
    const backendUtilization = {
      weightStabilizationPeriod: '0s',
      weightExpirationPeriod: '1s',
      weightUpdatePeriod: '0.5s',
      errorUtilizationPenaltyPercent: 150,
      metricNamesForComputingUtilization: ['named_metrics.foo'],
    }
    expect(JSON.stringify(clusterWith({ loadBalancer: { backendUtilization } }))).toContain(
      JSON.stringify({
        blackout_period: '0s',
        weight_expiration_period: '1s',
        weight_update_period: '0.500s',
        error_utilization_penalty: 1.5,
        metric_names_for_computing_utilization: ['named_metrics.foo'],
      }).slice(1, -1),
    )
  })

  test('Y4: a budget of retries and the PROXY protocol are for every port, whatever its settings', () => {
    const all = {
      retryBudget: { percent: 5, minRetryConcurrency: 2, budgetInterval: '1s' },
      proxyProtocol: { version: 'V2' },
      portLevelSettings: [{ port: { number: 9080 } }],
    } as const
    expect(clusterWith(all)).toMatchObject({
      circuit_breakers: {
        thresholds: [
          {
            retry_budget: {
              budget_percent: { value: 5 },
              min_retry_concurrency: 2,
              budget_interval: '1s',
            },
          },
        ],
      },
      transport_socket: {
        name: 'envoy.transport_sockets.upstream_proxy_protocol',
        typed_config: {
          config: { version: 'V2' },
          transport_socket: { name: 'envoy.transport_sockets.raw_buffer' },
        },
      },
    })
    const subsets = [{ ...subset('v1'), trafficPolicy: { proxyProtocol: {}, tls: { mode: 'SIMPLE' } } }]
    const own = clusterWith(all, { subsets: subsets as never }, `outbound|9080|v1|${host}`)
    expect(own).toMatchObject({
      transport_socket: { typed_config: { transport_socket: { name: 'envoy.transport_sockets.tls' } } },
    })
    expect(JSON.stringify(own)).not.toContain('V2')
  })

  test.each([
    [{ httpHeaderName: 'X-User' }, { header: { header_name: 'x-user' } }],
    [{ httpQueryParameterName: 'user' }, { query_parameter: { name: 'user' } }],
    [{ useSourceIp: true }, { connection_properties: { source_ip: true } }],
    [
      { httpCookie: { name: 'user', path: '/', ttl: '0s' } },
      { cookie: { name: 'user', path: '/', ttl: '0s' } },
    ],
    [
      {
        httpCookie: { name: 'user', ttl: '1s', attributes: [{ name: 'Secure' }, { name: 'a', value: 'b' }] },
      },
      { cookie: { name: 'user', attributes: [{ name: 'Secure' }, { name: 'a', value: 'b' }] } },
    ],
  ])('Y5: a consistent hash by %j is the routes’ too', (consistentHash, policy) => {
    const world = seen([...mesh, rule({ trafficPolicy: { loadBalancer: { consistentHash } } })])
    expect(world.json('clusters', whole)).toMatchObject({
      lb_policy: 'RING_HASH',
      ring_hash_lb_config: { minimum_ring_size: '1024' },
    })
    expect(virtualHost(world, `${host}:9080`)?.routes).toMatchObject([{ route: { hash_policy: [policy] } }])
  })

  test('Y5: maglev', () => {
    const consistentHash = { useSourceIp: true, maglev: { tableSize: 101 } }
    expect(clusterWith({ loadBalancer: { consistentHash } })).toMatchObject({
      lb_policy: 'MAGLEV',
      maglev_lb_config: { table_size: '101' },
    })
  })

  test('Y6: connections are limited, kept and timed as the pool says', () => {
    const tcp = {
      maxConnections: 1,
      connectTimeout: '30ms',
      tcpKeepalive: { probes: 2, time: '7200s', interval: '75s' },
      maxConnectionDuration: '60s',
    }
    const http = {
      http1MaxPendingRequests: 2,
      http2MaxRequests: 3,
      maxRetries: 4,
      maxRequestsPerConnection: 5,
      idleTimeout: '10s',
      maxConcurrentStreams: 6,
      h2UpgradePolicy: 'UPGRADE',
    } as const
    expect(clusterWith({ connectionPool: { tcp, http } })).toMatchObject({
      connect_timeout: '0.030s',
      circuit_breakers: {
        thresholds: [{ max_connections: 1, max_pending_requests: 2, max_requests: 3, max_retries: 4 }],
      },
      upstream_connection_options: {
        tcp_keepalive: { keepalive_probes: 2, keepalive_time: 7200, keepalive_interval: 75 },
      },
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          common_http_protocol_options: {
            idle_timeout: '10s',
            max_requests_per_connection: 5,
            max_connection_duration: '60s',
          },
          explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 6 } },
        },
      },
    })
    expect(clusterWith({ connectionPool: { http: { useClientProtocol: true } } })).toMatchObject({
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
        },
      },
    })
    const http2KeepAlive = { interval: '10s', timeout: '2s' }
    const asked = clusterWith({ connectionPool: { http: { h2UpgradePolicy: 'UPGRADE', http2KeepAlive } } })
    expect(asked).toMatchObject({
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          explicit_http_config: { http2_protocol_options: { connection_keepalive: http2KeepAlive } },
        },
      },
    })
    expect(clusterWith({ connectionPool: { tcp: { maxConnections: 0 } } })).not.toHaveProperty(
      'circuit_breakers',
    )
  })

  test('Y6: outliers are left out as it says, with Istio’s defaults', () => {
    expect(clusterWith({ outlierDetection: {} })).toMatchObject({
      outlier_detection: { interval: '10s', base_ejection_time: '30s', max_ejection_percent: 10 },
    })
    const outlierDetection = {
      consecutive5xxErrors: 0,
      consecutiveGatewayErrors: 2,
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailures: 3,
      interval: '1s',
      baseEjectionTime: '2s',
      maxEjectionPercent: 100,
      minHealthPercent: 50,
    }
    expect(clusterWith({ outlierDetection })).toMatchObject({
      common_lb_config: { healthy_panic_threshold: { value: 50 } },
      outlier_detection: {
        enforcing_consecutive_5xx: 0,
        consecutive_gateway_failure: 2,
        enforcing_consecutive_gateway_failure: 100,
        split_external_local_origin_errors: true,
        consecutive_local_origin_failure: 3,
        enforcing_local_origin_success_rate: 0,
        enforcing_success_rate: 0,
        interval: '1s',
        base_ejection_time: '2s',
        max_ejection_percent: 100,
      },
    })
  })

  test('Y6: connections end that are idle for as long as the pool says, of HTTP where it says nothing else', () => {
    const idle = (idleTimeout: string) => ({ connectionPool: { tcp: { idleTimeout } } })
    const idleOf = (...more: readonly Resource[]) => {
      const db = service('db', { address: '10.1.0.4', ports: [{ name: 'tcp', port: 5432 }] })
      const world = seen([db, service('other', { ports: [{ name: 'tcp', port: 1 }] }), ...more])
      return /"idle_timeout":"([^"]+)"/.exec(JSON.stringify(world.json('listeners', '10.1.0.4_5432')))?.[1]
    }
    const own = istio('DestinationRule', 'db', { host: 'db', trafficPolicy: idle('2s') })
    const others = istio('DestinationRule', 'other', { host: 'other', trafficPolicy: idle('3s') })
    const led = istio('VirtualService', 'db', {
      hosts: ['db'],
      tcp: [{ route: [{ destination: { host: 'other' } }] }],
    })
    const led2017 = routeRule('db', {
      destination: { name: 'db' },
      match: { tcp: {} },
      route: [{ destination: { name: 'other' } }],
    })
    expect([idleOf(), idleOf(own), idleOf(own, others, led)]).toEqual([undefined, '2s', '3s'])
    expect(idleOf(others, led2017)).toBe('3s')
    const common = (connectionPool: NonNullable<TrafficPolicy['connectionPool']>) =>
      /"idle_timeout":"([^"]+)"/.exec(JSON.stringify(clusterWith({ connectionPool })))?.[1]
    expect(common({ tcp: { idleTimeout: '2s' } })).toBe('2s')
    expect(common({ tcp: { idleTimeout: '2s' }, http: { idleTimeout: '5s' } })).toBe('5s')
  })

  test('Y6: what an error is, and which share of them is too much, are as it says', () => {
    expect(clusterWith({ outlierDetection: { failurePercentageThreshold: 40 } })).toMatchObject({
      outlier_detection: { failure_percentage_threshold: 40, enforcing_failure_percentage: 100 },
    })
    const outlierDetection = {
      failurePercentageThreshold: 40,
      splitExternalLocalOriginErrors: true,
      outlierDetectionHttpErrorCodes: [429, 503],
    }
    expect(clusterWith({ outlierDetection })).toMatchObject({
      outlier_detection: { enforcing_failure_percentage_local_origin: 100 },
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          outlier_detection: {
            error_matcher: {
              http_response_headers_match: {
                headers: [{ name: ':status', string_match: { safe_regex: { regex: '429|503' } } }],
              },
            },
          },
        },
      },
    })
  })

  test('Y7: TLS is originated and verified as it says', () => {
    const tls = {
      mode: 'MUTUAL',
      clientCertificate: '/c.pem',
      privateKey: '/k.pem',
      caCertificates: '/ca.pem',
      sni: 'a.b',
      subjectAltNames: ['a.b', 'spiffe://x'],
    } as const
    const context = (cluster: ReturnType<typeof clusterWith>) =>
      (cluster?.['transport_socket'] as { typed_config: unknown } | undefined)?.typed_config
    expect(context(clusterWith({ tls }))).toMatchObject({
      sni: 'a.b',
      common_tls_context: {
        tls_certificates: [
          { certificate_chain: { filename: '/c.pem' }, private_key: { filename: '/k.pem' } },
        ],
        validation_context: {
          trusted_ca: { filename: '/ca.pem' },
          match_typed_subject_alt_names: [
            { san_type: 'DNS', matcher: { exact: 'a.b' } },
            { san_type: 'URI', matcher: { exact: 'spiffe://x' } },
          ],
        },
      },
    })
    const simple = clusterWith({ tls: { mode: 'SIMPLE' } })
    expect(JSON.stringify(simple)).toContain('"auto_san_validation":true')
    expect(context(simple)).toMatchObject({
      common_tls_context: {
        validation_context: { trusted_ca: { filename: '/etc/ssl/certs/ca-certificates.crt' } },
      },
    })
    expect(JSON.stringify(clusterWith({ tls: { mode: 'SIMPLE', insecureSkipVerify: true } }))).not.toContain(
      'validation',
    )
    expect(clusterWith({ tls: { mode: 'DISABLE' } })).not.toHaveProperty('transport_socket')
  })

  const toldOf = (trafficPolicy: TrafficPolicy, more: Partial<DestinationRuleSpec> = {}) => {
    const it = rule({ trafficPolicy, ...more })
    return [...seen([...mesh, it]).diagnostics(it)].map(([code, path]) => `${code} ${path}`).sort()
  }

  test('Y11: what has no effect is named at its place', () => {
    expect(
      toldOf({
        loadBalancer: { localityLbSetting: { failover: [{ from: 'a', to: 'b' }] } },
        portLevelSettings: [
          {
            port: { number: 1 },
            loadBalancer: { zoneAwareLbSetting: { enabled: true } },
            tls: { mode: 'DISABLE', sni: 'x' },
          },
        ],
      }),
    ).toEqual([
      'RUT2011 /spec/trafficPolicy/loadBalancer/localityLbSetting',
      'RUT2011 /spec/trafficPolicy/portLevelSettings/0/loadBalancer/zoneAwareLbSetting',
      'RUT2011 /spec/trafficPolicy/portLevelSettings/0/tls/sni',
    ])
  })

  test('Y11: what has no effect names what to write in its place', () => {
    const it = rule({ trafficPolicy: { loadBalancer: { zoneAwareLbSetting: { enabled: true } } } })
    const told = seen([...mesh, it])
      .messages(it)
      .join()
    expect(told).toMatch(/localityLbSetting.*distribute.*failover/)
  })

  test('Y11: what has no effect beside another field is told', () => {
    const hash = { useSourceIp: true, minimumRingSize: 1, ringHash: { minimumRingSize: 2 } }
    const at = '/spec/trafficPolicy'
    expect(
      toldOf({
        loadBalancer: { consistentHash: { ...hash, maglev: {} }, warmupDurationSecs: '1s' },
        connectionPool: { http: { useClientProtocol: true, h2UpgradePolicy: 'UPGRADE' } },
        outlierDetection: {
          consecutiveErrors: 1,
          consecutiveGatewayErrors: 1,
          consecutiveLocalOriginFailures: 1,
        },
      }),
    ).toEqual([
      `RUT2011 ${at}/connectionPool/http/h2UpgradePolicy`,
      `RUT2011 ${at}/loadBalancer/consistentHash/minimumRingSize`,
      `RUT2011 ${at}/loadBalancer/consistentHash/ringHash`,
      `RUT2011 ${at}/loadBalancer/warmupDurationSecs`,
      `RUT2011 ${at}/outlierDetection/consecutiveErrors`,
      `RUT2011 ${at}/outlierDetection/consecutiveLocalOriginFailures`,
    ])
    expect(toldOf({ loadBalancer: { consistentHash: hash } })).toEqual([
      `RUT2011 ${at}/loadBalancer/consistentHash/minimumRingSize`,
    ])
    const httpCookie = { name: 'user', attributes: [{ name: 'Secure' }] }
    expect(toldOf({ loadBalancer: { consistentHash: { httpCookie } } })).toEqual([
      `RUT2011 ${at}/loadBalancer/consistentHash/httpCookie/attributes`,
    ])
    const retryBudget = {}
    const maxRetries = { http: { maxRetries: 1 } }
    const subsets = [{ ...subset('v1'), trafficPolicy: { connectionPool: maxRetries } }]
    expect(
      toldOf(
        { retryBudget, loadBalancer: { backendUtilization: {}, warmup: { duration: '1s' } } },
        { subsets },
      ),
    ).toEqual([
      'RUT2011 /spec/subsets/0/trafficPolicy/connectionPool/http/maxRetries',
      `RUT2011 ${at}/loadBalancer/warmup`,
    ])
    expect(toldOf({}, { workloadSelector: { labels: { app: 'a' }, matchLabels: { app: 'b' } } })).toEqual([
      'RUT2011 /spec/workloadSelector/labels',
    ])
  })

  test('Y11: what is for HTTP is told where no port of the host speaks it, or not in HTTP/2', () => {
    const streams = {
      http: { maxConcurrentStreams: 1, http2KeepAlive: { interval: '1s', timeout: '1s' } },
    } as const
    const at = '/spec/trafficPolicy/connectionPool/http'
    expect(toldOf({ connectionPool: streams })).toEqual([
      `RUT2011 ${at}/http2KeepAlive`,
      `RUT2011 ${at}/maxConcurrentStreams`,
    ])
    expect(toldOf({ connectionPool: { http: { ...streams.http, h2UpgradePolicy: 'UPGRADE' } } })).toEqual([])
    const outlierDetection = { outlierDetectionHttpErrorCodes: [429] }
    const plain = rule({ host: 'db', trafficPolicy: { connectionPool: streams, outlierDetection } })
    const db = service('db', { ports: [{ name: 'tcp', port: 1 }] })
    expect(seen([db, plain]).diagnostics(plain)).toEqual([
      ['RUT2011', at],
      ['RUT2011', '/spec/trafficPolicy/outlierDetection/outlierDetectionHttpErrorCodes'],
    ])
  })

  test.each([
    [{ sni: 'a' }, ['sni']],
    [{ mode: 'DISABLE', subjectAltNames: ['a'] }, ['subjectAltNames']],
    [{ mode: 'SIMPLE', insecureSkipVerify: true, subjectAltNames: ['a'], sni: 'a' }, ['subjectAltNames']],
    [{ mode: 'SIMPLE', insecureSkipVerify: false, subjectAltNames: ['a'] }, []],
  ] as const)('Y11: of TLS %j %j have no effect', (tls, fields) => {
    const told = toldOf({}, { subsets: [{ ...subset('v1'), trafficPolicy: { tls } }] })
    expect(told.filter((one) => one.startsWith('RUT2011'))).toEqual(
      fields.map((field) => `RUT2011 /spec/subsets/0/trafficPolicy/tls/${field}`),
    )
  })
})
