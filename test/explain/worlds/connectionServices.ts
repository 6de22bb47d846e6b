import type { VirtualServiceSpec } from '../../../src/model/istio/virtualService.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { RouteRuleSpec } from '../../../src/model/routeRule.ts'
import { istio } from '../../projections/istio/following.ts'
import { instance, routeRule, service } from '../../reducers/given.ts'
import type { Draw } from '../draw.ts'
import { numbers, ownAddress, type Target } from './world.ts'

/** Services called `t0`, `t1` … whose ports are mostly not routed by request, some with a virtual IP, with rules of
 *  both dialects for connections. */
export const connectionServices = (draw: Draw, size: number): readonly Resource[] =>
  numbers(size).flatMap((i) => {
    const name = `t${i}`
    return [
      service(name, {
        ...(i % 3 === 0 ? {} : { address: virtualIp(i) }),
        ports: ports(draw, i),
      }),
      ...['v1', 'v2'].map((version, j) =>
        instance(`${name}-${version}`, name, `10.2.${i}.${j + 1}`, {
          labels: { version },
          ports: { one: 3306, two: 9443, three: 9080 },
        }),
      ),
      ...numbers(draw.whole(0, 3)).map((j) => rule(draw, `${name}-tcp-${j}`, name, size)),
      ...(draw.chance(0.4) ? [virtualService(draw, name, size)] : []),
    ]
  })

/** Connections to them, by name and by address. */
export const connectionTargets = (size: number): readonly Target[] =>
  numbers(size).flatMap((i) =>
    ([3306, 3306 + (i % 4), 9443, 9080, 9999] as const).flatMap((port, j) =>
      [
        // A name says which address it has where the service listens.
        ...(i % 3 === 0 || ![1, 2].includes(j) ? [] : [`t${i}.default.svc.cluster.local`, virtualIp(i)]),
        `10.2.${i}.1`,
        `10.66.0.${i}`,
      ].flatMap((host) =>
        (['http', 'https'] as const).map((scheme) => ({
          scheme,
          host,
          port,
          to: /^[\d.]+$/.test(host) ? host : virtualIp(i),
          authorities: [`t${i}:${port}`, `${host}:${port}`, `t${i}.default`],
        })),
      ),
    ),
  )

const virtualIp = (i: number): string => `10.3.0.${i + 1}`

const ports = (draw: Draw, i: number) => [
  {
    name: 'one',
    port: 3306 + (i % 4),
    protocol: draw.one(['TCP', 'Mongo', 'Redis'] as const),
  },
  { name: 'two', port: 9443, protocol: draw.one(['HTTPS', 'TCP'] as const) },
  ...(draw.chance(0.5)
    ? [{ name: 'three', port: 9080, protocol: draw.one(['HTTP', 'HTTP', 'TCP', 'GRPC'] as const) }]
    : []),
]

const sources = [`${ownAddress}/32`, '10.250.0.0/16', '10.9.0.0/16', '::/0']
const subnets = ['10.2.0.0/16', '10.3.0.0/24', '10.66.0.0/16', '10.0.0.0/8', '10.2.1.1/32', '0.0.0.0/0']

const rule = (draw: Draw, name: string, to: string, size: number): Resource<'RouteRule'> => {
  const spec: RouteRuleSpec = {
    destination: { name: to },
    precedence: draw.whole(0, 2),
    match: {
      tcp: {
        ...(draw.chance(0.4) ? { sourceSubnet: draw.some(sources, 1, 2) } : {}),
        ...(draw.chance(0.6) ? { destinationSubnet: draw.some(subnets, 1, 2) } : {}),
      },
    },
    route: draw.one([
      [{ labels: { version: 'v1' } }],
      [{ destination: { name: `t${draw.whole(0, size - 1)}` } }],
      [
        { labels: { version: 'v1' }, weight: 20 },
        { labels: { version: 'v2' }, weight: 80 },
      ],
      [
        { labels: { version: 'v1' }, weight: 0 },
        { labels: { version: 'v2' }, weight: 100 },
      ],
    ]),
  }
  return routeRule(name, spec)
}

const virtualService = (draw: Draw, name: string, size: number): Resource<'VirtualService'> => {
  const where = () => ({
    ...(draw.chance(0.4) ? { port: draw.one([3306, 9443]) } : {}),
    ...(draw.chance(0.4) ? { destinationSubnets: draw.some(subnets, 1, 2) } : {}),
    ...(draw.chance(0.1) ? { sourceLabels: { app: draw.one(['own', 'other']) } } : {}),
  })
  const route = () => [
    {
      destination: {
        host: draw.chance(0.6) ? name : `t${draw.whole(0, size - 1)}`,
        ...(draw.chance(0.3) ? { port: { number: 9443 } } : {}),
      },
    },
  ]
  const host = `${name}.default.svc.cluster.local`
  const spec: VirtualServiceSpec = {
    hosts: [name],
    ...(draw.chance(0.6)
      ? { tcp: numbers(draw.whole(1, 2)).map(() => ({ match: [where()], route: route() })) }
      : {}),
    ...(draw.chance(0.6)
      ? {
          tls: [
            {
              match: [{ sniHosts: [draw.one([host, '*.svc.cluster.local', '*'])], ...where() }],
              route: route(),
            },
          ],
        }
      : {}),
  }
  return istio('VirtualService', name, spec)
}
