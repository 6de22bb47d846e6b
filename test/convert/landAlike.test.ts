import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { convert, type Dialect } from '../../src/convert/convert.ts'
import type { Emitted } from '../../src/explain/emitted.ts'
import { explain } from '../../src/explain/explain.ts'
import { readRequest } from '../../src/explain/sentRequest.ts'
import type { AskedRequest } from '../../src/model/askedRequest.ts'
import type { HttpMatchRequest } from '../../src/model/istio/virtualService.ts'
import type { Resource } from '../../src/model/resource.ts'
import { createProjector } from '../../src/projections/projector.ts'
import { showResource } from '../../src/projections/showResource.ts'
import { randomFrom } from '../e2e/randomFrom.ts'
import { type Draw, drawFrom } from '../explain/draw.ts'
import { randomRequest } from '../explain/randomRequest.ts'
import { type RandomRules, randomRouteRules } from '../explain/randomRules.ts'
import { randomVirtualServices } from '../explain/randomVirtualServices.ts'
import { proxyOf } from '../projections/istio/following.ts'
import { applied, given, instance, service } from '../reducers/given.ts'

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

/** How requests land at a caller of a mesh of these resources, in words that both dialects share: endpoints instead of
 *  clusters, whose names tell the dialect. */
const landing = (rules: readonly Resource[]) => {
  const proxy = createProjector(given(...rules.map(applied))).follow(proxyOf(), metadata)
  const all = (type: 'listeners' | 'routes' | 'clusters') =>
    [...proxy.names(type)].flatMap((name) => {
      const resource = proxy.get(type, name)
      return resource === undefined ? [] : [showResource(type, resource)]
    })
  const emitted: Emitted = {
    listeners: all('listeners'),
    routes: all('routes'),
    clusters: all('clusters'),
    othersInBootstrap: false,
  }
  const endpoints = (cluster: string): string => {
    const resource = proxy.get('endpoints', cluster)
    const shown = resource === undefined ? {} : showResource('endpoints', resource)
    return `${cluster.split('|')[3]} ${
      JSON.stringify(shown)
        .match(/10\.0\.\d\.\d/g)
        ?.sort()
        .join(' ') ?? 'none'
    }`
  }
  return (request: AskedRequest): unknown => {
    const sent = readRequest(request)
    if (isLeft(sent)) throw new Error(sent.left)
    const { outcome, steps } = explain(emitted, proxyOf(), sent.right)
    const weights = new Map<string, number>()
    const total = (outcome.clusters ?? []).reduce((sum, { weight }) => sum + weight, 0)
    for (const { name, weight } of outcome.clusters ?? [])
      weights.set(endpoints(name), (weights.get(endpoints(name)) ?? 0) + weight / total)
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

/** VirtualServices with what 2017 may have words for, and a last route that takes everything. */
const randomPlainVirtualServices: RandomRules = (draw, name, others) =>
  randomVirtualServices(draw, name, others).flatMap((resource): Resource[] => {
    if (resource.kind !== 'VirtualService') return [resource]
    const { metadata, spec } = resource as Resource<'VirtualService'>
    if (metadata.name !== name) return []
    const http = (spec.http ?? []).flatMap((route) => {
      if (route.delegate !== undefined || route.directResponse !== undefined) return []
      const { match, corsPolicy: _, ...rest } = route
      return [{ ...rest, ...(match === undefined ? {} : { match: match.map(plainMatch) }) }]
    })
    const last = { route: [{ destination: { host: name } }] }
    return [{ ...resource, spec: { hosts: [name], http: [...http, last] } } as Resource]
  })

const plainMatch = (match: HttpMatchRequest): HttpMatchRequest => {
  const { uri, ignoreUriCase, method, authority, headers } = match
  return {
    ...(uri && { uri }),
    ...(ignoreUriCase === undefined ? {} : { ignoreUriCase }),
    ...(method && { method }),
    ...(authority && { authority }),
    ...(headers && { headers }),
  }
}

describe('conversion', () => {
  const cases: readonly (readonly [Dialect, RandomRules])[] = [
    ['istio', randomRouteRules],
    ['v1alpha2', randomPlainVirtualServices],
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
