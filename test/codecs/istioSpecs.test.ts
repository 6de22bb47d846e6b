import { describe, expect, test } from 'vitest'
import { refusals } from './problemsOf.ts'

const istio = (kind: string, spec: unknown, version = 'v1'): string =>
  JSON.stringify({ apiVersion: `networking.istio.io/${version}`, kind, metadata: { name: 'x' }, spec })

const accepts = (id: string, kind: string, specs: readonly unknown[]): void => {
  test.each(specs.map((spec) => [spec]))(`${id} a ${kind} %j is accepted`, (spec) => {
    for (const version of ['v1', 'v1beta1', 'v1alpha3'])
      expect(refusals(istio(kind, spec, version))).toEqual([])
  })
}

const refuses = (id: string, kind: string, specs: readonly (readonly [unknown, ...string[]])[]): void => {
  test.each(specs.map(([spec, ...problems]) => [spec, problems] as const))(
    `${id} a ${kind} %j is refused`,
    (spec, problems) => {
      expect(refusals(istio(kind, spec))).toEqual(problems)
    },
  )
}

const to = (host: string, more: object = {}) => ({ destination: { host }, ...more })
const http = (...routes: unknown[]) => ({ hosts: ['a'], http: routes })

describe('Y1 a VirtualService', () => {
  accepts('Y1:', 'VirtualService', [
    {
      hosts: ['reviews', '*.example.com', '*', '10.0.0.1'],
      gateways: ['mesh', 'gate', 'ns/gate'],
      exportTo: ['.', '*', 'other'],
      http: [
        {
          name: 'all',
          match: [
            {
              uri: { prefix: '/a' },
              ignoreUriCase: true,
              scheme: { exact: 'https' },
              method: { regex: 'GET|PUT' },
              authority: { exact: 'a' },
              headers: { 'x-any': {}, 'X-Case': { exact: '' } },
              withoutHeaders: { 'x-no': { regex: '*' } },
              queryParams: { q: { exact: '1' } },
              port: 80,
              sourceLabels: { app: 'a' },
              sourceNamespace: 'default',
              gateways: ['mesh'],
            },
          ],
          route: [
            to('a', { weight: 75, headers: { response: { remove: ['x-a'] } } }),
            { destination: { host: 'b.c', subset: 'v2', port: { number: 80 } }, weight: 50 },
          ],
          timeout: '0s',
          retries: { attempts: 3, perTryTimeout: '2s', retryOn: '5xx', backoff: '25ms' },
          fault: {
            delay: { percentage: { value: 0.1 }, fixedDelay: '5s' },
            abort: { grpcStatus: 'UNAVAILABLE' },
          },
          mirrors: [{ destination: { host: 'c' }, percentage: { value: 10 } }],
          corsPolicy: { allowOrigins: [{ prefix: 'https://' }], allowHeaders: ['X-Foo'], maxAge: '24h' },
          headers: { request: { set: { Host: 'a', ':authority': 'b' }, add: { 'x-b': '%START_TIME%' } } },
        },
        { redirect: { uri: '/b', scheme: 'https', derivePort: 'FROM_REQUEST_PORT', redirectCode: 302 } },
        { directResponse: { status: 503, body: { string: 'no' } } },
        { delegate: { name: 'other', namespace: 'ns' } },
        { rewrite: { uriRegexRewrite: { match: '/(.*)', rewrite: '/x/\\1' } }, route: [to('a')] },
      ],
    },
    { http: [{ route: [to('a')] }] },
    {
      hosts: ['a'],
      tcp: [{ match: [{ port: 31400 }], route: [to('a', { weight: 20 }), to('b', { weight: 80 })] }],
    },
    { hosts: ['a'], tls: [{ match: [{ port: 443, sniHosts: ['a.com', '*.b.com'] }], route: [to('a')] }] },
  ])
  refuses('Y1:', 'VirtualService', [
    [{ hosts: ['a'] }, 'RUT1317 /spec'],
    [{ host: ['a'], ...http({ route: [to('a')] }) }, 'RUT1301 /spec/host'],
    [{ hosts: ['A'], http: [] }, 'RUT1305 /spec/hosts/0'],
    [http({}), 'RUT1316 /spec/http/0'],
    [http({ route: [to('a')], redirect: { uri: '/' } }), 'RUT1316 /spec/http/0'],
    [http({ route: [to('a', { weight: 0 }), to('b')] }), 'RUT1318 /spec/http/0/route'],
    [http({ route: [to('a')], timeout: '5' }), 'RUT1309 /spec/http/0/timeout'],
    [
      http({ match: [{ uri: { exact: 'a', prefix: 'b' } }], route: [to('a')] }),
      'RUT1317 /spec/http/0/match/0/uri',
    ],
    [http({ match: [{ uri: {} }], route: [to('a')] }), 'RUT1317 /spec/http/0/match/0/uri'],
    [http({ match: [{ header: {} }], route: [to('a')] }), 'RUT1301 /spec/http/0/match/0/header'],
    [
      http({ match: [{ method: { regex: '(' } }], route: [to('a')] }),
      'RUT1310 /spec/http/0/match/0/method/regex',
    ],
    [http({ redirect: { redirectCode: 305 } }), 'RUT1319 /spec/http/0/redirect/redirectCode'],
    [http({ redirect: { uri: '/a', prefixRewrite: '/b' } }), 'RUT1316 /spec/http/0/redirect'],
    [http({ redirect: { port: 1, derivePort: 'FROM_REQUEST_PORT' } }), 'RUT1316 /spec/http/0/redirect'],
    [http({ route: [to('a')], fault: { abort: {} } }), 'RUT1316 /spec/http/0/fault/abort'],
    [
      http({ route: [to('a')], headers: { request: { add: { Host: 'b' } } } }),
      'RUT1311 /spec/http/0/headers/request/add/Host',
    ],
    [{ tcp: [{ route: [to('a')] }] }, 'RUT1317 /spec'],
    [{ hosts: ['a'], tls: [{ match: [{}], route: [to('a')] }] }, 'RUT1302 /spec/tls/0/match/0/sniHosts'],
  ])
})

