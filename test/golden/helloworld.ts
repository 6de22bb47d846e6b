import type { Resource } from '../../src/model/resource.ts'
import { stored } from '../projections/given.ts'
import { instance, service } from '../reducers/given.ts'

const ports = (['http', 'http-status', 'custom', 'mongo', 'redis'] as const).map((name, i) => ({
  name,
  port: i < 2 ? 80 + i : 70 + 10 * i,
}))
const at = (port: number) =>
  Object.fromEntries(
    ports.map((one) => [one.name, { port: port + one.port, app: `127.0.0.1:${port + one.port}` }]),
  )

const managementPorts = [{ port: 3333, protocol: 'HTTP' as const }, { port: 9999 }]

/** A mesh like that of the first Pilot's golden files: services hello and world in two versions, one outside of the
 *  mesh, probes. */
export const helloworld: readonly Resource[] = [
  ...['hello', 'world'].flatMap((name, i) => [
    service(name, { address: `10.${i + 1}.0.0`, ports }),
    ...[0, 1].map((version) =>
      instance(`${name}-v${version}`, name, `10.${i + 1}.1.${version}`, {
        labels: { version: `v${version}` },
        ports: at(1000),
        managementPorts,
        serviceAccount: `${name}-${version}`,
      }),
    ),
  ]),
  service('httpbin', { externalName: 'httpbin.org', ports: [{ name: 'http', port: 80 }] }),
]

const hello = { name: 'hello' }
const world = { name: 'world' }

const rule = (name: string, spec: Resource<'RouteRule'>['spec']) => stored('RouteRule', name, spec).resource
const policy = (name: string, spec: Resource<'DestinationPolicy'>['spec']) =>
  stored('DestinationPolicy', name, spec).resource
const halves = [
  { labels: { version: 'v0' }, weight: 75 },
  { labels: { version: 'v1' }, weight: 25 },
]
const ingress = (name: string, spec: Partial<Resource<'IngressRule'>['spec']>) =>
  stored('IngressRule', name, { destination: world, destinationPort: 80, ...spec }).resource
const uri = (match: { exact?: string; prefix?: string; regex?: string }) => ({
  request: { headers: { uri: match } },
})

/** What each case adds to the mesh. */
export const cases: Readonly<Record<string, readonly Resource[]>> = {
  plain: [],
  weighted: [rule('weighted', { destination: world, route: halves })],
  'timeout-retries': [
    rule('timeout', {
      destination: world,
      httpReqTimeout: { simpleTimeout: { timeout: '5s' } },
      httpReqRetries: { simpleRetry: { attempts: 3, perTryTimeout: '1.5s' } },
    }),
  ],
  'for-v0-of-hello': [
    rule('from-v0', {
      destination: world,
      match: { source: { ...hello, labels: { version: 'v0' } }, ...uri({ prefix: '/secret' }) },
      route: [{ labels: { version: 'v1' } }],
    }),
  ],
  fault: [
    rule('fault', {
      destination: world,
      match: uri({ prefix: '/faulty' }),
      httpFault: { delay: { percent: 0.5, fixedDelay: '2s' }, abort: { percent: 50, httpStatus: 503 } },
    }),
  ],
  redirect: [
    rule('redirect', {
      destination: world,
      match: uri({ exact: '/old' }),
      redirect: { uri: '/new', authority: 'hello' },
    }),
  ],
  rewrite: [
    rule('rewrite', {
      destination: world,
      match: uri({ regex: '/a/.*' }),
      rewrite: { uri: '/b', authority: 'c' },
    }),
  ],
  websocket: [rule('websocket', { destination: world, websocketUpgrade: true })],
  mirror: [rule('mirror', { destination: world, mirror: { ...hello, labels: { version: 'v1' } } })],
  cors: [
    rule('cors', { destination: world, corsPolicy: { allowOrigin: ['http://a.example'], maxAge: '300s' } }),
  ],
  append: [rule('append', { destination: world, appendHeaders: { 'x-a': 'b' } })],
  connections: [
    rule('connections', {
      destination: world,
      match: { tcp: { sourceSubnet: ['10.1.0.0/16'], destinationSubnet: ['10.2.0.0/16'] } },
      route: halves,
    }),
  ],
  'circuit-breaker': [
    rule('weighted', { destination: world, route: halves }),
    policy('whole', { destination: world, loadBalancing: { name: 'RANDOM' } }),
    policy('of-v0', {
      destination: { ...world, labels: { version: 'v0' } },
      circuitBreaker: { simpleCb: { maxConnections: 100, sleepWindow: '0.5s', httpConsecutiveErrors: 7 } },
    }),
    policy('from-v1', {
      destination: { ...world, labels: { version: 'v1' } },
      source: { ...hello, labels: { version: 'v1' } },
      circuitBreaker: { simpleCb: { httpMaxRequests: 10 } },
    }),
  ],
  egress: [
    stored('EgressRule', 'google', {
      destination: { service: '*.google.com' },
      ports: [
        { port: 80, protocol: 'HTTP' },
        { port: 443, protocol: 'HTTPS' },
      ],
    }).resource,
    stored('EgressRule', 'subnet', {
      destination: { service: '172.16.0.0/12' },
      ports: [{ port: 5432, protocol: 'TCP' }],
    }).resource,
  ],
  'dynamic-dns': [
    stored('ServiceEntry', 'names', {
      hosts: ['*.google.com'],
      addresses: ['10.9.0.1'],
      ports: [
        { number: 80, name: 'http' },
        { number: 443, name: 'tls', protocol: 'TLS' },
      ],
      resolution: 'DYNAMIC_DNS',
    }).resource,
    stored('DestinationRule', 'names', {
      host: '*.google.com',
      trafficPolicy: {
        portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE', sni: 'google.com' } }],
      },
    }).resource,
  ],
  'secrets-of-callers': [
    stored('DestinationRule', 'from-v0', {
      host: 'world',
      workloadSelector: { labels: { version: 'v0' } },
      trafficPolicy: { tls: { mode: 'MUTUAL', credentialName: 'client', sni: 'world.org' } },
    }).resource,
    stored('DestinationRule', 'at-the-edge', {
      host: 'hello',
      trafficPolicy: {
        tls: { mode: 'SIMPLE', credentialName: 'client', caCertCredentialName: 'roots' },
      },
    }).resource,
  ],
  places: [
    stored('Sidecar', 'places', {
      egress: [
        { hosts: ['./hello.default.svc.cluster.local'], port: { number: 80 }, captureMode: 'NONE' },
        { hosts: ['./world.default.svc.cluster.local'], bind: '127.0.0.5', captureMode: 'NONE' },
        { hosts: ['./world.default.svc.cluster.local'], bind: '10.9.0.1', port: { number: 100 } },
        { hosts: ['./*'], bind: 'unix:///run/egress.sock', port: { number: 0, protocol: 'HTTP' } },
        { hosts: ['./world.default.svc.cluster.local'] },
      ],
    }).resource,
  ],
  ingress: [
    ingress('all', { destination: hello }),
    ingress('api', { match: uri({ prefix: '/api' }) }),
    ingress('secure', {
      tlsSecret: 'cert.default',
      match: { request: { headers: { authority: { exact: 'world.example' } } } },
    }),
    rule('weighted', { destination: world, route: halves }),
  ],
}
