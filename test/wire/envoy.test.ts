import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { messageEncoder } from '../../src/wire/encodeMessage.ts'
import type { EncodeProblem } from '../../src/wire/problems.ts'
import { finish, newWriter } from '../../src/wire/writer.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'

const envoy = await envoyOrSkip()

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rutter-wire-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

type Verdict = { readonly accepted: boolean; readonly text: string }

/** What Envoy says of a bootstrap in our bytes, which it reads as they are from a `.pb` file. */
const envoySays = async (bytes: Uint8Array, name: string): Promise<Verdict> => {
  const file = join(directory, `${name}.pb`)
  await writeFile(file, bytes)
  return new Promise((resolve) => {
    execFile(envoy.path, ['--mode', 'validate', '-l', 'error', '-c', file], (error, stdout, stderr) =>
      resolve({ accepted: error === null, text: stdout + stderr }),
    )
  })
}

/** Bytes even where a limit is broken, and what we say of them. */
const ours = (
  bootstrap: unknown,
): { readonly bytes: Uint8Array; readonly problems: readonly EncodeProblem[] } => {
  const problems: EncodeProblem[] = []
  const writer = newWriter(1024)
  messageEncoder('envoy.config.bootstrap.v3.Bootstrap')(writer, bootstrap, problems, 1)
  return { bytes: finish(writer), problems }
}

const any = (type: string, fields: object = {}) => ({ '@type': `type.googleapis.com/${type}`, ...fields })
const socket = (port_value: number) => ({ socket_address: { address: '127.0.0.1', port_value } })
const cluster = (fields: object = {}) => ({
  name: 'reviews',
  type: 'STATIC',
  connect_timeout: '1s',
  load_assignment: {
    cluster_name: 'reviews',
    endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(9080) }, load_balancing_weight: 3 }] }],
  },
  ...fields,
})
const route = (fields: object = {}) => ({
  match: { prefix: '/' },
  route: { cluster: 'reviews', timeout: '0s' },
  ...fields,
})
const listener = (routes: readonly object[], fields: object = {}) => ({
  name: 'http',
  address: socket(0),
  filter_chains: [
    {
      filters: [
        {
          name: 'hcm',
          typed_config: any(
            'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
            {
              stat_prefix: 'http',
              route_config: { name: 'r', virtual_hosts: [{ name: 'v', domains: ['*'], routes }] },
              access_log: [
                {
                  name: 'log',
                  typed_config: any('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
                    path: '/dev/null',
                    log_format: { json_format: { code: '%RESPONSE_CODE%', nested: { a: '%PROTOCOL%' } } },
                  }),
                },
              ],
              http_filters: [
                {
                  name: 'fault',
                  typed_config: any('envoy.extensions.filters.http.fault.v3.HTTPFault', {
                    delay: { fixed_delay: '0.5s', percentage: { numerator: 10, denominator: 'HUNDRED' } },
                  }),
                },
                { name: 'cors', typed_config: any('envoy.extensions.filters.http.cors.v3.Cors') },
                { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router') },
              ],
            },
          ),
        },
      ],
    },
  ],
  ...fields,
})
const bootstrap = (clusters: readonly object[], listeners: readonly object[] = []) => ({
  node: { id: 'n', cluster: 'c', metadata: { a: { b: [1, true, null] } } },
  static_resources: { clusters, listeners },
})