describe('Y1 a DestinationRule', () => {
  accepts('Y1:', 'DestinationRule', [
    { host: 'reviews', subsets: [{ name: 'v1', labels: { version: 'v1' } }] },
    {
      host: '*.example.com',
      trafficPolicy: {
        loadBalancer: { consistentHash: { httpCookie: { name: 'user', ttl: '0s' } } },
        connectionPool: {
          tcp: {
            maxConnections: 1,
            connectTimeout: '30ms',
            tcpKeepalive: { time: '7200s', interval: '75s' },
          },
          http: { http1MaxPendingRequests: 1, maxRequestsPerConnection: 1, h2UpgradePolicy: 'UPGRADE' },
        },
        outlierDetection: {
          consecutive5xxErrors: 1,
          interval: '1s',
          baseEjectionTime: '3m',
          maxEjectionPercent: 100,
        },
        tls: { mode: 'ISTIO_MUTUAL' },
        portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE', sni: 'a.b' } }],
      },
      subsets: [{ name: 'v1', trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } }],
      exportTo: ['.'],
      workloadSelector: { matchLabels: { app: 'a' } },
    },
  ])
  refuses('Y1:', 'DestinationRule', [
    [{}, 'RUT1302 /spec/host'],
    [{ host: 'a', subsets: [{ name: 'v' }, { name: 'v' }] }, 'RUT1315 /spec/subsets/1/name'],
    [
      { host: 'a', trafficPolicy: { loadBalancer: { simple: 'FASTEST' } } },
      'RUT1314 /spec/trafficPolicy/loadBalancer/simple',
    ],
    [
      { host: 'a', trafficPolicy: { loadBalancer: { consistentHash: {} } } },
      'RUT1317 /spec/trafficPolicy/loadBalancer/consistentHash',
    ],
    [{ host: 'a', trafficPolicy: { tls: { mode: 'MUTUAL' } } }, 'RUT1317 /spec/trafficPolicy/tls'],
    [
      { host: 'a', trafficPolicy: { loadBalancer: { simple: 'RANDOM', backendUtilization: {} } } },
      'RUT1316 /spec/trafficPolicy/loadBalancer/backendUtilization',
    ],
    [
      { host: 'a', trafficPolicy: { loadBalancer: { backendUtilization: { weightUpdatePeriod: '99ms' } } } },
      'RUT1309 /spec/trafficPolicy/loadBalancer/backendUtilization/weightUpdatePeriod',
    ],
    [
      { host: 'a', trafficPolicy: { connectionPool: { http: { http2KeepAlive: { interval: '1s' } } } } },
      'RUT1302 /spec/trafficPolicy/connectionPool/http/http2KeepAlive/timeout',
    ],
    [
      { host: 'a', trafficPolicy: { tunnel: { targetHost: '%START_TIME%', targetPort: 1 } } },
      'RUT1305 /spec/trafficPolicy/tunnel/targetHost',
    ],
    [{ host: 'a', trafficPolicies: {} }, 'RUT1301 /spec/trafficPolicies'],
  ])

  const at = '/spec/trafficPolicy/loadBalancer/localityLbSetting'
  refuses(
    'Y1:',
    'DestinationRule',
    (
      [
        [{ distribute: [{ from: 'r/z', to: { 'r/*': 99 } }] }, 'RUT1318', '/distribute/0/to'],
        [{ distribute: [{ from: 'r/z/s/x', to: { '*': 100 } }] }, 'RUT1312', '/distribute/0/from'],
        [{ distribute: [{ from: 'r', to: { '*/z': 100 } }] }, 'RUT1312', '/distribute/0/to/*~1z'],
        [{ failover: [{ from: 'r', to: 'r' }] }, 'RUT1316', '/failover/0/to'],
        [{ failover: [{ from: 'r', to: 's' }], failoverPriority: ['a'] }, 'RUT1316', '/failoverPriority'],
      ] as const
    ).map(([localityLbSetting, code, path]) => [
      { host: 'a', trafficPolicy: { loadBalancer: { localityLbSetting } } },
      `${code} ${at}${path}`,
    ]),
  )
})

