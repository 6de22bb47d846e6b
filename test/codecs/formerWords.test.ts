import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { readResources } from '../../src/codecs/readResources.ts'
import { refusals } from './problemsOf.ts'

/** What is read of a resource; an empty list where it is refused. */
const read = (resource: object): readonly unknown[] => {
  const found = readResources([{ input: JSON.stringify(resource), format: 'json' }])
  return isRight(found) ? found.right.map(({ resource: its }) => its) : []
}

describe('what was called otherwise before', () => {
  const ingress = (apiVersion: string, spec: object) => ({
    apiVersion,
    kind: 'Ingress',
    metadata: { name: 'web', namespace: 'default' },
    spec,
  })
  const former = { serviceName: 'shop', servicePort: 80 }
  const today = { service: { name: 'shop', port: { number: 80 } } }

  test.each(['extensions/v1beta1', 'networking.k8s.io/v1beta1'])(
    'C47: an Ingress of %s is read as today’s',
    (version) => {
      const its = ingress(version, {
        backend: { serviceName: 'shop', servicePort: 'http' },
        tls: [{ secretName: 'cert' }],
        rules: [
          {
            host: 'a.org',
            http: {
              paths: [
                { path: '/exact', backend: former },
                { path: '/parts/.*', backend: former },
                { path: '/typed', pathType: 'Prefix', backend: former },
                { backend: former },
              ],
            },
          },
          { host: 'b.org' },
        ],
      })
      expect(read(its)).toEqual([
        ingress('networking.k8s.io/v1', {
          defaultBackend: { service: { name: 'shop', port: { name: 'http' } } },
          tls: [{ secretName: 'cert' }],
          rules: [
            {
              host: 'a.org',
              http: {
                paths: [
                  { path: '/exact', pathType: 'Exact', backend: today },
                  { path: '/parts/.*', pathType: 'ImplementationSpecific', backend: today },
                  { path: '/typed', pathType: 'Prefix', backend: today },
                  { pathType: 'ImplementationSpecific', backend: today },
                ],
              },
            },
            { host: 'b.org' },
          ],
        }),
      ])
    },
  )

  test.each([
    ['/spec/rules', { rules: 'none' }],
    ['/spec/rules/0/http/paths', { rules: [{ http: { paths: 7 } }] }],
    ['/spec/rules/0/http/paths/0/path', { rules: [{ http: { paths: [{ path: 'x', backend: former }] } }] }],
    [
      '/spec/rules/0/http/paths/0/backend',
      { rules: [{ http: { paths: [{ path: '/x', backend: { servicePort: 1 } }] } }] },
    ],
    ['/spec/rules/0', { rules: [7] }],
  ])('C47: what is wrong in one is refused at %s', (at, spec) => {
    expect(JSON.stringify(refusals(JSON.stringify(ingress('extensions/v1beta1', spec))))).toContain(at)
  })

  test('C47: today’s Ingress has today’s words', () => {
    expect(refusals(JSON.stringify(ingress('networking.k8s.io/v1', { backend: former })))).toEqual([
      'RUT1301 /spec/backend',
    ])
  })

  const route = (more: object) => ({
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'VirtualService',
    metadata: { name: 'x', namespace: 'default' },
    spec: { hosts: ['a'], http: [{ route: [{ destination: { host: 'a' } }], ...more }] },
  })

  test('C48: headers and WebSockets in a VirtualService of before Istio 1.1 are read as today’s', () => {
    const found = read(
      route({
        websocketUpgrade: true,
        appendHeaders: { a: '1' },
        removeRequestHeaders: ['b'],
        appendResponseHeaders: { c: '2' },
        removeResponseHeaders: ['d'],
        headers: { request: { set: { e: '3' } } },
        mirror_percent: 7,
      }),
    )
    expect(found).toEqual([
      route({
        mirrorPercent: 7,
        headers: {
          request: { set: { e: '3' }, add: { a: '1' }, remove: ['b'] },
          response: { add: { c: '2' }, remove: ['d'] },
        },
      }),
    ])
  })

  test.each([
    [{ appendHeaders: { a: '1' }, headers: { request: { add: { b: '1' } } } }, '/spec/http/0/appendHeaders'],
    [{ appendHeaders: { a: '1' }, appendRequestHeaders: { b: '1' } }, '/spec/http/0/appendRequestHeaders'],
    [{ websocketUpgrade: false }, '/spec/http/0/websocketUpgrade'],
    [{ mirror_percent: 1, mirrorPercent: 1 }, '/spec/http/0/mirror_percent'],
    [{ headers: 7, appendHeaders: {} }, '/spec/http/0/headers'],
  ])('C48: what cannot be said so is refused: %j', (more, at) => {
    expect(JSON.stringify(refusals(JSON.stringify(route(more))))).toContain(at)
  })
})
