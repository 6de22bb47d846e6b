import type { EgressRuleSpec } from '../../../src/model/egressRule.ts'
import type { ServiceEntrySpec } from '../../../src/model/istio/serviceEntry.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { istio } from '../../projections/istio/following.ts'
import { routeRule } from '../../reducers/given.ts'
import type { Draw } from '../draw.ts'
import { randomMatch } from '../randomRules.ts'
import { randomHttpRoutes } from '../randomVirtualServices.ts'
import { numbers, type Target } from './world.ts'

/** Hosts outside of the mesh, as EgressRules and ServiceEntries declare them: names, wildcards, addresses, subnets; with
 *  rules of both dialects for some. */
export const hostsOutside = (draw: Draw, size: number): readonly Resource[] =>
  numbers(size).flatMap((i) => [
    ...numbers(draw.whole(0, 2)).map((j) => egressRule(draw, `out-${i}-${j}`, i)),
    ...numbers(draw.whole(0, 2)).map((j) => serviceEntry(draw, `entry-${i}-${j}`, i)),
    ...(draw.chance(0.3)
      ? [
          routeRule(`out-${i}`, {
            destination: { service: draw.one(hosts(i)) },
            match: randomMatch(draw),
            ...draw.one([
              { rewrite: { uri: '/new' } },
              { redirect: { uri: '/there' } },
              { rewrite: { authority: 'x' } },
            ]),
          }),
        ]
      : []),
    ...(draw.chance(0.3)
      ? [
          istio('VirtualService', `out-${i}`, {
            hosts: [draw.one(hosts(i))],
            http: randomHttpRoutes(draw, `e${i}.test`, [`x.e${i}.test`, `e${i}.other`]),
          }),
        ]
      : []),
  ])

/** Requests and connections to them. Each name has an address that nobody declares; others go to addresses. */
export const outsideTargets = (size: number): readonly Target[] =>
  numbers(size).flatMap((i) =>
    ([80, 8080, 443, 3306, 7] as const).flatMap((port) =>
      [
        `e${i}.test`,
        `x.e${i}.test`,
        `y.x.e${i}.test`,
        `e${i}.other`,
        `10.4.${i}.1`,
        `10.5.${i}.9`,
        `10.6.0.${i}`,
      ].flatMap((host) =>
        (port === 443 || port === 3306 ? (['http', 'https'] as const) : (['http'] as const)).map(
          (scheme) => ({
            scheme,
            host,
            port,
            to: /^[\d.]+$/.test(host) ? host : '198.51.100.7',
            authorities: [
              host,
              host,
              `${host}:${port}`,
              `${host.toUpperCase()}:${port}`,
              `${host}:7`,
              `v${i}.test:${port}`,
              `${host}.`,
            ],
          }),
        ),
      ),
    ),
  )

const hosts = (i: number): readonly string[] => [
  `e${i}.test`,
  `x.e${i}.test`,
  `*.e${i}.test`,
  `E${i}.Other`.toLowerCase(),
]

/** An EgressRule for hosts of the number `i`. */
export const egressRule = (draw: Draw, name: string, i: number): Resource<'EgressRule'> => {
  const where = draw.one([
    ...hosts(i),
    ...hosts(i),
    `10.4.${i}.1`,
    `10.5.${i}.0/24`,
    ...(draw.chance(0.02) ? ['*'] : []),
  ])
  const protocols = where.includes('/') ? ['TCP', 'Mongo'] : ['HTTP', 'HTTP', 'HTTP2', 'HTTPS', 'TCP']
  const spec: EgressRuleSpec = {
    destination: { service: where },
    ports: draw.some([80, 8080, 443, 3306], 1, 3).map((port) => ({ port, protocol: draw.one(protocols) })),
  }
  return {
    apiVersion: 'config.istio.io/v1alpha2',
    kind: 'EgressRule',
    metadata: { name, namespace: 'default' },
    spec,
  }
}

/** A ServiceEntry for them. */
export const serviceEntry = (draw: Draw, name: string, i: number): Resource<'ServiceEntry'> => {
  const chosen = draw.some(hosts(i), 1, 2)
  const named = draw.chance(0.6)
  const wild = chosen.some((host) => host.includes('*'))
  const lookedUp = named && chosen.every((host) => host.startsWith('*'))
  const resolution = wild
    ? draw.one(lookedUp ? (['NONE', 'STATIC', 'DYNAMIC_DNS'] as const) : (['NONE', 'STATIC'] as const))
    : draw.one(['NONE', 'STATIC', 'DNS', 'DNS'] as const)
  const spec: ServiceEntrySpec = {
    // A name with an address of its own would not be found by DNS.
    ...(named
      ? { hosts: chosen }
      : {
          hosts: [`v${i}.test`],
          addresses: draw.some(
            [`10.4.${i}.1`, ...(resolution === 'NONE' ? [`10.5.${i}.0/24`] : []), `10.6.0.${i}`],
            1,
            2,
          ),
        }),
    ports: draw.some([80, 8080, 443, 3306], 1, 3).map((number) => ({
      number,
      name: `p${number}`,
      protocol: draw.one(
        number < 443 || number === 8080
          ? (['HTTP', 'HTTP', 'GRPC', 'TCP'] as const)
          : (['HTTPS', 'TLS', 'TCP', 'HTTP'] as const),
      ),
    })),
    resolution,
    ...(resolution === 'DYNAMIC_DNS' ? {} : draw.one([{}, {}, { location: 'MESH_INTERNAL' as const }])),
    ...(resolution === 'STATIC' ? { endpoints: [{ address: `10.7.${i}.1` }] } : {}),
    ...(resolution === 'DNS' && draw.chance(0.5) ? { endpoints: [{ address: `real${i}.test` }] } : {}),
    ...(draw.chance(0.05) ? { exportTo: [draw.one(['.', 'other'])] } : {}),
  }
  return istio('ServiceEntry', name, spec)
}
