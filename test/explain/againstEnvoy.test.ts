import { isLeft } from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, test } from 'vitest'
import type { Emitted } from '../../src/explain/emitted.ts'
import { explain } from '../../src/explain/explain.ts'
import type { Explanation } from '../../src/explain/explanation.ts'
import type { Json } from '../../src/explain/json.ts'
import { readRequest } from '../../src/explain/sentRequest.ts'
import type { AskedRequest } from '../../src/model/askedRequest.ts'
import type { ProxyIdentity, ProxyMetadata, ProxyType } from '../../src/model/proxy.ts'
import { randomFrom } from '../e2e/randomFrom.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { instance, service } from '../reducers/given.ts'
import { type Draw, drawFrom } from './draw.ts'
import { emittedTo } from './emittedTo.ts'
import { type Observed, type ObservingEnvoy, startObservingEnvoy } from './observedBy.ts'
import { randomIngressRules } from './randomIngressRules.ts'
import { randomRequest } from './randomRequest.ts'
import { authoritiesOf, randomVirtualHost } from './randomRoutes.ts'
import { type RandomRules, randomRouteRules } from './randomRules.ts'
import { randomVirtualServices } from './randomVirtualServices.ts'

const envoy = await envoyOrSkip()
const pairs = Number(process.env['RUTTER_PAIRS'] ?? 5000)
const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_125)
const requestsForEach = 20

const identity = (type: ProxyType): ProxyIdentity => ({
  type,
  node: `${type}~127.0.0.1~caller.default~default.svc.cluster.local`,
  ip: '127.0.0.1',
  id: 'caller.default',
  domain: 'default.svc.cluster.local',
})

/** A proxy, and how clients ask it. */
type Place = {
  readonly proxy: ProxyIdentity
  readonly metadata: ProxyMetadata
  /** `http://host:port` of a URL that asks for a service. */
  readonly origin: (service: string) => string
}

const explicit: Place = {
  proxy: identity('sidecar'),
  metadata: { httpProxy: { address: '127.0.0.1', port: 15_002 } },
  origin: () => 'http://anywhere',
}
const captured: Place = {
  proxy: identity('sidecar'),
  metadata: { labels: { app: 'caller' } },
  origin: (service) => `http://${service}:9080`,
}
const ingress: Place = { proxy: identity('ingress'), metadata: {}, origin: () => 'http://gate' }

/** Rules of both dialects for one service. */
const randomBoth: RandomRules = (draw, service, others) => [
  ...randomRouteRules(draw, service, others),
  ...(draw.chance(0.6) ? randomVirtualServices(draw, service, others) : []),
]

/** What the projections give a proxy of a mesh where each service has random rules. */
const emittedFor = (
  draw: Draw,
  services: readonly string[],
  rulesOf: RandomRules,
  { proxy: identity, metadata }: Place,
): Emitted => {
  const resources = services.flatMap((name, i) => [
    service(name, {
      ports: [
        { name: 'http', port: 9080 },
        { name: 'http-alt', port: 80 },
      ],
    }),
    ...['v1', 'v2'].map((version, j) =>
      instance(`${name}-${version}`, name, `10.${i >> 8}.${i & 255}.${j + 1}`, { labels: { version } }),
    ),
    ...rulesOf(draw, name, services),
  ])
  return emittedTo(identity, metadata, resources)
}

const explained = (emitted: Emitted, proxy: ProxyIdentity, request: AskedRequest): Explanation => {
  const read = readRequest(request)
  if (isLeft(read)) throw new Error(read.left)
  return explain(emitted, proxy, read.right)
}

/** What `observed` says against `explanation`; nothing where they agree. */
const disagreement = (
  { outcome, steps }: Explanation,
  observed: Observed,
  grpc: boolean,
): string | undefined => {
  const chance = steps.flatMap(({ why }) => /aborts .* % with (\d+)/.exec(why ?? '')?.[1] ?? [])
  if ((grpc ? chance.length > 0 : chance.includes(String(observed.status))) && observed.reached === undefined)
    return undefined
  if (outcome.type === 'cluster') {
    const { reached } = observed
    const names = outcome.clusters?.map(({ name }) => name) ?? []
    if (reached === undefined || !names.includes(reached.cluster)) return 'another cluster'
    if (reached.path !== outcome.path || reached.authority !== outcome.authority)
      return 'another path or authority'
    return observed.route === steps.at(-1)?.name ? undefined : 'another route'
  }
  if (observed.reached !== undefined) return 'a cluster'
  // What Envoy answers by itself to gRPC has its status in a trailer.
  if (observed.status !== (grpc ? 200 : outcome.status)) return 'another status'
  if (outcome.type === 'redirect')
    return observed.location === outcome.location ? undefined : 'another location'
  return undefined
}

const isGrpc = ({ headers }: AskedRequest): boolean =>
  /^application\/grpc(\+|$)/.test(String(headers['content-type'] ?? ''))

/** The virtual host of an explanation, to be seen beside a disagreement. */
const hostOf = ({ routes }: Emitted, { steps }: Explanation): unknown => {
  const name = steps.find(({ at }) => at === 'virtualHost')?.name
  return routes
    .flatMap((one) => one['virtual_hosts'] as readonly Json[])
    .find((host) => host['name'] === name)
}

