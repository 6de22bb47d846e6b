import { describe, expect, test } from 'vitest'
import { randomFrom } from '../e2e/randomFrom.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { drawFrom } from './draw.ts'
import { disagreements } from './worlds/disagreements.ts'
import { gatewayWorld } from './worlds/gatewayWorld.ts'
import { ingressWorld } from './worlds/ingressWorld.ts'
import { capturedWorld, explicitWorld, routerWorld } from './worlds/meshWorlds.ts'
import type { RandomWorld } from './worlds/world.ts'

const envoy = await envoyOrSkip()
const pairs = Number(process.env['RUTTER_PAIRS'] ?? 5000)
const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_129)
const size = 40

const worlds: readonly (readonly [string, RandomWorld])[] = [
  ['an ingress under IngressRules and Ingresses', ingressWorld],
  ['an ingress that Gateways select', gatewayWorld],
  ['a router', routerWorld],
  ['an explicit proxy, and hosts outside', explicitWorld],
  ['a captured sidecar, out and in', capturedWorld],
]

describe.skipIf(envoy.skip)('explain and the whole of a real Envoy', () => {
  test.each(worlds)(
    `Q10: requests to %s are explained from the connection on (seed ${seed}, ${pairs / 5} requests)`,
    async (_, random) => {
      const draw = drawFrom(randomFrom(seed))
      const { found, reached } = await disagreements(draw, random(draw, size), pairs / 5)
      expect(found.length, found.slice(0, 5).join('\n')).toBe(0)
      expect(reached).toBeGreaterThan(pairs / 500)
    },
    600_000,
  )
})
