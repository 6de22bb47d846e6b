import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { readResources } from '../../src/codecs/readResources.ts'
import { convert, type Dialect } from '../../src/convert/convert.ts'
import { explain } from '../../src/explain/explain.ts'
import type { Json } from '../../src/explain/json.ts'
import { readRequest } from '../../src/explain/sentRequest.ts'
import type { AskedRequest } from '../../src/model/askedRequest.ts'
import type { Resource } from '../../src/model/resource.ts'
import { randomFrom } from '../e2e/randomFrom.ts'
import { type Draw, drawFrom } from '../explain/draw.ts'
import { outsideTargets } from '../explain/worlds/hostsOutside.ts'
import { oddRequest } from '../explain/worlds/oddRequest.ts'
import { proxyOf, type Target } from '../explain/worlds/world.ts'
import { egressMesh, entryMesh } from './outsideMeshes.ts'
import { projectedTo } from './projectedTo.ts'

const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_128)
const meshes = Number(process.env['RUTTER_MESHES'] ?? 60)
const size = 3

const explicit = { httpProxy: { address: '127.0.0.1', port: 15_002 } }

/** How requests land at a caller, in words that both dialects share. */
const landing = (resources: readonly Resource[], metadata: object) => {
  const { emitted, placeOf } = projectedTo(proxyOf('sidecar'), metadata, resources)
  return (request: AskedRequest): unknown => {
    const sent = readRequest(request)
    if (isLeft(sent)) return sent.left
    const { outcome } = explain(emitted, proxyOf('sidecar'), sent.right)
    const clusters = outcome.clusters?.map(({ name, weight }) => ({ weight, place: placeOf(name) }))
    return { ...outcome, ...(clusters && { clusters }) }
  }
}

describe('conversion of what is outside of the mesh', () => {
  const cases: readonly (readonly [Dialect, (draw: Draw, size: number) => readonly Resource[]])[] = [
    ['istio', egressMesh],
    ['v1alpha2', entryMesh],
  ]
  test.each(cases)(
    `CV5: requests and connections land alike before and after, to %s, where nothing is lost (seed ${seed})`,
    (to, random) => {
      const draw = drawFrom(randomFrom(seed))
      let compared = 0
      for (let i = 0; i < meshes || (compared < 500 && i < 50 * meshes); i += 1) {
        const rules = random(draw, size)
        const { resources, losses } = convert(rules, to, 'cluster.local')
        const read = readResources([{ input: JSON.stringify(resources), format: 'json' }])
        expect(read, JSON.stringify([rules, resources])).toMatchObject({ _tag: 'Right' })
        if (losses.length > 0) continue
        const back = convert(resources, to === 'istio' ? 'v1alpha2' : 'istio', 'cluster.local').resources
        for (const metadata of [explicit, {}]) {
          const [before, after] = [landing(rules, metadata), landing(resources, metadata)]
          const again = landing(back, metadata)
          for (let j = 0; j < 20; j += 1) {
            const request = oddRequest(draw, draw.one<Target>(outsideTargets(size)))
            compared += 1
            const expected = { request, rules, resources, ...(before(request) as Json) }
            expect({ request, rules, resources, ...(after(request) as Json) }).toEqual(expected)
            if (!JSON.stringify(resources).includes('VirtualService'))
              expect({ request, rules, resources, ...(again(request) as Json) }).toEqual(expected)
          }
        }
      }
      expect(compared).toBeGreaterThan(500)
    },
    240_000,
  )
})
