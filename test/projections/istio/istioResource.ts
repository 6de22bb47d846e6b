import type { Resource } from '../../../src/model/resource.ts'

/** One of Istio's resources for services `s0` to `s5`, by small numbers: of random meshes. */
export const istioResource = (sort: number, number: number, other: number, version: number): Resource => {
  const namespace = other % 2 === 0 ? 'default' : 'other'
  return sort < 2
    ? anyDestinationRule(`dr${number % 3}`, namespace, other, version)
    : anyVirtualService(`vs${number}`, namespace, other, version)
}

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
      loadBalancer: version === 0 ? { consistentHash: { useSourceIp: true } } : { simple: 'LEAST_REQUEST' },
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
