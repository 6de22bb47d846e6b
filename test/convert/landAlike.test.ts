import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { convert, type Dialect } from '../../src/convert/convert.ts'
import { explain } from '../../src/explain/explain.ts'
import { readRequest } from '../../src/explain/sentRequest.ts'
import type { AskedRequest } from '../../src/model/askedRequest.ts'
import type { Resource } from '../../src/model/resource.ts'
import { randomFrom } from '../e2e/randomFrom.ts'
import { type Draw, drawFrom } from '../explain/draw.ts'
import { randomRequest } from '../explain/randomRequest.ts'
import { type RandomRules, randomRouteRules } from '../explain/randomRules.ts'
import { proxyOf } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { plainVirtualServices } from './plainVirtualServices.ts'
import { projectedTo } from './projectedTo.ts'

const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_128)
const meshes = Number(process.env['RUTTER_MESHES'] ?? 60)
const requestsForEach = 30

const names = ['s0', 's1', 's2']
const mesh: readonly Resource[] = names.flatMap((name, i) => [
  service(name),
  ...['v1', 'v2'].map((version, j) =>
    instance(`${name}-${version}`, name, `10.0.${i}.${j}`, { labels: { version } }),
  ),
])

const metadata = { httpProxy: { address: '127.0.0.1', port: 15_002 } }

/** How requests land at a caller of a mesh of these resources, in words that both dialects share. */
const landing = (rules: readonly Resource[]) => {
  const { emitted, placeOf } = projectedTo(proxyOf(), metadata, rules)
  return (request: AskedRequest): unknown => {
    const sent = readRequest(request)
    if (isLeft(sent)) throw new Error(sent.left)
    const { outcome, steps } = explain(emitted, proxyOf(), sent.right)
    const weights = new Map<string, number>()
    const total = (outcome.clusters ?? []).reduce((sum, { weight }) => sum + weight, 0)
    for (const { name, weight } of outcome.clusters ?? [])
      weights.set(placeOf(name), (weights.get(placeOf(name)) ?? 0) + weight / total)
    const byChance = steps.flatMap(({ at, why }) => (at === 'filter' && why !== undefined ? [why] : []))
    return { ...outcome, clusters: [...weights].sort(), byChance }
  }
}

const requests = (draw: Draw): readonly AskedRequest[] =>
  Array.from({ length: requestsForEach }, () =>
    randomRequest(draw, `${draw.one(names)}:9080`, 'http://anywhere'),
  )
    // Which WebSockets pass is what neither dialect can say of the other.
    .filter(({ headers }) => headers['upgrade'] === undefined)

describe('conversion', () => {
  const cases: readonly (readonly [Dialect, RandomRules])[] = [
    ['istio', randomRouteRules],
    ['v1alpha2', plainVirtualServices],
  ]
  test.each(cases)(
    `CV1: requests land alike before and after, to %s, where nothing is lost (seed ${seed})`,
    (to, rulesOf) => {
      const draw = drawFrom(randomFrom(seed))
      let compared = 0
      for (let i = 0; i < meshes || (compared < 500 && i < 50 * meshes); i += 1) {
        const rules = [...mesh, ...rulesOf(draw, draw.one(names), names)]
        const { resources, losses } = convert(rules, to, 'cluster.local')
        if (losses.length > 0) continue
        const [before, after] = [landing(rules), landing(resources)]
        for (const request of requests(draw)) {
          compared += 1
          expect({ request, rules, resources, ...Object(after(request)) }).toEqual({
            request,
            rules,
            resources,
            ...Object(before(request)),
          })
        }
      }
      expect(compared).toBeGreaterThan(500)
    },
    240_000,
  )
})
