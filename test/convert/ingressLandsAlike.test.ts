import { isLeft } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
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
import { ingressTargets, kubernetesIngress } from '../explain/worlds/ingressWorld.ts'
import { oddRequest } from '../explain/worlds/oddRequest.ts'
import { numbers, proxyOf } from '../explain/worlds/world.ts'
import { service } from '../reducers/given.ts'
import { gatewayMesh, ingressRuleMesh } from './edgeMeshes.ts'

const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_128)
const meshes = Number(process.env['RUTTER_MESHES'] ?? 60)
const size = 2
const names = numbers(size).map((i) => `s${i}`)
const services = names.map((name) =>
  service(name, {
    ports: [
      { name: 'http', port: 9080 },
      { name: 'http-alt', port: 80 },
    ],
  }),
)

type Fate = 'plain' | 'tls' | 'redirected'
type Drawn = (draw: Draw, size: number) => readonly Resource[]

const mixed =
  (...all: readonly Drawn[]): Drawn =>
  (draw, of) =>
    all.flatMap((one) => one(draw, of))

const ingresses: Drawn = (draw, of) =>
  numbers(of).flatMap((i) => (draw.chance(0.6) ? [kubernetesIngress(draw, `k8s-${i}`, i, names)] : []))

const every: readonly Fate[] = ['plain', 'tls', 'redirected']
const cases: readonly (readonly [Dialect, string, readonly Fate[], Drawn])[] = [
  ['istio', 'of IngressRules', every, ingressRuleMesh],
  ['v1alpha2', 'of Gateways', every, gatewayMesh],
  ['istio', 'of IngressRules beside Ingresses', every, mixed(ingressRuleMesh, ingresses)],
  // What is over TLS is sent there from a port that Gateways have, which is a loss.
  ['istio', 'of both dialects', ['plain'], mixed(gatewayMesh, ingressRuleMesh)],
  ['v1alpha2', 'of both dialects', ['plain'], mixed(gatewayMesh, ingressRuleMesh)],
  ['v1alpha2', 'of Gateways beside Ingresses', ['plain'], mixed(gatewayMesh, ingresses)],
]

const landing = (resources: readonly Resource[]) => {
  const proxy = proxyOf('ingress')
  const emitted = emittedTo(proxy, {}, resources)
  return (request: AskedRequest): Json => {
    const sent = readRequest(request)
    if (isLeft(sent)) return {}
    const { outcome } = explain(emitted, proxy, sent.right)
    // Whoever says that there is nothing, or nobody who does: ports and certificates are there for rules alone.
    if (outcome.status === 404 || outcome.type === 'none') return { status: 404 }
    // A Gateway's redirect repeats a port that was asked for.
    return outcome.location === undefined
      ? outcome
      : { ...outcome, location: outcome.location.replace(':80/', '/') }
  }
}

test.each(cases)(
  `CV8: requests from outside land alike before and after, to %s, %s, where nothing is lost (seed ${seed})`,
  (to, _, wanted, drawn) => {
    const draw = drawFrom(randomFrom(seed))
    let compared = 0
    const reached = { plain: 0, tls: 0, redirected: 0 }
    for (
      let i = 0;
      i < meshes ||
      ((compared < 500 || Math.min(...wanted.map((one) => reached[one])) <= 20) && i < 50 * meshes);
      i += 1
    ) {
      const rules = drawn(draw, size)
      const given: readonly Resource[] = [...services, ...rules]
      const { resources, losses } = convert(given, to, 'cluster.local', 'default')
      expect(readResources([{ input: JSON.stringify(resources), format: 'json' }])).toMatchObject({
        _tag: 'Right',
      })
      if (losses.length > 0) continue
      const targets = numbers(size).flatMap((k) => ingressTargets(k, undefined))
      const [before, after] = [landing(given), landing(resources)]
      for (let j = 0; j < 60; j += 1) {
        const request = oddRequest(draw, draw.one(targets))
        // Which WebSockets pass is each dialect's own.
        if (Object.keys(request.headers).some((name) => name.toLowerCase() === 'upgrade')) continue
        const expected = before(request)
        compared += 1
        if (expected['type'] === 'cluster') reached[request.url.startsWith('https') ? 'tls' : 'plain'] += 1
        if (expected['type'] === 'redirect') reached.redirected += 1
        expect({ request, given: rules, resources, ...after(request) }).toEqual({
          request,
          given: rules,
          resources,
          ...expected,
        })
      }
    }
    expect(compared).toBeGreaterThan(500)
    for (const one of wanted) expect(reached[one]).toBeGreaterThan(20)
  },
  240_000,
)
