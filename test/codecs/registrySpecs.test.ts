import { describe, expect, test } from 'vitest'
import { own, refusals } from './problemsOf.ts'

describe('C30 Service', () => {
  const http = { name: 'http', port: 80 }
  test.each([
    [{ ports: [http] }],
    [
      {
        ports: [
          { ...http, protocol: 'http' },
          { name: 'redis', port: 81, protocol: 'REDIS', authPolicy: 'disable' },
        ],
      },
    ],
    [{ ports: [http], hostname: 'reviews.default.svc.cluster.local', address: '10.1.0.4' }],
    [{ ports: [http], address: '2001:db8::1', externalName: 'httpbin.org' }],
    [{ ports: [http], hostname: '1-a.x' }],
  ])('C30 %j is accepted', (spec) => {
    expect(refusals(own('Service', spec))).toEqual([])
  })

  test.each([
    [{}, ['RUT1302 /spec/ports']],
    [{ ports: [] }, ['RUT1313 /spec/ports']],
    [{ ports: {} }, ['RUT1303 /spec/ports']],
    [{ ports: [http, { name: 'http', port: 81 }] }, ['RUT1315 /spec/ports/1/name']],
    [{ ports: [http, { name: 'web', port: 80 }] }, ['RUT1315 /spec/ports/1/port']],
    [{ ports: [{ port: 80 }] }, ['RUT1302 /spec/ports/0/name']],
    [{ ports: [{ name: 'http', port: 0 }] }, ['RUT1307 /spec/ports/0/port']],
    [{ ports: [{ name: 'http', port: 65536 }] }, ['RUT1307 /spec/ports/0/port']],
    [{ ports: [{ name: 'http', port: 80.5 }] }, ['RUT1307 /spec/ports/0/port']],
    [{ ports: [{ name: 'http', port: '80' }] }, ['RUT1303 /spec/ports/0/port']],
    [{ ports: [{ name: 'Http', port: 80 }] }, ['RUT1304 /spec/ports/0/name']],
    [{ ports: [{ ...http, protocol: 'UDP' }] }, ['RUT1314 /spec/ports/0/protocol']],
    [{ ports: [{ ...http, authPolicy: 'ENABLE' }] }, ['RUT1314 /spec/ports/0/authPolicy']],
    [{ ports: [http], hostname: '*.a' }, ['RUT1305 /spec/hostname']],
    [{ ports: [http], hostname: 'a.b:80' }, ['RUT1305 /spec/hostname']],
    [{ ports: [http], hostname: 'A.b' }, ['RUT1305 /spec/hostname']],
    [{ ports: [http], externalName: '10.0.0.1' }, ['RUT1305 /spec/externalName']],
    [{ ports: [http], address: '0.0.0.0' }, ['RUT1306 /spec/address']],
    [{ ports: [http], address: '10.0.0.01' }, ['RUT1306 /spec/address']],
    [{ ports: [http], address: '10.0.0.0/8' }, ['RUT1306 /spec/address']],
    [{ ports: [http], address: '::' }, ['RUT1306 /spec/address']],
    [{ ports: [http], address: 'localhost' }, ['RUT1306 /spec/address']],
  ])('C30 %j is refused', (spec, problems) => {
    expect(refusals(own('Service', spec))).toEqual(problems)
  })
})

describe('C31 Instance', () => {
  const spec = { service: 'reviews', address: '127.0.1.5', ports: { http: 9080 } }
  test.each([
    [{}],
    [{ service: ['reviews', 'ratings.other.svc.cluster.local'] }],
    [{ ports: { http: { port: 9080, app: '127.0.2.5:9080' }, tcp: { port: 1 } } }],
    [{ ports: { http: { port: 9080, app: '[::1]:9080' } } }],
    [{ labels: { version: 'v2' }, weight: 128, zone: 'eu-1a', serviceAccount: 'reviews' }],
    [{ managementPorts: [{ port: 3333, protocol: 'HTTP' }, { port: 3334 }] }],
  ])('C31 with %j it is accepted', (more) => {
    expect(refusals(own('Instance', { ...spec, ...more }))).toEqual([])
  })

  test.each([
    [{ service: [] }, ['RUT1313 /spec/service']],
    [{ service: ['a', 'a'] }, ['RUT1315 /spec/service/1']],
    [{ service: 'A' }, ['RUT1305 /spec/service']],
    [{ service: 1 }, ['RUT1303 /spec/service']],
    [{ address: '127.0.0.1.5' }, ['RUT1306 /spec/address']],
    [{ ports: { http: 0 } }, ['RUT1307 /spec/ports/http']],
    [{ ports: { http: '9080' } }, ['RUT1303 /spec/ports/http']],
    [{ ports: { Http: 9080 } }, ['RUT1304 /spec/ports/Http']],
    [{ ports: { http: { app: '127.0.0.1:1' } } }, ['RUT1302 /spec/ports/http/port']],
    [{ ports: { http: { port: 1, app: '127.0.0.1' } } }, ['RUT1306 /spec/ports/http/app']],
    [{ ports: { http: { port: 1, app: 'localhost:80' } } }, ['RUT1306 /spec/ports/http/app']],
    [{ ports: { http: { port: 1, app: '::1:80' } } }, ['RUT1306 /spec/ports/http/app']],
    [{ ports: { http: { port: 1, app: '[127.0.0.1]:80' } } }, ['RUT1306 /spec/ports/http/app']],
    [{ ports: { http: { port: 1, app: '127.0.0.1:65536' } } }, ['RUT1306 /spec/ports/http/app']],
    [{ weight: 0 }, ['RUT1313 /spec/weight']],
    [{ weight: 129 }, ['RUT1313 /spec/weight']],
    [{ zone: '' }, ['RUT1312 /spec/zone']],
    [{ serviceAccount: 'a b' }, ['RUT1304 /spec/serviceAccount']],
    [{ managementPorts: [{ port: 1 }, { port: 1 }] }, ['RUT1315 /spec/managementPorts/1/port']],
    [{ labels: { version: null } }, ['RUT1303 /spec/labels/version']],
  ])('C31 with %j it is refused', (more, problems) => {
    expect(refusals(own('Instance', { ...spec, ...more }))).toEqual(problems)
  })
})