describe.skipIf(envoy.skip)('against Envoy itself', () => {
  test.each<[string, object]>([
    ['nothing', bootstrap([])],
    [
      'a cluster with everything in it',
      bootstrap([
        cluster({
          lb_policy: 'LEAST_REQUEST',
          circuit_breakers: { thresholds: [{ priority: 'HIGH', max_connections: 0 }] },
          outlier_detection: { consecutive_5xx: 3, interval: '10s' },
          health_checks: [
            {
              timeout: '1s',
              interval: '5s',
              unhealthy_threshold: 2,
              healthy_threshold: 1,
              http_health_check: { path: '/healthz' },
            },
          ],
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
              'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              {
                explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 100 } },
              },
            ),
          },
          transport_socket: {
            name: 'tls',
            typed_config: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
              sni: 'reviews',
              common_tls_context: { alpn_protocols: ['h2'] },
            }),
          },
        }),
      ]),
    ],
    [
      'routes',
      bootstrap(
        [cluster()],
        [
          listener([
            route({
              match: {
                safe_regex: { regex: '/a/.*' },
                headers: [{ name: 'x', string_match: { exact: 'y' } }],
              },
              route: {
                weighted_clusters: {
                  clusters: [
                    { name: 'reviews', weight: 90 },
                    { name: 'reviews', weight: 10 },
                  ],
                },
                retry_policy: { retry_on: '5xx', num_retries: 3, per_try_timeout: '2s' },
              },
              metadata: { filter_metadata: { rutter: { rule: 'RouteRule/default/x', position: 17 } } },
            }),
            { match: { path: '/old' }, redirect: { path_redirect: '/new', response_code: 'FOUND' } },
            { match: { prefix: '/no' }, direct_response: { status: 404, body: { inline_string: 'no' } } },
            route(),
          ]),
        ],
      ),
    ],
    [
      'TCP with inspectors',
      bootstrap(
        [cluster()],
        [
          listener([route()], {
            listener_filters: [
              {
                name: 'a',
                typed_config: any('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector'),
              },
              {
                name: 'b',
                typed_config: any('envoy.extensions.filters.listener.original_dst.v3.OriginalDst'),
              },
            ],
            filter_chains: [
              {
                filters: [
                  {
                    name: 'tcp',
                    typed_config: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
                      stat_prefix: 't',
                      cluster: 'reviews',
                      idle_timeout: '3600s',
                    }),
                  },
                ],
              },
            ],
          }),
        ],
      ),
    ],
  ])('W22: Envoy reads our bytes: %s', async (name, json) => {
    const { bytes, problems } = ours(json)
    expect(problems).toEqual([])
    expect(await envoySays(bytes, `good ${name}`)).toEqual({ accepted: true, text: expect.any(String) })
  })

  test.each<[string, object]>([
    [
      'a port beyond 65535',
      bootstrap([
        cluster({
          load_assignment: {
            cluster_name: 'x',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(70_000) } }] }],
          },
        }),
      ]),
    ],
    ['an empty name', bootstrap([cluster({ name: '' })])],
    ['a connect timeout of nothing', bootstrap([cluster({ connect_timeout: '0s' })])],
    [
      'a negative duration without a limit of its own',
      bootstrap([cluster({ outlier_detection: { base_ejection_time: '-1s' } })]),
    ],
    ['a duration of three hundred years', bootstrap([cluster({ connect_timeout: '9223372037s' })])],
    [
      'a route without an action’s cluster',
      bootstrap([cluster()], [listener([{ match: { prefix: '/' }, route: { timeout: '1s' } }])]),
    ],
    [
      'a virtual host’s domain with a line feed',
      bootstrap([cluster()], [listener([route({ match: { prefix: '/', headers: [{ name: 'a\nb' }] } })])]),
    ],
    [
      'a weight of nothing',
      bootstrap([
        cluster({
          load_assignment: {
            cluster_name: 'x',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(1) }, load_balancing_weight: 0 }] }],
          },
        }),
      ]),
    ],
    [
      'a status beyond 599',
      bootstrap([cluster()], [listener([{ match: { prefix: '/' }, direct_response: { status: 700 } }])]),
    ],
    [
      'a health check without thresholds',
      bootstrap([cluster({ health_checks: [{ timeout: '1s', interval: '1s', tcp_health_check: {} }] })]),
    ],
    ['an unknown value of an enum', bootstrap([cluster({ dns_lookup_family: 77 })])],
  ])('W23: what breaks a limit is refused by us and by Envoy: %s', async (name, json) => {
    const { bytes, problems } = ours(json)
    expect(problems).not.toEqual([])
    expect((await envoySays(bytes, `bad ${name}`)).text).toMatch(
      /Proto constraint validation failed|[Dd]uration/,
    )
  })
})
