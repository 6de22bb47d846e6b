import type { Resource } from '../../model/resource.ts'
import type { AppOptions } from './startApp.ts'

/** One workload of the demo: an application and the Envoy beside it. */
export type Workload = {
  readonly name: string
  readonly service: string
  readonly version: string
  /** Where callers reach it, and the ip of its Envoy. */
  readonly address: string
  /** Where the application itself listens. */
  readonly appAddress: string
  /** What its application asks before it answers. */
  readonly asks: readonly string[]
}

/** Addresses and ports of one demo, so that two may run side by side. */
export type Place = {
  /** Callers reach workload n at `127.0.<block>.n`, its application listens on `127.0.<block + 1>.n`. */
  readonly block: number
  readonly port: number
  readonly httpProxyPort: number
}

const cast: readonly (readonly [service: string, version: string, ...asks: string[]])[] = [
  ['productpage', 'v1', 'details', 'reviews'],
  ['details', 'v1'],
  ['ratings', 'v1'],
  ['reviews', 'v1'],
  ['reviews', 'v2', 'ratings'],
  ['reviews', 'v3', 'ratings'],
]

/** The workloads of bookinfo, the example that Istio's documentation has used since 2017. */
export const workloadsAt = ({ block }: Place): readonly Workload[] =>
  cast.map(([service, version, ...asks], index) => ({
    name: `${service}-${version}`,
    service,
    version,
    address: `127.0.${block}.${index + 1}`,
    appAddress: `127.0.${block + 1}.${index + 1}`,
    asks,
  }))

/** The application of a workload. */
export const appOf = (
  { service, version, address, appAddress, asks }: Workload,
  { port, httpProxyPort }: Place,
): AppOptions => ({
  service,
  version,
  listen: { host: appAddress, port },
  proxy: { host: address, port: httpProxyPort },
  asks: asks.map((asked) => `${asked}:${port}`),
})

/** The node id of the Envoy beside a workload. */
export const nodeOf = ({ address, name }: Workload): string =>
  `sidecar~${address}~${name}.default~default.svc.cluster.local`

/** The registry of the demo: settings, services and instances. */
export const registryAt = (place: Place): readonly Resource[] => [
  {
    apiVersion: 'rutter.dev/v1',
    kind: 'MeshSettings',
    metadata: { name: 'mesh', namespace: 'default' },
    spec: { accessLog: '', proxyListenPort: 0 },
  },
  ...[...new Set(cast.map(([service]) => service))].map(
    (service): Resource => ({
      apiVersion: 'rutter.dev/v1',
      kind: 'Service',
      metadata: { name: service, namespace: 'default' },
      spec: { ports: [{ name: 'http', port: place.port }] },
    }),
  ),
  ...workloadsAt(place).map(
    ({ name, service, version, address, appAddress }): Resource => ({
      apiVersion: 'rutter.dev/v1',
      kind: 'Instance',
      metadata: { name, namespace: 'default' },
      spec: {
        service,
        address,
        labels: { version },
        ports: { http: { port: place.port, app: `${appAddress}:${place.port}` } },
      },
    }),
  ),
]

/** The rule `reviews`, by which requests are split over its versions; weights in percent. */
export const reviewsRule = (weights: Readonly<Record<string, number>>): Resource<'RouteRule'> => ({
  apiVersion: 'config.istio.io/v1alpha2',
  kind: 'RouteRule',
  metadata: { name: 'reviews', namespace: 'default' },
  spec: {
    destination: { name: 'reviews' },
    precedence: 1,
    route: Object.entries(weights).map(([version, weight]) => ({ labels: { version }, weight })),
  },
})
