import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { convert, type Dialect } from '../../src/convert/convert.ts'
import type { Loss } from '../../src/convert/loss.ts'
import type { Resource } from '../../src/model/resource.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { numbers, ownAddress, proxyOf } from '../explain/worlds/world.ts'
import { instance, service } from '../reducers/given.ts'
import { exampleResources } from './exampleResources.ts'
import { type Asked, landsAlike } from './landsAlike.ts'

const envoy = await envoyOrSkip()

/** Files that are applied together, and what is lost of them. */
type Example = { readonly files: readonly string[]; readonly lost?: readonly string[] }

const alone = (directory: string, ...names: readonly string[]): readonly Example[] =>
  names.map((name) => ({ files: [`${directory}/${name}.yaml`] }))

const old: readonly Example[] = [
  ...alone('demo', 'reviews-v1', 'reviews-90-10', 'reviews-50-50', 'reviews-jason'),
  ...alone('rules', 'abort', 'delay', 'header', 'policy', 'redirect', 'retries', 'rewrite', 'timeout'),
  { files: ['rules/source.yaml'], lost: ['/spec/match/source'] },
  { files: ['connections/subnets.yaml'], lost: ['/spec/match/tcp', '/spec/match/tcp'] },
  { files: ['connections/weights.yaml'], lost: ['/spec/match/tcp'] },
]

const bookinfo = (name: string): Example => ({
  files: ['istio/bookinfo/destination-rule-all.yaml', `istio/bookinfo/${name}.yaml`],
})

const istio: readonly Example[] = [
  ...[
    'virtual-service-all-v1',
    'virtual-service-ratings-test-abort',
    'virtual-service-ratings-test-delay',
    'virtual-service-reviews-50-v3',
    'virtual-service-reviews-90-10',
    'virtual-service-reviews-test-v2',
  ].map(bookinfo),
  ...alone('istio/httpbin', 'mirror'),
  { files: ['istio/httpbin/circuit-breaker.yaml'], lost: ['/spec/trafficPolicy/outlierDetection'] },
  { files: ['istio/bookinfo/service-entry-details.yaml'], lost: ['/spec/endpoints'] },
  { files: ['istio/names/service-entry-dynamic-dns.yaml'], lost: ['/spec/resolution'] },
  {
    files: ['istio/tls/client-credential.yaml'],
    lost: ['/spec/ports/0/targetPort', '/spec/workloadSelector', '/spec/trafficPolicy/tls'],
  },
  { files: ['istio/tcp-echo/20-v2.yaml'], lost: ['/spec/tcp', '/spec/gateways/0'] },
  {
    files: ['istio/tcp-echo/all-v1.yaml'],
    lost: ['/spec/tcp', '/spec/selector', '/spec/servers/0/port/protocol'],
  },
  {
    files: ['istio/helloworld/gateway.yaml', 'istio/helloworld/90-10.yaml'],
    lost: ['/spec/selector', '/spec/http/0', '/spec/http/0/route/0/destination', '/spec/http/0/route'],
  },
]

// Every proxy at the edge has what these labels select here, and nobody answers so late.
const edge = ['/spec/selector', '/spec/http/0']
const gateways: readonly Example[] = [
  { files: ['istio/bookinfo/gateway.yaml'], lost: edge },
  { files: ['istio/helloworld/gateway.yaml'], lost: edge },
  { files: ['istio/httpbin/gateway.yaml'], lost: edge },
  { files: ['istio/websockets/gateway.yaml'], lost: edge },
]

const neither = ['bare', 'mesh', 'mutual-tls', 'rules/scope', 'istio/httpbin/sidecar', 'demo/broken']

const ports: Readonly<Record<string, number>> = {
  productpage: 9080,
  reviews: 9080,
  ratings: 9080,
  details: 9080,
  httpbin: 8000,
  helloworld: 5000,
  tornado: 8888,
}

/** The services that an example speaks of, with three versions each, and the example itself, in a namespace of its own. */
const meshOf = ({ files }: Example, i: number): readonly Resource[] => {
  const namespace = `e${i}`
  const own = files
    .flatMap(exampleResources)
    .map((one) => ({ ...one, metadata: { ...one.metadata, namespace } }) as Resource)
  return [
    ...Object.entries(ports).flatMap(([name, port], s) => [
      service(name, { ports: [{ name: 'http', port }] }, namespace),
      ...numbers(3).map((v) =>
        instance(
          `${name}-v${v + 1}`,
          name,
          `10.${i}.${s}.${v}`,
          { labels: { version: `v${v + 1}` }, ports: { http: port } },
          namespace,
        ),
      ),
    ]),
    ...own,
  ]
}

