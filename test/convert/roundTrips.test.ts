import { describe, expect, test } from 'vitest'
import { convert, type Dialect } from '../../src/convert/convert.ts'
import { explain } from '../../src/explain/explain.ts'
import type { ProxyMetadata, ProxyType } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import { randomFrom } from '../e2e/randomFrom.ts'
import { type Draw, drawFrom } from '../explain/draw.ts'
import { randomRouteRules } from '../explain/randomRules.ts'
import { outsideTargets } from '../explain/worlds/hostsOutside.ts'
import { ingressTargets } from '../explain/worlds/ingressWorld.ts'
import { requestTargets } from '../explain/worlds/meshWorlds.ts'
import { oddRequest } from '../explain/worlds/oddRequest.ts'
import { requestService } from '../explain/worlds/requestServices.ts'
import { sentTo } from '../explain/worlds/sentTo.ts'
import { numbers, proxyOf, type Target } from '../explain/worlds/world.ts'
import { gatewayMesh, ingressRuleMesh } from './edgeMeshes.ts'
import { egressMesh, entryMesh } from './outsideMeshes.ts'
import { plainVirtualServices } from './plainVirtualServices.ts'
import { projectedTo } from './projectedTo.ts'
import { destinationPolicies, destinationRule } from './randomPolicies.ts'

const seeds = (process.env['RUTTER_SEED'] ?? '1,2,3').split(',').map(Number)
const meshes = Number(process.env['RUTTER_MESHES'] ?? 40)
const size = 3
const names = numbers(size).map((i) => `s${i}`)
const services = names.flatMap(requestService)

/** How requests land at a proxy, and how what they reach is reached, in words that both dialects share. */
const landing = (type: ProxyType, metadata: ProxyMetadata, resources: readonly Resource[]) => {
  const proxy = proxyOf(type)
  const { emitted, placeOf, mannerOf } = projectedTo(proxy, metadata, resources)
  return (target: Target, request: ReturnType<typeof oddRequest>): unknown => {
    const sent = sentTo(proxy, target, request)
    if (sent === undefined) return undefined
    const { outcome, steps } = explain(emitted, proxy, sent.read)
    if (type === 'ingress' && (outcome.status === 404 || outcome.type === 'none')) return 'nothing'
    const total = (outcome.clusters ?? []).reduce((sum, { weight }) => sum + weight, 0)
    const shares = new Map<string, number>()
    for (const { name, weight } of outcome.clusters ?? []) {
      const where = JSON.stringify([placeOf(name), mannerOf(name)])
      shares.set(where, (shares.get(where) ?? 0) + weight / total)
    }
    const byChance = steps.flatMap(({ at, why }) => (at === 'filter' && why !== undefined ? [why] : []))
    // A Gateway's redirect repeats a port that was asked for.
    const { location } = outcome
    const to = location === undefined ? {} : { location: location.replace(':80/', '/') }
    return { ...outcome, ...to, clusters: [...shares].sort(), byChance }
  }
}

const explicit = { httpProxy: { address: '127.0.0.1', port: 15_002 } }

type Case = {
  readonly of: string
  readonly dialect: Dialect
  readonly type: ProxyType
  readonly metadata: ProxyMetadata
  readonly drawn: (draw: Draw) => readonly Resource[]
  readonly targets: readonly Target[]
}

const within = {
  type: 'sidecar',
  metadata: explicit,
  targets: requestTargets(size, explicit.httpProxy),
} as const
const beyond = { type: 'sidecar', metadata: {}, targets: outsideTargets(size) } as const
const edge = {
  type: 'ingress',
  metadata: {},
  targets: numbers(size).flatMap((i) => ingressTargets(i, undefined)),
} as const

const cases: readonly Case[] = [
  {
    of: 'RouteRules and DestinationPolicies',
    dialect: 'v1alpha2',
    ...within,
    drawn: (draw) => {
      const name = draw.one(names)
      return [...randomRouteRules(draw, name, names), ...destinationPolicies(draw, name)]
    },
  },
  {
    of: 'VirtualServices and DestinationRules',
    dialect: 'istio',
    ...within,
    drawn: (draw) => {
      const name = draw.one(names)
      const rules = plainVirtualServices(draw, name, names)
      return [...rules.filter(({ kind }) => kind !== 'DestinationRule'), destinationRule(draw, name)]
    },
  },
  { of: 'EgressRules', dialect: 'v1alpha2', ...beyond, drawn: (draw) => egressMesh(draw, size) },
  { of: 'ServiceEntries', dialect: 'istio', ...beyond, drawn: (draw) => entryMesh(draw, size) },
  { of: 'IngressRules', dialect: 'v1alpha2', ...edge, drawn: (draw) => ingressRuleMesh(draw, size) },
  { of: 'Gateways', dialect: 'istio', ...edge, drawn: (draw) => gatewayMesh(draw, size) },
]

describe('round trips', () => {
  test.each(seeds.flatMap((seed) => cases.map((one) => [one.of, seed, one] as const)))(
    'CV10: %s mean the same there, and back again, where nothing is lost (seed %i)',
    (_, seed, { dialect, type, metadata, drawn, targets }) => {
      const draw = drawFrom(randomFrom(seed))
      const other = dialect === 'istio' ? 'v1alpha2' : 'istio'
      let compared = 0
      let returned = 0
      for (let i = 0; i < meshes || ((compared < 300 || returned < 150) && i < 50 * meshes); i += 1) {
        const given = [...services, ...drawn(draw)]
        const there = convert(given, other, 'cluster.local', 'default')
        if (there.losses.length > 0) continue
        const back = convert(there.resources, dialect, 'cluster.local', 'default')
        const [first, second, third] = [given, there.resources, back.resources].map((resources) =>
          landing(type, metadata, resources),
        )
        for (let j = 0; j < 20; j += 1) {
          const target = draw.one(targets)
          const request = oddRequest(draw, target)
          // Which WebSockets pass is each dialect's own.
          if (Object.keys(request.headers).some((name) => name.toLowerCase() === 'upgrade')) continue
          const expected = first?.(target, request)
          const shown = (resources: readonly Resource[], landed: unknown) => ({
            request,
            given: given.slice(services.length),
            resources: resources.filter((one) => !services.includes(one)),
            landed,
          })
          compared += 1
          expect(shown(there.resources, second?.(target, request))).toEqual(shown(there.resources, expected))
          if (back.losses.length > 0) continue
          returned += 1
          expect(shown(back.resources, third?.(target, request))).toEqual(shown(back.resources, expected))
        }
      }
      expect(compared).toBeGreaterThan(299)
      expect(returned).toBeGreaterThan(149)
    },
    120_000,
  )
})
