import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PortTrafficPolicy } from '../../src/model/istio/destinationRule.ts'
import { defaultMeshSettings } from '../../src/model/meshSettings.ts'
import type { L4Match, RouteRuleSpec } from '../../src/model/routeRule.ts'
import type { ServiceSpec } from '../../src/model/service.ts'
import {
  blackHoleClusterJson,
  inboundClusterJson,
  inboundPassthroughClusterJson,
  outboundClusterJson,
  passthroughClusterJson,
} from '../../src/projections/clusters/clusters.ts'
import { compileDestinationPolicy } from '../../src/projections/clusters/compileDestinationPolicy.ts'
import { endpointsJson } from '../../src/projections/clusters/endpointsJson.ts'
import { compileTrafficPolicy } from '../../src/projections/istio/compileTrafficPolicy.ts'
import { httpProxyListenerJson } from '../../src/projections/listeners/httpProxyListener.ts'
import { inboundListenerJson } from '../../src/projections/listeners/inboundListeners.ts'
import {
  virtualInboundListenerJson,
  virtualOutboundListenerJson,
} from '../../src/projections/listeners/virtualListeners.ts'
import { compileRouteRule } from '../../src/projections/routes/compileRouteRule.ts'
import { defaultRoute } from '../../src/projections/routes/defaultRoute.ts'
import { undeclaredVirtualHostJson, virtualHostJson } from '../../src/projections/routes/virtualHost.ts'
import { authority } from '../certificates.ts'
import { http, reviews, stored } from './given.ts'
import { istio, proxyOf, seen } from './istio/following.ts'

const rule = { kind: 'Service', namespace: 'default', name: 'reviews' } as const
const protocols = ['HTTP', 'HTTP2', 'GRPC', 'HTTPS', 'TCP', 'Mongo', 'Redis'] as const

const policy = compileDestinationPolicy({
  destination: { name: 'reviews' },
  loadBalancing: { name: 'LEAST_CONN' },
  circuitBreaker: {
    simpleCb: { maxConnections: 1, httpMaxRequestsPerConnection: 1, httpMaxRetries: 2, sleepWindow: '1ms' },
  },
})

const trusted = authority(mkdtempSync(join(tmpdir(), 'rutter-emitted-'))).ca

const trafficPolicies: readonly PortTrafficPolicy[] = [
  { loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 101 } } } },
  { loadBalancer: { consistentHash: { httpHeaderName: 'a' } } },
  { loadBalancer: { simple: 'PASSTHROUGH' } },
  { loadBalancer: { simple: 'ROUND_ROBIN', warmupDurationSecs: '30s' } },
  {
    connectionPool: {
      tcp: {
        maxConnections: 1,
        connectTimeout: '30ms',
        tcpKeepalive: { probes: 1, time: '1s', interval: '1s' },
      },
      http: { useClientProtocol: true, idleTimeout: '1s', maxConcurrentStreams: 3 },
    },
  },
  {
    outlierDetection: {
      consecutive5xxErrors: 0,
      consecutiveGatewayErrors: 1,
      splitExternalLocalOriginErrors: true,
      minHealthPercent: 50,
    },
  },
  { tls: { mode: 'SIMPLE' } },
  { tls: { mode: 'SIMPLE', sni: 'a.b', subjectAltNames: ['a.b', 'spiffe://x/y'] } },
  { tls: { mode: 'SIMPLE', insecureSkipVerify: true } },
  { tls: { mode: 'SIMPLE', caCertCredentialName: 'roots' } },
  { tls: { mode: 'MUTUAL', credentialName: 'bank', sni: 'a.b' } },
  { tls: { mode: 'MUTUAL', credentialName: 'bank', insecureSkipVerify: true } },
]

