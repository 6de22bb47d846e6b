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
import { emittedTo } from '../explain/emittedTo.ts'
import { egressRule, outsideTargets, serviceEntry } from '../explain/worlds/hostsOutside.ts'
import { oddRequest } from '../explain/worlds/oddRequest.ts'
import { numbers, proxyOf, type Target } from '../explain/worlds/world.ts'
import { routeRule } from '../reducers/given.ts'

const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_128)
const meshes = Number(process.env['RUTTER_MESHES'] ?? 60)
const size = 3

const explicit = { httpProxy: { address: '127.0.0.1', port: 15_002 } }

/** How requests land at a caller: what of a cluster decides whom it reaches and how that is verified, not its name. */
const landing = (resources: readonly Resource[], metadata: object) => {
  const emitted = emittedTo(proxyOf('sidecar'), metadata, resources)
  return (request: AskedRequest): unknown => {
    const sent = readRequest(request)
    if (isLeft(sent)) return sent.left
    const { outcome } = explain(emitted, proxyOf('sidecar'), sent.right)
    const clusters = outcome.clusters?.map(({ name, weight }) => {
      const cluster = JSON.stringify(emitted.clusters.find((one) => one['name'] === name) ?? {})
      const told = /"(type|address|port_value|sni|exact|filename)":("[^"]*"|\d+)/g
      const found = [...cluster.matchAll(told)].map(([one]) => one)
      return { weight, found: found.filter((one) => !one.includes('outbound|')) }
    })
    return { ...outcome, ...(clusters && { clusters }) }
  }
}

const randomEgress = (draw: Draw): readonly Resource[] =>
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

/** ServiceEntries with what 2017 may have words for. */
const randomEntries = (draw: Draw): readonly Resource[] =>
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

describe('conversion of what is outside of the mesh', () => {
  const cases: readonly (readonly [Dialect, (draw: Draw) => readonly Resource[]])[] = [
    ['istio', randomEgress],
    ['v1alpha2', randomEntries],
  ]
  test.each(cases)(
    `CV5: requests and connections land alike before and after, to %s, where nothing is lost (seed ${seed})`,
    (to, random) => {
      const draw = drawFrom(randomFrom(seed))
      let compared = 0
      for (let i = 0; i < meshes || (compared < 500 && i < 50 * meshes); i += 1) {
        const rules = random(draw)
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
