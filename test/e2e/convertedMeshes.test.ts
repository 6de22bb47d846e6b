import { describe, expect, test } from 'vitest'
import { convert, type Dialect } from '../../src/convert/convert.ts'
import type { Resource } from '../../src/model/resource.ts'
import { gatewayMesh, ingressRuleMesh } from '../convert/edgeMeshes.ts'
import { egressMesh, entryMesh } from '../convert/outsideMeshes.ts'
import { plainVirtualServices } from '../convert/plainVirtualServices.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { type Draw, drawFrom } from '../explain/draw.ts'
import { type RandomRules, randomRouteRules } from '../explain/randomRules.ts'
import { outsideTargets } from '../explain/worlds/hostsOutside.ts'
import { ingressTargets } from '../explain/worlds/ingressWorld.ts'
import { requestTargets } from '../explain/worlds/meshWorlds.ts'
import { oddRequest } from '../explain/worlds/oddRequest.ts'
import { requestService } from '../explain/worlds/requestServices.ts'
import { numbers, proxyOf, type Target } from '../explain/worlds/world.ts'
import { type Asked, landsAlike } from './landsAlike.ts'
import { randomFrom } from './randomFrom.ts'

const envoy = await envoyOrSkip()
const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_128)
const pairs = Number(process.env['RUTTER_PAIRS'] ?? 400)
const size = 16

const names = numbers(size).map((i) => `s${i}`)
const services = names.flatMap(requestService)

const beforeAndAfter = (rules: readonly Resource[], to: Dialect) => {
  const before = [...services, ...rules]
  const { resources: after, losses } = convert(before, to, 'cluster.local', 'default')
  return { before, after, losses }
}

/** Rules that are converted without a loss, drawn until they are. */
const lossless = (to: Dialect, drawn: () => readonly Resource[]): readonly Resource[] => {
  for (;;) {
    const rules = drawn()
    if (beforeAndAfter(rules, to).losses.length === 0) return rules
  }
}

const asking = function* (draw: Draw, target: () => Target): Iterable<Asked> {
  for (;;) {
    const one = target()
    yield { target: one, request: oddRequest(draw, one) }
  }
}

describe.skipIf(envoy.skip)('converted meshes on real Envoys', () => {
  const within: readonly (readonly [Dialect, RandomRules, typeof egressMesh])[] = [
    ['istio', randomRouteRules, egressMesh],
    ['v1alpha2', plainVirtualServices, entryMesh],
  ]
  const places = [
    ['with an explicit proxy', { address: '127.0.0.1', port: 15_002 }],
    ['with capture', undefined],
  ] as const
  const cases = within.flatMap(([to, ...drawn]) => places.map((place) => [to, ...place, ...drawn] as const))
  test.each(cases)(
    `CV9: requests land alike before and after, to %s, of a sidecar %s (seed ${seed})`,
    async (to, _, place, rulesFor, outside) => {
      const draw = drawFrom(randomFrom(seed))
      const rules = [
        ...names.flatMap((name) => lossless(to, () => rulesFor(draw, name, names))),
        ...lossless(to, () => outside(draw, 3)),
      ]
      const at = (target: Target): Target =>
        place === undefined ? target : { ...target, scheme: 'http', to: place.address, port: place.port }
      const inside = requestTargets(size, place)
      const beyond = outsideTargets(3).map(at)
      const metadata = place === undefined ? {} : { httpProxy: place }
      const target = () => draw.one(draw.chance(0.8) ? inside : beyond)
      const two = { proxy: proxyOf('sidecar'), metadata, ...beforeAndAfter(rules, to) }
      const { alike, otherwise } = await landsAlike(two, asking(draw, target), pairs)
      expect(otherwise).toEqual([])
      expect(alike.reached).toBeGreaterThan(pairs / 2)
    },
    60_000,
  )

  const edges: readonly (readonly [Dialect, typeof gatewayMesh])[] = [
    ['istio', ingressRuleMesh],
    ['v1alpha2', gatewayMesh],
  ]
  test.each(edges)(
    `CV9: requests from outside land alike before and after, to %s (seed ${seed})`,
    async (to, drawn) => {
      const draw = drawFrom(randomFrom(seed))
      const targets = numbers(2).flatMap((k) => ingressTargets(k, undefined))
      let reached = 0
      for (let i = 0; i < 6; i += 1) {
        const rules = lossless(to, () => drawn(draw, 2))
        const two = { proxy: proxyOf('ingress'), metadata: {}, ...beforeAndAfter(rules, to) }
        const { alike, otherwise } = await landsAlike(
          two,
          asking(draw, () => draw.one(targets)),
          pairs / 2,
        )
        expect(otherwise).toEqual([])
        reached += alike.reached
      }
      expect(reached).toBeGreaterThan(pairs / 2)
    },
    60_000,
  )
})