/** Every sort of cluster that is emitted. */
export const clusters = [
  ...protocols.map((protocol, i) =>
    outboundClusterJson({
      hostname: reviews,
      port: 9000 + i,
      protocol,
      subset: '',
      connectTimeoutMs: 250,
      policy,
      rule,
    }),
  ),
  outboundClusterJson({
    hostname: 'x.org',
    port: 80,
    protocol: 'HTTP',
    subset: '',
    connectTimeoutMs: 1_000,
    externalName: 'localhost',
    rule,
  }),
  ...(['HTTPS', 'GRPC'] as const).flatMap((protocol) =>
    (['original', 'authority', undefined] as const).map((many) =>
      outboundClusterJson({
        hostname: 'localhost',
        port: protocol === 'HTTPS' ? 443 : 444,
        protocol,
        subset: `${many}`,
        connectTimeoutMs: 1_000,
        externalName: 'localhost',
        ...(many && { many }),
        ...(protocol === 'HTTPS' && { trustedCaPath: trusted }),
        policy,
        rule,
      }),
    ),
  ),
  ...protocols.map((protocol, i) =>
    inboundClusterJson({
      port: 9000 + i,
      apps: [{ host: '::1', port: 1 }],
      protocol,
      connectTimeoutMs: 1,
      rule,
    }),
  ),
  ...trafficPolicies.map((one, i) =>
    outboundClusterJson({
      hostname: reviews,
      port: 9100 + i,
      protocol: 'HTTP',
      subset: 'v1',
      connectTimeoutMs: 1_000,
      policy: compileTrafficPolicy(
        one,
        { ...defaultMeshSettings, trustedCaPath: trusted },
        { secretsOf: 'default' },
      ),
      rule,
    }),
  ),
  outboundClusterJson({
    hostname: reviews,
    port: 9200,
    protocol: 'GRPC',
    subset: '',
    connectTimeoutMs: 1_000,
    mutualTls: { identities: ['spiffe://cluster.local/ns/default/sa/reviews'], meshDomain: 'cluster.local' },
    rule,
  }),
  outboundClusterJson({
    hostname: reviews,
    port: 9201,
    protocol: 'HTTP',
    subset: '',
    connectTimeoutMs: 1_000,
    policy: { balance: { kind: 'none' }, tls: 'closed' },
    rule,
  }),
  inboundClusterJson({
    port: 9300,
    apps: [
      { host: '127.0.0.1', port: 1 },
      { host: '127.0.0.1', port: 2 },
    ],
    protocol: 'HTTP',
    asCaller: true,
    connectTimeoutMs: 1,
    rule,
  }),
  passthroughClusterJson(1_000),
  inboundPassthroughClusterJson(1_000, true),
  blackHoleClusterJson(),
]

const everyField: readonly Omit<RouteRuleSpec, 'destination'>[] = [
  { redirect: { uri: '/a', authority: 'b' }, match: { request: { headers: { uri: { exact: '/r' } } } } },
  {
    match: {
      request: {
        headers: {
          uri: { regex: '/a+' },
          method: { exact: 'GET' },
          scheme: { prefix: '' },
          authority: { regex: '' },
          cookie: { regex: '^(.*?;)?(user=jason)(;.*)?$' },
          'x-a': { prefix: 'a' },
        },
      },
    },
    route: [
      { labels: { version: 'v1' }, weight: 0 },
      { labels: { version: 'v2' }, weight: 100 },
    ],
    rewrite: { uri: '/b', authority: 'c' },
    websocketUpgrade: true,
    httpReqTimeout: { simpleTimeout: { timeout: '0s' } },
    httpReqRetries: { simpleRetry: { attempts: 2, perTryTimeout: '0.0001s' } },
    httpFault: {
      delay: { percent: 0.0001, fixedDelay: '1ms' },
      abort: { percent: 0, httpStatus: 599 },
    },
    mirror: { name: 'other' },
    corsPolicy: { allowOrigin: ['*'], allowMethods: ['GET'], maxAge: '1s', allowCredentials: false },
    appendHeaders: { 'x-a': '100% %FOO%', 'x-b': '%' },
  },
]

const routes = everyField.flatMap((spec, i) => {
  const compiled = compileRouteRule(
    stored('RouteRule', `rule-${i}`, { destination: { name: 'reviews' }, ...spec }),
    { hostname: reviews, port: http },
    'cluster.local',
    () => undefined,
  )
  return compiled.route ?? []
})

/** Virtual hosts with every field that a rule can give a route. */
export const virtualHosts = [
  virtualHostJson({
    name: 'reviews',
    domains: ['reviews', 'reviews:9080', '[fd00::1]:9080'],
    routes,
    defaultRoute: defaultRoute(reviews, 9080, { ...rule, position: 1 }),
  }).json,
  undeclaredVirtualHostJson(),
]

