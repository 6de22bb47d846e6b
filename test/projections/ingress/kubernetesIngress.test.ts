import { describe, expect, test } from 'vitest'
import type { KubernetesIngressSpec, KubernetesPath } from '../../../src/model/kubernetesIngress.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { service } from '../../reducers/given.ts'
import { proxyOf, seen, virtualHost } from '../istio/following.ts'

const ingress = (spec: KubernetesIngressSpec, annotations?: Record<string, string>): Resource<'Ingress'> => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'shop', namespace: 'default', ...(annotations && { annotations }) },
  spec,
})
const backend = (name: string, port: { number?: number; name?: string } = { number: 9080 }) => ({
  service: { name, port },
})
const path = (
  of: string,
  pathType: KubernetesPath['pathType'],
  name = 'reviews',
  port?: { number?: number; name?: string },
): KubernetesPath => ({ path: of, pathType, backend: backend(name, port) })
const world = (spec: KubernetesIngressSpec, annotations?: Record<string, string>) =>
  seen([service('reviews'), service('ratings'), ingress(spec, annotations)], proxyOf('ingress'))

type Route = { match: Record<string, unknown>; route?: { cluster: string }; redirect?: object }
const routes = (of: ReturnType<typeof world>, name: string, table = '80') =>
  ((virtualHost(of, name, table)?.routes ?? []) as unknown as readonly Route[]).map(
    ({ match, route, redirect }) => [
      match['path'] ?? `${match['prefix']}*`,
      redirect === undefined ? route?.cluster.split('|').at(-1)?.split('.')[0] : 'redirect',
    ],
  )

describe('Kubernetes’ Ingress', () => {
  test('I9: exact paths take themselves, prefixes parts of paths, the longer first', () => {
    const of = world({
      rules: [
        {
          host: 'a.org',
          http: {
            paths: [
              path('/', 'Prefix'),
              path('/a', 'Prefix', 'ratings'),
              path('/a', 'Exact'),
              path('/impl/', 'ImplementationSpecific', 'ratings', { name: 'http' }),
            ],
          },
        },
      ],
    })
    expect(routes(of, 'a.org:80')).toEqual([
      ['/impl', 'ratings'],
      ['/a', 'reviews'],
      ['/a', 'ratings'],
      ['/impl/*', 'ratings'],
      ['/a/*', 'ratings'],
      ['/*', 'reviews'],
    ])
    expect(JSON.stringify(virtualHost(of, 'a.org:80', '80'))).toContain('"rule":"Ingress/default/shop"')
  })

  test('I9: what is left to the implementation may end in a wildcard: then it is a prefix of the text', () => {
    const paths = ['/a/.*', '/b/*', '/c.*'].map((one) => path(one, 'ImplementationSpecific'))
    expect(routes(world({ rules: [{ host: 'a.org', http: { paths } }] }), 'a.org:80')).toEqual([
      ['/a/*', 'reviews'],
      ['/b/*', 'reviews'],
      ['/c*', 'reviews'],
    ])
  })

  test('I9: a rule without a host is for the others; the default backend has what no path takes', () => {
    const of = world({
      defaultBackend: backend('ratings'),
      rules: [
        { host: '*.a.org', http: { paths: [path('/x', 'Exact')] } },
        { http: { paths: [path('/y', 'Exact')] } },
      ],
    })
    expect(routes(of, '*.a.org:80')).toEqual([
      ['/x', 'reviews'],
      ['/*', 'ratings'],
    ])
    expect(routes(of, '*:80')).toEqual([
      ['/y', 'reviews'],
      ['/*', 'ratings'],
    ])
    expect(routes(world({ defaultBackend: backend('ratings') }), '*:80')).toEqual([['/*', 'ratings']])
  })

  test('I9: hosts of tls are over TLS, and what comes in plain text is sent there', () => {
    const of = world({
      tls: [{ hosts: ['a.org'], secretName: 'cert' }],
      rules: [
        { host: 'a.org', http: { paths: [path('/', 'Prefix')] } },
        { host: 'b.org', http: { paths: [path('/', 'Prefix')] } },
      ],
    })
    expect(of.names('secrets')).toEqual(['default/cert'])
    expect(routes(of, 'a.org:443', '443')).toEqual([['/*', 'reviews']])
    expect(routes(of, 'a.org:80')).toEqual([['/*', 'redirect']])
    expect(routes(of, 'b.org:80')).toEqual([['/*', 'reviews']])
  })

  test('I9: an Ingress of another class has no effect, and says so', () => {
    const rules = [{ host: 'a.org', http: { paths: [path('/', 'Prefix')] } }]
    const legacy = { 'kubernetes.io/ingress.class': 'nginx' }
    for (const [of, its, at] of [
      [
        world({ ingressClassName: 'nginx', rules }),
        ingress({ ingressClassName: 'nginx', rules }),
        '/spec/ingressClassName',
      ],
      [world({ rules }, legacy), ingress({ rules }, legacy), '/metadata/annotations'],
    ] as const) {
      expect(routes(of, 'a.org:80')).toEqual([])
      expect(of.diagnostics(its)).toEqual([['RUT2130', at]])
    }
    for (const ingressClassName of ['rutter', 'istio'])
      expect(routes(world({ ingressClassName, rules }), 'a.org:80')).toHaveLength(1)
  })

  test('I10: what leads nowhere is told', () => {
    const spec: KubernetesIngressSpec = {
      defaultBackend: backend('absent'),
      tls: [{ hosts: ['a.org'] }],
      rules: [
        {
          host: 'a.org',
          http: {
            paths: [
              path('/a', 'Exact', 'reviews', { number: 1 }),
              { path: '/b', pathType: 'Exact', backend: { resource: { kind: 'Bucket' } } },
            ],
          },
        },
      ],
    }
    expect(world(spec).diagnostics(ingress(spec))).toEqual([
      ['RUT2001', '/spec/defaultBackend/service/name'],
      ['RUT2050', '/spec/rules/0/http/paths/0/backend/service/port'],
      ['RUT2011', '/spec/rules/0/http/paths/1/backend/resource'],
      ['RUT2011', '/spec/tls/0'],
    ])
  })
})
