import type { Resource } from '../../../src/model/resource.ts'

/** One of Istio's resources for services `s0` to `s5`, by small numbers: of random meshes. */
export const istioResource = (sort: number, number: number, other: number, version: number): Resource => {
  const namespace = other % 2 === 0 ? 'default' : 'other'
  switch (sort) {
    case 0:
    case 1:
      return anyDestinationRule(`dr${number % 3}`, namespace, other, version)
    case 5:
    case 6:
      return anyServiceEntry(`se${number % 3}`, version === 3 ? 'third' : namespace, other, version)
    case 7:
      return anyWorkloadEntry(`we${number % 3}`, namespace, other, version)
    case 8:
    case 9:
      return anyGateway(`gw${number % 2}`, namespace, other, version)
    default:
      return anyVirtualService(`vs${number}`, namespace, other, version)
  }
}

const anyGateway = (
  name: string,
  namespace: string,
  other: number,
  version: number,
): Resource<'Gateway'> => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name, namespace },
  spec: {
    ...(version === 3 ? {} : { selector: version === 2 ? { version: 'v1' } : { app: 'edge' } }),
    servers: [
      {
        port: { number: 80, name: 'http', protocol: 'HTTP' },
        hosts: [other === 1 ? 'default/*' : '*.default.svc.cluster.local'],
        ...(other === 2 ? { tls: { httpsRedirect: true } } : {}),
        ...(version === 0 ? { defaultEndpoint: '127.0.0.1:9000' } : {}),
      },
      {
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        hosts: [`s${other}.default.svc.cluster.local`],
        tls: version === 1 ? { mode: 'PASSTHROUGH' } : { mode: 'MUTUAL', credentialName: `cert${version}` },
      },
      { port: { number: 3306, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] },
    ],
  },
})

const anyServiceEntry = (
  name: string,
  namespace: string,
  other: number,
  version: number,
): Resource<'ServiceEntry'> => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name, namespace },
  spec: {
    hosts: other === 3 ? ['*.example.org'] : [`s${other}.default`, `s${other}.default.svc.cluster.local`],
    ports: [
      { number: 9080, name: 'http', targetPort: 9081 },
      { number: 443, name: 'tls', protocol: 'TLS' },
      { number: 3306, name: 'tcp' },
    ],
    ...(other === 1 ? { addresses: ['10.9.0.1', '10.64.0.0/16'] } : {}),
    ...(other === 3
      ? {}
      : { resolution: (['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN'] as const)[version] ?? 'NONE' }),
    ...(version === 1 || version === 2 ? { workloadSelector: { labels: { version: 'v1' } } } : {}),
    ...(name === 'se2' ? { exportTo: ['.'] } : {}),
  },
})

const anyWorkloadEntry = (
  name: string,
  namespace: string,
  other: number,
  version: number,
): Resource<'WorkloadEntry'> => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: { name, namespace },
  spec: {
    address: version === 3 ? 'db.example.org' : `10.1.0.${other}`,
    labels: { version: version === 3 ? 'v1' : `v${version}` },
    ports: { tcp: 3307 },
    locality: `eu/${other}`,
  },
})

const anyDestinationRule = (
  name: string,
  namespace: string,
  other: number,
  version: number,
): Resource<'DestinationRule'> => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name, namespace },
  spec: {
    host: version === 3 ? '*.default.svc.cluster.local' : `s${other}.default.svc.cluster.local`,
    trafficPolicy: {
      loadBalancer: {
        ...(version === 0 ? { consistentHash: { useSourceIp: true } } : { simple: 'LEAST_REQUEST' as const }),
        ...(other === 1 ? { localityLbSetting: { distribute: [{ from: 'r1', to: { 'r2/*': 100 } }] } } : {}),
        ...(other === 3 ? { localityLbSetting: {} } : {}),
      },
      ...(version === 2 ? {} : { outlierDetection: {} }),
    },
    subsets: [{ name: 'one', labels: { version: `v${version}` } }],
    ...(other === 2 ? { exportTo: ['.'] } : {}),
    ...(version === 2 ? { workloadSelector: { matchLabels: { version: 'v1' } } } : {}),
  },
})

const anyVirtualService = (
  name: string,
  namespace: string,
  other: number,
  version: number,
): Resource<'VirtualService'> => {
  const destination = { host: `s${version}.default.svc.cluster.local`, subset: 'one' }
  const delegate = { delegate: { name: 'vs0', namespace: 'default' } }
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace },
    spec: {
      ...(name === 'vs0' ? {} : { hosts: other === 3 ? ['*.default.svc.cluster.local'] : [`s${other}`] }),
      ...(version === 1 ? { exportTo: ['.'] } : {}),
      ...(other === 0 ? {} : { gateways: ['default/gw0', ...(other === 1 ? ['gw1', 'mesh'] : [])] }),
      ...(other === 3 && name !== 'vs0'
        ? {
            tls: [{ match: [{ sniHosts: ['s1.default.svc.cluster.local'] }], route: [{ destination }] }],
            tcp: [
              {
                match: [{ sourceLabels: { version: 'v1' } }, { destinationSubnets: ['10.0.0.0/8'] }],
                route: [
                  { destination, weight: 1 },
                  { destination: { host: 's0' }, weight: 2 },
                ],
              },
            ],
          }
        : {}),
      http: [
        {
          match: [
            { uri: { prefix: '/a' }, ...(version === 2 ? { sourceLabels: { version: 'v1' } } : {}) },
            { sourceNamespace: 'other' },
          ],
          ...(other === 2 && name !== 'vs0' ? delegate : { route: [{ destination }] }),
        },
        ...(version === 0 ? [] : [{ route: [{ destination: { host: 's0' } }], mirror: destination }]),
      ],
    },
  }
}
