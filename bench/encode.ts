import { isRight } from 'fp-ts/lib/Either.js'
import { Bench } from 'tinybench'
import { decode } from '../src/wire/decode.ts'
import { encode } from '../src/wire/encode.ts'

// How long encoding takes that stands in the way of every change: node scripts/bench.mjs encode

const cluster = {
  name: 'outbound|9080|version=v1|reviews.default.svc.cluster.local',
  type: 'EDS',
  connect_timeout: '1s',
  lb_policy: 'LEAST_REQUEST',
  eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
  circuit_breakers: { thresholds: [{ max_connections: 100, max_pending_requests: 10, max_requests: 100 }] },
  outlier_detection: {
    consecutive_5xx: 5,
    interval: '10s',
    base_ejection_time: '30s',
    max_ejection_percent: 50,
  },
  metadata: { filter_metadata: { rutter: { rule: 'DestinationPolicy/default/reviews' } } },
}

const assignment = (size: number) => ({
  cluster_name: cluster.name,
  endpoints: [
    {
      locality: { zone: 'eu-1a' },
      lb_endpoints: Array.from({ length: size }, (_, i) => ({
        endpoint: {
          address: { socket_address: { address: `10.1.${i >> 8}.${i & 255}`, port_value: 9080 } },
        },
        load_balancing_weight: 1,
      })),
    },
  ],
})

const routes = (size: number) => ({
  name: '9080',
  virtual_hosts: Array.from({ length: size }, (_, i) => ({
    name: `service-${i}.default.svc.cluster.local:9080`,
    domains: [`service-${i}`, `service-${i}:9080`, `service-${i}.default.svc.cluster.local:9080`],
    routes: [
      {
        match: { prefix: '/' },
        route: { cluster: `outbound|9080||service-${i}.default.svc.cluster.local`, timeout: '15s' },
        metadata: { filter_metadata: { rutter: { rule: `RouteRule/default/rule-${i}`, position: i } } },
      },
    ],
  })),
})

const cases = [
  ['Cluster', 'envoy.config.cluster.v3.Cluster', cluster],
  ['10 endpoints', 'envoy.config.endpoint.v3.ClusterLoadAssignment', assignment(10)],
  ['1,000 endpoints', 'envoy.config.endpoint.v3.ClusterLoadAssignment', assignment(1000)],
  ['100 virtual hosts', 'envoy.config.route.v3.RouteConfiguration', routes(100)],
] as const

const bench = new Bench({ time: 1000, warmupTime: 300 })
for (const [name, type, json] of cases) {
  const startedAt = performance.now()
  const encoded = encode(type, json)
  if (!isRight(encoded)) throw new Error(JSON.stringify(encoded.left))
  console.log(
    `${name}: first ${(performance.now() - startedAt).toFixed(1)} ms, ${encoded.right.length} bytes`,
  )
  bench.add(`encode ${name}`, () => void encode(type, json))
  bench.add(`decode ${name}`, () => void decode(type, encoded.right))
  bench.add(`JSON.stringify ${name}, for scale`, () => void JSON.stringify(json))
}
await bench.run()
console.table(
  bench.tasks.map(({ name, result }) =>
    result.state === 'completed'
      ? {
          name,
          'p50 µs': +(result.latency.p50 * 1000).toFixed(2),
          'p99 µs': +(result.latency.p99 * 1000).toFixed(2),
        }
      : { name, state: result.state },
  ),
)