describe.skipIf(envoy.skip)('explain and a real Envoy', () => {
  const running: ObservingEnvoy[] = []
  afterAll(() => Promise.all(running.map((one) => one.stop())))

  /** Every disagreement over `requests`. */
  const compare = async (
    emitted: Emitted,
    proxy: ProxyIdentity,
    requests: readonly AskedRequest[],
  ): Promise<readonly string[]> => {
    const clusters = emitted.clusters.map((cluster) => String(cluster['name']))
    const started = await startObservingEnvoy(emitted.listeners, emitted.routes, clusters)
    running.push(started)
    const found: string[] = []
    for (let from = 0; from < requests.length; from += 16)
      await Promise.all(
        requests.slice(from, from + 16).map(async (request) => {
          const explanation = explained(emitted, proxy, request)
          const listener = explanation.steps.find(({ at }) => at === 'listener')?.name ?? ''
          const observed = await started.ask(listener, request)
          const what = disagreement(explanation, observed, isGrpc(request))
          if (what !== undefined)
            found.push(
              `${what}: ${JSON.stringify({ request, observed, explanation, host: hostOf(emitted, explanation) })}`,
            )
        }),
      )
    return found
  }

  test.each([
    ['RouteRules of 2017', randomRouteRules, explicit, pairs],
    ['VirtualServices of Istio', randomVirtualServices, explicit, pairs],
    ['rules of both', randomBoth, captured, pairs / 5],
    ['IngressRules before RouteRules', randomIngressRules, ingress, pairs / 5],
  ] as const)(
    `Q1: %s are explained as Envoy follows them (seed ${seed}, ${pairs} requests at most)`,
    async (_, rulesOf, place, count) => {
      const draw = drawFrom(randomFrom(seed))
      const services = Array.from({ length: Math.ceil(count / requestsForEach) }, (__, i) => `s${i}`)
      const emitted = emittedFor(draw, services, rulesOf, place)
      const requests = services.flatMap((name) =>
        Array.from({ length: requestsForEach }, () =>
          randomRequest(
            draw,
            draw.one([
              `${name}:9080`,
              `${name}.default:9080`,
              name.toUpperCase().concat(':9080'),
              `${name}.default.svc.cluster.local:9080`,
              ...(place === ingress ? [name, `${name}:80`, `${name}.test`, `X.${name}.TEST:80`] : []),
              ...(draw.chance(0.2) ? [name, `${name}:80`, `${name.toUpperCase()}.default`, 'nobody'] : []),
            ]),
            place.origin(name),
          ),
        ),
      )
      const found = await compare(emitted, place.proxy, requests)
      expect(found, found.slice(0, 5).join('\n')).toHaveLength(0)
    },
    600_000,
  )

  test.each([
    ['as they come', {}, {}],
    [
      'normalized',
      { normalize_path: true, merge_slashes: true },
      { ignore_path_parameters_in_path_matching: true },
    ],
    [
      'of outside',
      { use_remote_address: true, strip_any_host_port: true },
      { ignore_port_in_host_matching: true },
    ],
    [
      'with upgrades',
      { upgrade_configs: [{ upgrade_type: 'websocket' }], strip_trailing_host_dot: true },
      {},
    ],
    ['with whatever callers say of certificates', { forward_client_cert_details: 'ALWAYS_FORWARD_ONLY' }, {}],
  ])(
    `Q2: whatever an Envoy can match (%s) is explained as it does (seed ${seed}, ${pairs / 5} requests)`,
    async (_, manager, settings) => {
      const draw = drawFrom(randomFrom(seed + 1))
      const hosts = Array.from({ length: Math.ceil(pairs / 5 / requestsForEach) }, (__, i) => i)
      const routes: Json = {
        name: 'raw',
        virtual_hosts: hosts.map((i) => randomVirtualHost(draw, i)),
        ...settings,
      }
      const emitted: Emitted = {
        listeners: [listener(manager)],
        routes: [routes],
        clusters: ['c1', 'c2'].map((name) => ({ name })),
        othersInBootstrap: false,
      }
      const requests = hosts.flatMap((i) =>
        Array.from({ length: requestsForEach }, () =>
          randomRequest(draw, draw.one(authoritiesOf(i)), 'http://anywhere'),
        ),
      )
      const bare: ProxyIdentity = { type: 'bare', node: 'raw' }
      const found = await compare(emitted, bare, requests)
      expect(found, found.slice(0, 5).join('\n')).toHaveLength(0)
    },
    600_000,
  )
})

const listener = (manager: Json): Json => ({
  name: 'raw',
  address: { socket_address: { address: '0.0.0.0', port_value: 80 } },
  filter_chains: [
    {
      filters: [
        {
          name: 'envoy.filters.network.http_connection_manager',
          typed_config: {
            '@type':
              'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
            stat_prefix: 'raw',
            rds: { route_config_name: 'raw' },
            http_filters: [
              {
                name: 'envoy.filters.http.fault',
                typed_config: {
                  '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
                },
              },
              {
                name: 'envoy.filters.http.router',
                typed_config: {
                  '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                },
              },
            ],
            ...manager,
          },
        },
      ],
    },
  ],
})
