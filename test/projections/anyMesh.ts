import fc from 'fast-check'
import type { MeshEvent } from '../../src/model/event.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { SidecarSpec } from '../../src/model/sidecar.ts'
import { type XdsType, xdsTypes } from '../../src/model/xds.ts'
import type { ProjectedProxy } from '../../src/projections/projectedProxy.ts'
import { applied, instance, removed, routeRule, service } from '../reducers/given.ts'
import { istioResource } from './istio/istioResource.ts'

export const sidecar = (ip: string, name: string, namespace = 'default'): ProxyIdentity => ({
  type: 'sidecar',
  node: `sidecar~${ip}~${name}.${namespace}~${namespace}.svc.cluster.local`,
  ip,
  id: `${name}.${namespace}`,
  domain: `${namespace}.svc.cluster.local`,
})

export const ingress = (ip: string): ProxyIdentity => ({
  type: 'ingress',
  node: `ingress~${ip}~gate.default~default.svc.cluster.local`,
  ip,
  id: 'gate.default',
  domain: 'default.svc.cluster.local',
})

const router: ProxyIdentity = {
  type: 'router',
  node: 'router~10.1.0.2~edge.default~default.svc.cluster.local',
  ip: '10.1.0.2',
  id: 'edge.default',
  domain: 'default.svc.cluster.local',
}

export const explicit: ProxyMetadata = { httpProxy: { address: '127.0.0.1', port: 15_002 } }

export const versions = (proxy: ProjectedProxy): Record<XdsType, Record<string, string>> => {
  const all = {} as Record<XdsType, Record<string, string>>
  for (const type of xdsTypes)
    all[type] = Object.fromEntries(
      [...proxy.names(type)].sort().map((name) => [name, proxy.get(type, name)?.version ?? 'absent']),
    )
  return all
}

export const cluster = (host: string, subset = '', port = 9080) =>
  `outbound|${port}|${subset}|${host}.svc.cluster.local`

export const sidecarConfig = (
  name: string,
  hosts: string[],
  labels?: Record<string, string>,
  more: SidecarSpec = {},
  namespace = 'default',
): Resource<'Sidecar'> => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Sidecar',
  metadata: { name, namespace },
  spec: { egress: [{ hosts }], ...(labels === undefined ? {} : { workloadSelector: { labels } }), ...more },
})

export const settings = (spec: Resource<'MeshSettings'>['spec']): Resource<'MeshSettings'> => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'MeshSettings',
  metadata: { name: 'mesh', namespace: 'default' },
  spec,
})

export const rawCluster = (name: string, ids: string[], inner: string): Resource<'EnvoyResource'> => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'EnvoyResource',
  metadata: { name, namespace: 'default' },
  spec: {
    proxies: { ids },
    resource: {
      '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
      name: inner,
      type: 'STATIC',
      connect_timeout: '3s',
    },
  },
})