describe('Y1 a ServiceEntry and a WorkloadEntry', () => {
  const ports = [{ number: 443, name: 'https', protocol: 'TLS' }]
  accepts('Y1:', 'ServiceEntry', [
    { hosts: ['api.example.com'], ports, location: 'MESH_EXTERNAL', resolution: 'DNS' },
    { hosts: ['*.example.com'], ports, resolution: 'NONE' },
    { hosts: ['*.example.com', '*.example.org'], ports, resolution: 'DYNAMIC_DNS' },
    {
      hosts: ['db.example'],
      addresses: ['10.0.0.0/8'],
      ports: [{ number: 80, name: 'http', protocol: 'http', targetPort: 8080 }],
      resolution: 'STATIC',
      endpoints: [
        { address: '10.0.0.1', ports: { http: 8081 }, labels: { a: 'b' }, weight: 10, locality: 'r/z' },
      ],
    },
    { hosts: ['a.b'], ports, resolution: 'STATIC', workloadSelector: { labels: { app: 'a' } } },
  ])
  refuses('Y1:', 'ServiceEntry', [
    [{ hosts: [] }, 'RUT1313 /spec/hosts'],
    [{ hosts: ['*.a'], ports, resolution: 'DNS' }, 'RUT1316 /spec/hosts/0'],
    [{ hosts: ['*.a', 'b.a'], ports, resolution: 'DYNAMIC_DNS' }, 'RUT1316 /spec/hosts/1'],
    [{ hosts: ['*'], ports, resolution: 'DYNAMIC_DNS' }, 'RUT1316 /spec/hosts/0'],
    [
      { hosts: ['*.a'], ports, resolution: 'DYNAMIC_DNS', endpoints: [{ address: '1.2.3.4' }] },
      'RUT1316 /spec/endpoints',
    ],
    [
      {
        hosts: ['*.a'],
        ports,
        resolution: 'DYNAMIC_DNS',
        location: 'MESH_INTERNAL',
        workloadSelector: { labels: { app: 'a' } },
      },
      'RUT1316 /spec/location',
      'RUT1316 /spec/workloadSelector',
    ],
    [{ hosts: ['*.a'], ports, resolution: 'DYNAMIC' }, 'RUT1314 /spec/resolution'],
    [{ hosts: ['a'], ports, endpoints: [{ address: '1.2.3.4' }] }, 'RUT1316 /spec/endpoints'],
    [
      { hosts: ['a'], ports, resolution: 'STATIC', endpoints: [{ address: 'a.b' }] },
      'RUT1306 /spec/endpoints/0/address',
    ],
    [
      { hosts: ['a'], ports: [...ports, ...ports] },
      'RUT1315 /spec/ports/1/number',
      'RUT1315 /spec/ports/1/name',
    ],
  ])
  accepts('Y1:', 'WorkloadEntry', [{ address: '10.0.0.1', labels: { app: 'a' }, serviceAccount: 'a' }])
  refuses('Y1:', 'WorkloadEntry', [[{ address: 'A B' }, 'RUT1306 /spec/address']])
})

