import type { Resource } from '../../src/model/resource.ts'
import type { Draw } from '../explain/draw.ts'
import { egressRule, serviceEntry } from '../explain/worlds/hostsOutside.ts'
import { numbers } from '../explain/worlds/world.ts'
import { routeRule } from '../reducers/given.ts'

/** EgressRules for hosts of the numbers below `size`, and RouteRules of some. */
export const egressMesh = (draw: Draw, size: number): readonly Resource[] =>
  numbers(size).flatMap((i) => [
    egressRule(draw, `out-${i}`, i),
    ...(draw.chance(0.4)
      ? [
          routeRule(`rule-${i}`, {
            destination: { service: draw.one([`e${i}.test`, `x.e${i}.test`]) },
            match: { request: { headers: { uri: { prefix: '/a' } } } },
            ...draw.one([{ rewrite: { uri: '/new' } }, { redirect: { uri: '/there' } }]),
          }),
        ]
      : []),
  ])

/** ServiceEntries for such hosts, with what 2017 may have words for. */
export const entryMesh = (draw: Draw, size: number): readonly Resource[] =>
  numbers(size).map((i) => {
    const made = serviceEntry(draw, `entry-${i}`, i)
    if (draw.chance(0.1)) return made
    const where = draw.one([`e${i}.test`, `x.e${i}.test`, `*.e${i}.test`, `10.4.${i}.1`, `10.5.${i}.0/24`])
    const wild = where.startsWith('*')
    const protocols = where.includes('/')
      ? ['TCP', 'MYSQL', 'MONGO']
      : ['HTTP', 'HTTP', 'GRPC', ...(wild ? [] : ['TCP'])]
    const found = where.includes('/')
      ? { hosts: [`v${i}.test`], addresses: [where] }
      : /^[\d.]+$/.test(where)
        ? {
            hosts: [where],
            addresses: [where],
            resolution: 'DNS' as const,
          }
        : { hosts: [where], resolution: wild ? ('NONE' as const) : ('DNS' as const) }
    const ports = draw
      .some([80, 8080, 443, 3306], 1, 3)
      .map((number) => ({ number, name: `p${number}`, protocol: draw.one(protocols) as 'HTTP' }))
    return { ...made, spec: { ...found, ports } }
  })
