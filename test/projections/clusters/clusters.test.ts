import { expect, test } from 'vitest'
import type { DestinationPolicySpec } from '../../../src/model/destinationPolicy.ts'
import {
  blackHoleClusterJson,
  inboundClusterJson,
  inboundPassthroughClusterJson,
  outboundClusterJson,
  passthroughClusterJson,
} from '../../../src/projections/clusters/clusters.ts'
import { compileDestinationPolicy } from '../../../src/projections/clusters/compileDestinationPolicy.ts'
import { policyFor } from '../../../src/projections/clusters/policies.ts'
import { reviews, stored } from '../given.ts'

const rule = { kind: 'Service', namespace: 'default', name: 'reviews' } as const
const plain = {
  hostname: reviews,
  port: 9080,
  protocol: 'HTTP',
  subset: 'version=v1',
  connectTimeoutMs: 1_000,
  rule,
} as const
const simple = (simpleCb: NonNullable<NonNullable<DestinationPolicySpec['circuitBreaker']>['simpleCb']>) => ({
  destination: { name: 'reviews' },
  circuitBreaker: { simpleCb },
})

test('P16: a cluster takes its endpoints over ADS under its own name, and names its rule without position', () => {
  const name = `outbound|9080|version=v1|${reviews}`
  expect(outboundClusterJson(plain)).toEqual({
    name,
    type: 'EDS',
    eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' }, service_name: name },
    connect_timeout: '1s',
    lb_policy: 'ROUND_ROBIN',
    metadata: { filter_metadata: { rutter: { rule: 'Service/default/reviews' } } },
  })
})

test('P16: HTTP2 and GRPC go out as HTTP/2, the rest does not', () => {
  const http2 = {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  }
  for (const protocol of ['HTTP2', 'GRPC'] as const) {
    expect(outboundClusterJson({ ...plain, protocol })).toMatchObject(http2)
    const inbound = { port: 1, apps: [{ host: 'a', port: 2 }], protocol, connectTimeoutMs: 1, rule }
    expect(inboundClusterJson(inbound)).toMatchObject(http2)
  }
  for (const protocol of ['HTTP', 'HTTPS', 'TCP', 'Mongo', 'Redis'] as const)
    expect(outboundClusterJson({ ...plain, protocol })).not.toHaveProperty('typed_extension_protocol_options')
})

test('P16: a service outside of the mesh is found by DNS', () => {
  expect(outboundClusterJson({ ...plain, subset: '', externalName: 'httpbin.org' })).toMatchObject({
    name: `outbound|9080||${reviews}`,
    type: 'STRICT_DNS',
    load_assignment: {
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: 'httpbin.org', port_value: 9080 } } } },
          ],
        },
      ],
    },
  })
})

test('P16: the application is reached where it listens', () => {
  expect(
    inboundClusterJson({
      port: 9080,
      apps: [{ host: '127.0.2.5', port: 81 }],
      protocol: 'HTTP',
      connectTimeoutMs: 250,
      rule,
    }),
  ).toEqual({
    name: 'inbound|9080||',
    type: 'STATIC',
    load_assignment: {
      cluster_name: 'inbound|9080||',
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: '127.0.2.5', port_value: 81 } } } },
          ],
        },
      ],
    },
    connect_timeout: '0.25s',
    lb_policy: 'ROUND_ROBIN',
    metadata: { filter_metadata: { rutter: { rule: 'Service/default/reviews' } } },
  })
})

test('P16: what nobody declares goes to its original destination, or nowhere', () => {
  expect(passthroughClusterJson(1_000)).toMatchObject({ type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' })
  const source_address = { address: '127.0.0.6', port_value: 0 }
  expect(inboundPassthroughClusterJson(1_000, false)['upstream_bind_config']).toEqual({ source_address })
  expect(inboundPassthroughClusterJson(1_000, true)['upstream_bind_config']).toEqual({
    source_address,
    extra_source_addresses: [{ address: { address: '::6', port_value: 0 } }],
  })
  expect(blackHoleClusterJson()).toMatchObject({ load_assignment: { cluster_name: 'BlackHoleCluster' } })
})

test.each([
  ['ROUND_ROBIN', 'ROUND_ROBIN'],
  ['LEAST_CONN', 'LEAST_REQUEST'],
  ['RANDOM', 'RANDOM'],
] as const)('P17: load balancing %s is Envoy’s %s', (name, lb_policy) => {
  const policy = compileDestinationPolicy({ destination: { name: 'reviews' }, loadBalancing: { name } })
  expect(outboundClusterJson({ ...plain, policy })).toMatchObject({ lb_policy })
})

test('P17: a circuit breaker without anything ejects by the documented defaults, at least one host', () => {
  expect(outboundClusterJson({ ...plain, policy: compileDestinationPolicy(simple({})) })).toMatchObject({
    circuit_breakers: { thresholds: [{ priority: 'DEFAULT' }] },
    outlier_detection: {
      consecutive_5xx: 5,
      interval: '10s',
      base_ejection_time: '30s',
      max_ejection_percent: 10,
      always_eject_one_host: true,
      enforcing_success_rate: 0,
    },
  })
})

test('P17: what a circuit breaker says holds, parts of a second too', () => {
  const policy = compileDestinationPolicy(
    simple({
      maxConnections: 1,
      httpMaxPendingRequests: 2,
      httpMaxRequests: 3,
      httpMaxRetries: 4,
      httpMaxRequestsPerConnection: 5,
      httpConsecutiveErrors: 6,
      httpMaxEjectionPercent: 100,
      sleepWindow: '250ms',
      httpDetectionInterval: '0.5s',
    }),
  )
  expect(outboundClusterJson({ ...plain, policy })).toMatchObject({
    circuit_breakers: {
      thresholds: [{ max_connections: 1, max_pending_requests: 2, max_requests: 3, max_retries: 4 }],
    },
    outlier_detection: {
      consecutive_5xx: 6,
      interval: '0.5s',
      base_ejection_time: '0.25s',
      max_ejection_percent: 100,
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        common_http_protocol_options: { max_requests_per_connection: 5 },
        explicit_http_config: { http_protocol_options: {} },
      },
    },
  })
})

test('P17: a count of zero says nothing', () => {
  const json = outboundClusterJson({
    ...plain,
    policy: compileDestinationPolicy(simple({ maxConnections: 0 })),
  })
  expect(json['circuit_breakers']).toEqual({ thresholds: [{ priority: 'DEFAULT' }] })
  expect(json['outlier_detection']).toMatchObject({ consecutive_5xx: 5 })
})

test('P18: a policy is for the cluster whose labels are its own exactly; the smallest key wins', () => {
  const policy = (name: string, labels?: Record<string, string>) =>
    stored('DestinationPolicy', name, { destination: { name: 'reviews', ...(labels && { labels }) } })
  const [whole, second, first] = [policy('z'), policy('b', { version: 'v1' }), policy('a', { version: 'v1' })]
  const all = [whole, second, first]
  expect(policyFor(all, {})).toBe(whole)
  expect(policyFor(all, { version: 'v1' })).toBe(first)
  expect(policyFor(all, { version: 'v1', env: 'x' })).toBeUndefined()
  expect(policyFor([first], {})).toBeUndefined()
})