const anyResource: fc.Arbitrary<Resource> = fc
  .tuple(fc.nat(22), fc.nat(5), fc.nat(3), fc.nat(3))
  .map(([kind, number, other, version]): Resource => {
    const namespace = other % 2 === 0 ? 'default' : 'other'
    switch (kind) {
      case 0:
      case 1:
        return service(
          `s${number}`,
          {
            ports: [
              { name: 'http', port: version === 3 ? 80 : 9080 },
              ...(version === 2 ? [{ name: 'tcp', port: 3306 }] : []),
            ],
            ...(version === 1 ? { address: '10.9.0.1' } : {}),
            ...(number === 5 ? { hostname: 's1.default' } : {}),
          },
          namespace,
        )
      case 2:
      case 3:
      case 4:
        return instance(
          `i${number}-${other}`,
          `s${number}`,
          `10.1.0.${other}`,
          {
            labels: { version: `v${version}` },
            ...(version === 0 ? {} : { zone: `r${number % 3}/z` }),
            ...(other === 2 ? { serviceAccount: `a${number % 2}` } : {}),
            ...(number === 3 ? { managementPorts: [{ port: 9080 + other }] } : {}),
          },
          namespace,
        )
      case 5:
        return routeRule(`r${number}`, {
          destination: { name: `s${number}` },
          precedence: other,
          route: [
            { labels: { version: `v${version}` }, weight: 40 },
            {
              ...(other === 3 ? { destination: { name: 's0' } } : {}),
              labels: { version: 'v0' },
              weight: 60,
            },
          ],
        })
      case 6:
        return routeRule(`source${number}`, {
          destination: { name: `s${number}` },
          precedence: 9,
          match: { source: { name: `s${other}`, ...(version === 1 ? { labels: { version: 'v1' } } : {}) } },
          route: [{ labels: { version: 'v2' } }],
        })
      case 7:
        return {
          apiVersion: 'config.istio.io/v1alpha2',
          kind: 'DestinationPolicy',
          metadata: { name: `p${number}`, namespace: 'default' },
          spec: {
            destination: { name: `s${number}`, ...(other === 1 ? { labels: { version: 'v0' } } : {}) },
            ...(other === 2 ? { source: { name: 's1' } } : {}),
            loadBalancing: { name: version % 2 === 0 ? 'RANDOM' : 'LEAST_CONN' },
          },
        }
      case 9:
        return {
          apiVersion: 'config.istio.io/v1alpha2',
          kind: 'IngressRule',
          metadata: { name: `in${number}`, namespace: 'default' },
          spec: {
            destination: { name: `s${other}` },
            ...(version === 3 ? { port: 8080 } : {}),
            ...(number > 3 ? { tlsSecret: `cert${other % 2}.default` } : {}),
            match: {
              request: {
                headers: {
                  ...(number % 2 === 0
                    ? { authority: { exact: `s1.default${other === 1 ? '.svc.cluster.local' : ''}` } }
                    : {}),
                  ...(version === 0 ? {} : { uri: { prefix: `/${version}` } }),
                },
              },
            },
          },
        }
      case 11:
        return {
          apiVersion: 'config.istio.io/v1alpha2',
          kind: 'EgressRule',
          metadata: { name: `out${number}`, namespace },
          spec: {
            destination: {
              service:
                ['*', '*.default', 's1.default', '10.0.0.0/8', `s${number}.org`][version + (other % 2)] ?? '',
            },
            ports:
              version + (other % 2) === 3
                ? [{ port: 3306, protocol: 'TCP' }]
                : [
                    { port: 9080, protocol: 'HTTP' },
                    { port: 443, protocol: 'HTTPS' },
                    { port: 3306, protocol: 'Mongo' },
                  ],
          },
        }
      case 12:
      case 13:
      case 14:
      case 15:
      case 16:
      case 17:
      case 18:
      case 19:
      case 20:
      case 21:
        return istioResource(kind - 12, number, other, version)
      case 22:
        return {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: `k${number}`, namespace: 'default' },
          spec: {
            ...(version === 0 ? { ingressClassName: 'nginx' } : {}),
            ...(other === 1 ? { tls: [{ hosts: ['s1.default'], secretName: `cert${number}` }] } : {}),
            ...(other === 2 ? { defaultBackend: { service: { name: 's0', port: { number: 9080 } } } } : {}),
            rules: [
              {
                ...(number % 2 === 0 ? { host: 's1.default' } : {}),
                http: {
                  paths: [
                    {
                      path: `/${version}`,
                      pathType: 'Prefix',
                      backend: { service: { name: `s${other}`, port: { name: 'http' } } },
                    },
                  ],
                },
              },
            ],
          },
        }
      case 8:
        return sidecarConfig(
          `sc${other}`,
          version === 0
            ? ['*/*']
            : version === 1
              ? ['./*']
              : [`*/s${number}.default.svc.cluster.local`, 'other/*'],
          other === 0 ? undefined : { version: `v${number}` },
          {
            ...(version === 3 ? { egress: anyEgress(number, other) } : {}),
            ...(number === 1 ? { ingress: [{ port: { number: 9080 + other } }] } : {}),
          },
          number === 2 ? 'istio-system' : 'default',
        )
      default:
        return version === 0
          ? settings({
              ...(other === 0 ? { proxyListenPort: 0 } : {}),
              ...(number > 2 ? { authPolicy: 'MUTUAL_TLS', certificatesPath: `/certs/${other}` } : {}),
              connectTimeout: `${number + 1}s`,
            })
          : rawCluster(`raw${number}`, [sidecar('10.1.0.1', 'a').node, 'edge'], cluster(`s${number}.default`))
    }
  })

const anyEgress = (number: number, other: number): NonNullable<SidecarSpec['egress']> => {
  const hosts = [number === 3 ? '*/*' : `*/s${number}.default.svc.cluster.local`]
  switch (other) {
    case 0:
      return [{ hosts, port: { number: 9080 } }]
    case 1:
      return [{ hosts, captureMode: 'NONE' }, { hosts: ['./*'] }]
    case 2:
      return [
        { hosts, bind: '10.8.0.1' },
        { hosts: ['./*'], port: { number: 9080 }, captureMode: 'NONE' },
      ]
    default:
      return [{ hosts, bind: 'unix:///run/egress.sock', port: { number: 0, protocol: 'HTTP' } }]
  }
}

export const anyEvent: fc.Arbitrary<MeshEvent> = fc
  .tuple(anyResource, fc.nat(3))
  .map(([resource, leaves]) => (leaves === 0 ? removed(resource) : applied(resource)))

export const followed: readonly (readonly [ProxyIdentity, ProxyMetadata])[] = [
  [sidecar('10.1.0.0', 'a'), {}],
  [sidecar('10.1.0.1', 'a'), explicit],
  [sidecar('10.1.0.1', 'b'), { labels: { version: 'v1' } }],
  [sidecar('10.1.0.2', 'c', 'other'), {}],
  [sidecar('10.1.0.4', 'd'), { ips: ['10.1.0.2', 'fd00::1'] }],
  [{ type: 'bare', node: 'edge' }, {}],
  [ingress('10.1.0.1'), {}],
  [ingress('10.1.0.4'), { labels: { app: 'edge' } }],
  [ingress('10.1.0.3'), { httpProxy: { address: '127.0.0.9', port: 15_080 } }],
  [router, { labels: { app: 'edge' } }],
]
