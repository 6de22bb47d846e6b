import type { Resource } from '../../../src/model/resource.ts'
import { instance, service } from '../../reducers/given.ts'
import type { Draw } from '../draw.ts'
import { randomRouteRules } from '../randomRules.ts'
import { randomVirtualServices } from '../randomVirtualServices.ts'

/** Services called `s0`, `s1` … that are routed by request on ports 9080 and 80, at `10.1.<i>.…`, with rules of both
 *  dialects. */
export const requestServices = (draw: Draw, names: readonly string[]): readonly Resource[] =>
  names.flatMap((name, i) => [
    ...requestService(name, i),
    ...(draw.chance(0.6) ? randomRouteRules(draw, name, names) : []),
    ...(draw.chance(0.4) ? randomVirtualServices(draw, name, names) : []),
  ])

/** The service `name`, the one of number `i`, and its instances of versions v1 and v2. */
export const requestService = (name: string, i: number): readonly Resource[] => [
  service(name, {
    ports: [
      { name: 'http', port: 9080 },
      { name: 'http-alt', port: 80 },
    ],
  }),
  ...['v1', 'v2'].map((version, j) =>
    instance(`${name}-${version}`, name, `10.1.${i}.${j + 1}`, { labels: { version } }),
  ),
]