/** The same listener, with the virtual hosts above in place of those that it would fetch. */
const withRoutes = (listener: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  JSON.parse(JSON.stringify(listener), (_, value) => {
    if (value?.rds === undefined) return value
    const { rds, ...rest } = value
    return {
      ...rest,
      route_config: { name: rds.route_config_name, virtual_hosts: virtualHosts, validate_clusters: false },
    }
  }) as Readonly<Record<string, unknown>>

const proxy = httpProxyListenerJson({ address: '127.0.0.1', port: 15_002, accessLog: '/dev/stdout' })
const inbound = { address: '127.0.1.5', captured: false, accessLog: '/dev/null', rule } as const
const named = (name: string, spec: ServiceSpec) => stored('Service', name, spec).resource
const connectionRule = (name: string, tcp: L4Match) =>
  stored('RouteRule', name, {
    destination: { name: 'db' },
    match: { tcp },
    route: [
      { labels: { version: 'v1' }, weight: 30 },
      { labels: { version: 'v2' }, weight: 70 },
    ],
  }).resource

/** Two listeners of one Envoy must not have one address. */
const elsewhere = ({ address }: Readonly<Record<string, unknown>>) =>
  JSON.parse(JSON.stringify(address).replace('0.0.0.0', '127.0.0.77')) as object

/** Outbound listeners of a mesh in which every sort of connection and request meets. */
const outbound = (['sidecar', 'router'] as const).flatMap((type) => {
  const world = seen(
    [
      named('web', {
        ports: [
          { name: 'http', port: 9081 },
          { name: 'http-b', port: 9443 },
        ],
      }),
      named('db', {
        ...(type === 'sidecar' ? { address: 'fd00::1' } : {}),
        ports: (['tcp', 'mongo', 'redis', 'https'] as const).map((name, i) => ({ name, port: 9003 + i })),
      }),
      named('headless', { ports: [{ name: 'tcp', port: 9081 }] }),
      named('other', { ports: [{ name: 'tcp', port: 9082 }] }),
      named('another', { ports: [{ name: 'tcp', port: 9082 }] }),
      named('out', { ports: [{ name: 'https', port: 9443 }], externalName: 'x.example.org' }),
      named('alone', { ports: [{ name: 'https', port: 9444 }], externalName: 'x.example.org' }),
      stored('EgressRule', 'subnet', {
        destination: { service: '10.0.0.0/8' },
        ports: [{ port: 5432, protocol: 'TCP' }],
      }).resource,
      istio('ServiceEntry', 'entry', {
        hosts: ['x.org', '*.example.com'],
        addresses: ['10.2.0.9', 'fd00::2', '10.3.0.0/16'],
        ports: [{ number: 9445, name: 'tls', protocol: 'TLS' }],
      }),
      connectionRule('from', { sourceSubnet: ['10.0.0.0/8'] }),
      connectionRule('both', { sourceSubnet: ['10.0.0.0/8'], destinationSubnet: ['10.1.0.0/16', 'fd00::1'] }),
    ],
    proxyOf(type),
  )
  return world
    .names('listeners')
    .filter((name) => !name.startsWith('virtual'))
    .map((name) => world.json('listeners', name) ?? {})
    .map((json) =>
      type === 'sidecar'
        ? withRoutes(json)
        : { ...json, name: `router_${json['name']}`, address: elsewhere(json), bind_to_port: false },
    )
})

/** Every sort of listener that is emitted, no two at one address. */
export const listeners = [
  virtualOutboundListenerJson({
    proxyListenPort: 15_001,
    undeclaredOutbound: 'passthrough',
    ipv6: true,
    accessLog: '/dev/stdout',
  }),
  virtualInboundListenerJson({ proxyInboundPort: 15_006, ipv6: false, accessLog: '/dev/stderr' }),
  ...outbound,
  withRoutes(proxy),
  ...protocols.map((protocol, i) => inboundListenerJson({ ...inbound, protocol, port: 9000 + i })),
  inboundListenerJson({ ...inbound, protocol: 'HTTP', port: 9100, mutualTls: true }),
]

const endpoint = (address: string, locality: string) => ({
  address,
  port: 80,
  locality,
  weight: 128,
  app: { host: '127.0.0.1', port: 80 },
  labels: {},
  serviceAccount: undefined,
})

/** Assignments without endpoints, and with some in several zones. */
export const assignments = [
  endpointsJson('empty', []),
  endpointsJson('zones', [endpoint('10.0.0.1', ''), endpoint('10.0.0.2', 'a'), endpoint('fd00::1', 'b')]),
]
