import { instance, service } from '../../reducers/given.ts'
import { connectionServices, connectionTargets } from './connectionServices.ts'
import { hostsOutside, outsideTargets } from './hostsOutside.ts'
import { requestServices } from './requestServices.ts'
import { numbers, ownAddress, proxyOf, type RandomWorld, type Target, type World } from './world.ts'

/** Requests for the services `s0`, `s1` …, `size` of them, or sent to the explicit proxy `asked` for them. */
export const requestTargets = (
  size: number,
  asked: { readonly address: string; readonly port: number } | undefined,
): readonly Target[] =>
  numbers(size).flatMap((i) =>
    ([9080, 80] as const).flatMap((port) =>
      [`s${i}`, `s${i}.default.svc.cluster.local`].map((host) => ({
        scheme: 'http' as const,
        host,
        port: asked?.port ?? port,
        to: asked?.address ?? `10.1.${i}.1`,
        authorities: [
          `${host}:${port}`,
          `${host}:${port}`,
          host,
          `${host.toUpperCase()}:${port}`,
          `s${i}.default:${port}`,
          `${host}.:${port}`,
          'nobody',
        ],
      })),
    ),
  )

/** A sidecar with an explicit HTTP proxy, and hosts outside of the mesh. */
export const explicitWorld: RandomWorld = (draw, size) => {
  const place = { address: '127.0.0.1', port: 15_002 }
  const inside = numbers(size >> 1).map((i) => `s${i}`)
  const at = (target: Target): Target => ({ ...target, scheme: 'http', to: place.address, port: place.port })
  return {
    proxy: proxyOf('sidecar'),
    metadata: { httpProxy: place },
    resources: [...requestServices(draw, inside), ...hostsOutside(draw, size)],
    targets: [...requestTargets(size >> 1, place), ...outsideTargets(size).map(at)],
  }
}

/** A sidecar whose workload's traffic is captured, out and in, with services of every protocol and hosts outside. */
export const capturedWorld: RandomWorld = (draw, size) => {
  const inside = numbers(size >> 1).map((i) => `s${i}`)
  const refuse = draw.chance(0.5)
  return {
    proxy: proxyOf('sidecar'),
    metadata: { labels: { app: 'own' } },
    resources: [
      {
        apiVersion: 'rutter.dev/v1',
        kind: 'MeshSettings',
        metadata: { name: 'mesh', namespace: 'default' },
        spec: { undeclaredOutbound: refuse ? 'refuse' : 'passthrough' },
      },
      ...own,
      ...requestServices(draw, inside),
      ...connectionServices(draw, size >> 1),
      ...hostsOutside(draw, size >> 1),
    ],
    targets: [
      ...requestTargets(size >> 1, undefined),
      ...connectionTargets(size >> 1),
      ...outsideTargets(size >> 1),
      ...inbound,
    ],
  }
}

const own: World['resources'] = [
  service('own', {
    ports: [
      { name: 'http', port: 7000 },
      { name: 'tcp', port: 7001 },
    ],
  }),
  instance('own', 'own', ownAddress, { ports: { http: 8000, tcp: 8001 }, managementPorts: [{ port: 3333 }] }),
]

const inbound: readonly Target[] = numbers(8).flatMap(() =>
  ([8000, 8001, 3333, 9] as const).map((port) => ({
    scheme: 'http' as const,
    host: ownAddress,
    port,
    to: ownAddress,
    authorities: ['own:7000', `${ownAddress}:${port}`, 'anything'],
    direction: 'INBOUND' as const,
  })),
)

/** A router: it takes requests and connections for every service of the mesh. */
export const routerWorld: RandomWorld = (draw, size) => {
  const inside = numbers(size).map((i) => `s${i}`)
  const at = (target: Target): Target => (target.host === target.to ? target : { ...target, to: ownAddress })
  return {
    proxy: proxyOf('router'),
    metadata: {},
    resources: [
      ...requestServices(draw, inside),
      ...connectionServices(draw, size >> 1),
      ...hostsOutside(draw, size >> 2),
    ],
    targets: [
      ...requestTargets(size, undefined),
      ...connectionTargets(size >> 1),
      ...outsideTargets(size >> 2),
    ].map(at),
  }
}