describe('Y1 a Gateway', () => {
  const http = { number: 80, name: 'http', protocol: 'HTTP' }
  const file = { serverCertificate: '/c', privateKey: '/k' }
  accepts('Y1:', 'Gateway', [
    {
      selector: { istio: 'ingressgateway' },
      servers: [
        { port: http, hosts: ['*', 'ns/*.a.b', './c'], tls: { httpsRedirect: true } },
        { port: { ...http, targetPort: 8080 }, hosts: ['d'], defaultEndpoint: '127.0.0.1:8081' },
        {
          port: { ...http, number: 443, protocol: 'HTTPS' },
          hosts: ['a'],
          tls: { mode: 'SIMPLE', credentialName: 'a' },
        },
        {
          port: { ...http, number: 444, protocol: 'HTTPS' },
          hosts: ['a'],
          tls: {
            mode: 'MUTUAL',
            tlsCertificates: [file, { ...file, caCertificates: '/ca' }],
            caCertCredentialName: 'a',
            ecdhCurves: ['P-256'],
            alpnProtocols: ['h2'],
            insecureSkipVerify: false,
          },
        },
      ],
    },
  ])
  const tls = (its: object) => ({
    servers: [{ port: { ...http, protocol: 'HTTPS' }, hosts: ['a'], tls: { mode: 'SIMPLE', ...its } }],
  })
  refuses('Y1:', 'Gateway', [
    [{ servers: [] }, 'RUT1313 /spec/servers'],
    [{ servers: [{ port: { ...http, protocol: 'HTTPS' }, hosts: ['a'] }] }, 'RUT1317 /spec/servers/0'],
    [{ servers: [{ port: http, hosts: ['a:80'] }] }, 'RUT1305 /spec/servers/0/hosts/0'],
    [
      { servers: [{ port: http, hosts: ['a'], defaultEndpoint: '10.0.0.1:80' }] },
      'RUT1306 /spec/servers/0/defaultEndpoint',
    ],
    [
      { servers: [{ port: http, hosts: ['a'], tls: { mode: 'SIMPLE' } }] },
      'RUT1316 /spec/servers/0/tls/mode',
    ],
    ...[{ credentialName: 'a' }, { credentialNames: ['a'] }, { privateKey: '/k' }].map(
      (other): [object, string] => [
        tls({ tlsCertificates: [file], ...other }),
        'RUT1316 /spec/servers/0/tls/tlsCertificates',
      ],
    ),
    [tls({ tlsCertificates: [file, file, file] }), 'RUT1313 /spec/servers/0/tls/tlsCertificates'],
    [tls({ tlsCertificates: [] }), 'RUT1313 /spec/servers/0/tls/tlsCertificates'],
    [tls({ alpnProtocols: ['h2,http/1.1'] }), 'RUT1312 /spec/servers/0/tls/alpnProtocols/0'],
  ])
})