describe('C32 MeshSettings', () => {
  test.each([
    [{}],
    [{ domain: 'mesh.example', connectTimeout: '30s', undeclaredOutbound: 'refuse', accessLog: '' }],
    [{ proxyListenPort: 0, proxyInboundPort: 0, proxyHttpPort: 0, authPolicy: 'MUTUAL_TLS' }],
    [{ certificatesPath: '/etc/certs', accessLog: '/dev/stdout', rootNamespace: 'istio-config' }],
  ])('C32 %j is accepted', (spec) => {
    expect(refusals(own('MeshSettings', spec))).toEqual([])
  })

  test.each([
    [{ connectTimeout: '31s' }, ['RUT1309 /spec/connectTimeout']],
    [{ connectTimeout: '0s' }, ['RUT1309 /spec/connectTimeout']],
    [{ connectTimeout: 1 }, ['RUT1303 /spec/connectTimeout']],
    [{ undeclaredOutbound: 'allow' }, ['RUT1314 /spec/undeclaredOutbound']],
    [{ accessLog: 'stdout' }, ['RUT1312 /spec/accessLog']],
    [{ certificatesPath: 'certs' }, ['RUT1312 /spec/certificatesPath']],
    [{ rootNamespace: 'a/b' }, ['RUT1304 /spec/rootNamespace']],
    [{ proxyListenPort: 15006, proxyInboundPort: 15006 }, ['RUT1315 /spec/proxyInboundPort']],
    [{ proxyHttpPort: -1 }, ['RUT1307 /spec/proxyHttpPort']],
    [{ domain: 'cluster..local' }, ['RUT1305 /spec/domain']],
    [{ mixerAddress: 'x' }, ['RUT1301 /spec/mixerAddress']],
  ])('C32 %j is refused', (spec, problems) => {
    expect(refusals(own('MeshSettings', spec))).toEqual(problems)
  })
})

describe('C46 EnvoyResource', () => {
  const cluster = { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name: 'c' }
  const assignment = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment'
  const all = { all: true }

  test.each([
    [{ proxies: { ids: ['edge-1'] }, resource: cluster }],
    [{ proxies: { types: ['sidecar'], labels: { app: 'x' } }, resource: cluster }],
    [{ proxies: { labels: { app: 'x' } }, resource: cluster }],
    [{ proxies: all, resource: { ...cluster, connectTimeout: '1s', lb_policy: 'RANDOM' } }],
    [{ proxies: all, resource: { '@type': assignment, cluster_name: 'c' } }],
    [{ proxies: all, resource: { '@type': assignment, clusterName: 'c' } }],
  ])('C46 %j is accepted', (spec) => {
    expect(refusals(own('EnvoyResource', spec))).toEqual([])
  })

  test.each([
    [{ proxies: {}, resource: cluster }, ['RUT1317 /spec/proxies']],
    [{ proxies: { ids: ['a'], all: true }, resource: cluster }, ['RUT1317 /spec/proxies']],
    [{ proxies: { ids: ['a'], types: ['sidecar'] }, resource: cluster }, ['RUT1317 /spec/proxies']],
    [{ proxies: { all: false }, resource: cluster }, ['RUT1314 /spec/proxies/all']],
    [{ proxies: { ids: [] }, resource: cluster }, ['RUT1313 /spec/proxies/ids']],
    [{ proxies: { ids: ['gateway~~a~b'] }, resource: cluster }, ['RUT1304 /spec/proxies/ids/0']],
    [{ proxies: { ids: ['a', 'a'] }, resource: cluster }, ['RUT1315 /spec/proxies/ids/1']],
    [{ proxies: { types: ['gateway'] }, resource: cluster }, ['RUT1314 /spec/proxies/types/0']],
    [{ proxies: { labels: {} }, resource: cluster }, ['RUT1317 /spec/proxies/labels']],
    [{ proxies: all }, ['RUT1302 /spec/resource']],
    [{ proxies: all, resource: {} }, ['RUT1314 /spec/resource/@type']],
    [
      { proxies: all, resource: { '@type': 'envoy.config.cluster.v3.Cluster', name: 'c' } },
      ['RUT1314 /spec/resource/@type'],
    ],
    [
      { proxies: all, resource: { ...cluster, name: '' } },
      ['RUT1317 /spec/resource', 'RUT1320 /spec/resource/name'],
    ],
    [
      { proxies: all, resource: { '@type': assignment } },
      ['RUT1317 /spec/resource', 'RUT1320 /spec/resource'],
    ],
    [{ proxies: all, resource: { ...cluster, nmae: 'x' } }, ['RUT1320 /spec/resource/nmae']],
    [{ proxies: all, resource: { ...cluster, lb_policy: 'FAST' } }, ['RUT1320 /spec/resource/lb_policy']],
    [
      { proxies: all, resource: { ...cluster, circuit_breakers: { thresholds: [{ max_connections: -1 }] } } },
      ['RUT1320 /spec/resource/circuit_breakers/thresholds/0/max_connections'],
    ],
  ])('C46 %j is refused', (spec, problems) => {
    expect(refusals(own('EnvoyResource', spec))).toEqual(problems)
  })
})
