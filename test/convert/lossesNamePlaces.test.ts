import { describe, expect, test } from 'vitest'
import { convert, type Dialect } from '../../src/convert/convert.ts'
import type { Resource } from '../../src/model/resource.ts'
import { keyOf, nameOf } from '../../src/model/resourceName.ts'
import { randomFrom } from '../e2e/randomFrom.ts'
import { type Draw, drawFrom } from '../explain/draw.ts'
import { gatewayWorld } from '../explain/worlds/gatewayWorld.ts'
import { ingressWorld } from '../explain/worlds/ingressWorld.ts'
import { capturedWorld, explicitWorld } from '../explain/worlds/meshWorlds.ts'
import { numbers } from '../explain/worlds/world.ts'
import { destinationPolicies, destinationRule } from './randomPolicies.ts'

const seeds = (process.env['RUTTER_SEED'] ?? '1,2,3,4').split(',').map(Number)

/** Whether something stands in `json` at a JSON pointer. */
const stands = (json: unknown, pointer: string): boolean =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, step) => (at as Readonly<Record<string, unknown>> | undefined)?.[step], json) !==
  undefined

const marked = (draw: Draw, resource: Resource): Resource =>
  draw.chance(0.1)
    ? { ...resource, metadata: { ...resource.metadata, annotations: { 'a.test/b': 'c' } } }
    : resource

describe('losses', () => {
  const worlds = [ingressWorld, gatewayWorld, explicitWorld, capturedWorld]
  test.each(seeds.flatMap((seed) => (['istio', 'v1alpha2'] as const).map((to) => [to, seed] as const)))(
    'CV3: every loss names what stands in its document, and says it once, to %s (seed %i)',
    (to: Dialect, seed) => {
      const draw = drawFrom(randomFrom(seed))
      const seen = new Set<string>()
      for (const world of worlds)
        for (const size of [2, 6, 12]) {
          const resources = [
            ...world(draw, size).resources.filter(({ kind }) => kind !== 'DestinationRule'),
            ...numbers(size).flatMap((i) => [
              destinationRule(draw, `s${i}`),
              ...destinationPolicies(draw, `s${i}`),
            ]),
          ].map((one) => marked(draw, one))
          for (const namespace of [undefined, 'default']) {
            const { losses } = convert(resources, to, 'cluster.local', namespace)
            const untrue = losses.filter(({ resource, path }) => {
              const found = resources.find((one) => keyOf(nameOf(one)) === keyOf(resource))
              return !stands(found, path)
            })
            expect([...new Set(untrue.map(({ path, message }) => `${path} ${message}`))]).toEqual([])
            const told = losses.map(({ resource, path, message }) => `${keyOf(resource)} ${path} ${message}`)
            expect(told.filter((one, i) => told.indexOf(one) !== i)).toEqual([])
            for (const { message } of losses) seen.add(message)
          }
        }
      expect(seen.size).toBeGreaterThan(to === 'istio' ? 4 : 20)
    },
  )
})