const paths = [
  ...['/', '/productpage', '/static/x', '/static', '/login', '/api/v1/products/1', '/other'],
  ...['/status/200', '/delay/1', '/hello', '/old-reviews', '/v1/7', '/ratings/broken/7', '/ratings/7'],
]
const callers = [{}, { 'end-user': 'jason' }, { cookie: 'a=b;user=tester' }]

const asked = (host: string, port: number, to: string, at: number): readonly Asked[] =>
  paths.flatMap((path) =>
    callers.map((headers) => ({
      target: { scheme: 'http' as const, host, port: at, to, authorities: [] },
      request: {
        method: 'GET',
        url: `http://${host}:${at}${path}`,
        headers: { ...headers, host: `${host}:${port}` },
      },
    })),
  )

const spokenOf = (mesh: readonly Resource[]) => {
  const rules = JSON.stringify(mesh.filter(({ kind }) => kind !== 'Service' && kind !== 'Instance'))
  return Object.entries(ports).filter(([name]) => rules.includes(`"${name}"`))
}

const converted = (examples: readonly Example[], to: Dialect) => {
  const meshes = examples.map(meshOf)
  const lost = (losses: readonly Loss[]) => losses.map(({ path }) => path)
  return meshes.map((before, i) => {
    const { resources: after, losses } = convert(before, to, 'cluster.local', 'default')
    expect([examples[i]?.files, lost(losses)]).toEqual([examples[i]?.files, examples[i]?.lost ?? []])
    return { before, after, whole: losses.length === 0 }
  })
}

describe.skipIf(envoy.skip)('converted examples on real Envoys', () => {
  const cases: readonly (readonly [Dialect, readonly Example[]])[] = [
    ['istio', old],
    ['v1alpha2', istio],
  ]
  test.each(cases)(
    'CV9: what examples make of requests in the mesh stays as it was, to %s',
    async (to, examples) => {
      const whole = converted(examples, to)
      const place = { address: '127.0.0.1', port: 15_002 }
      const two = {
        proxy: proxyOf('sidecar'),
        metadata: { httpProxy: place },
        before: whole.flatMap((one) => one.before),
        after: whole.flatMap((one) => (one.whole ? one.after : one.before)),
      }
      const requests = whole.flatMap(({ before }, i) =>
        spokenOf(before).flatMap(([name, port]) =>
          asked(`${name}.e${i}.svc.cluster.local`, port, place.address, place.port),
        ),
      )
      const { alike, otherwise } = await landsAlike(two, requests)
      expect(otherwise).toEqual([])
      expect(alike.reached).toBeGreaterThan(requests.length / 2)
      expect(alike.answered).toBeGreaterThan(0)
    },
    60_000,
  )

  test.each(gateways.map((one) => [one.files[0], one] as const))(
    'CV9: %s lets the same requests in by IngressRules',
    async (_, example) => {
      const [found] = converted([example], 'v1alpha2')
      const two = {
        proxy: proxyOf('ingress'),
        metadata: { labels: { istio: 'ingressgateway' } },
        before: found?.before ?? [],
        after: found?.after ?? [],
      }
      const requests = ['httpbin.example.com', 'helloworld.example.com', 'ws.example.com'].flatMap((host) =>
        [80, 8080].flatMap((port) => asked(host, port, ownAddress, port)),
      )
      const { alike, otherwise } = await landsAlike(two, requests)
      expect(otherwise).toEqual([])
      expect(alike.reached).toBeGreaterThan(0)
      expect(alike.none).toBeGreaterThan(0)
    },
    60_000,
  )

  test('CV9: every example is among these, but for what is of neither dialect', () => {
    const known = [...old, ...istio, ...gateways].flatMap(({ files }) => files)
    const all = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((one) =>
      one.endsWith('.yaml'),
    )
    const rest = all.filter((file) => !known.includes(file))
    expect(rest.filter((file) => !neither.some((one) => file.startsWith(one)))).toEqual([])
    for (const file of rest.filter((one) => one !== 'demo/broken.yaml'))
      for (const to of ['istio', 'v1alpha2'] as const)
        expect(convert(exampleResources(file), to, 'cluster.local')).toEqual({
          resources: exampleResources(file),
          losses: [],
        })
  })
})
