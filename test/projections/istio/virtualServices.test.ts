import { describe, expect, test } from 'vitest'
import type { VirtualServiceSpec } from '../../../src/model/istio/virtualService.ts'
import { routeRule, service } from '../../reducers/given.ts'
import { istio, proxyOf, seen, virtualHost } from './following.ts'

const host = 'reviews.default.svc.cluster.local'
const mesh = [service('reviews'), service('ratings', { ports: [{ name: 'http', port: 8080 }] })]
const rule = (spec: VirtualServiceSpec, name = 'r', namespace = 'default') =>
  istio('VirtualService', name, spec, namespace)
const to = (subset: string) => ({ route: [{ destination: { host, subset } }] })
const subsets = istio('DestinationRule', 'd', {
  host: 'reviews',
  subsets: ['v1', 'v2'].map((name) => ({ name, labels: { version: name } })),
})
const targets = (world: ReturnType<typeof seen>) =>
  virtualHost(world, `${host}:9080`)?.routes.map(
    ({ route }) => (route as { cluster?: string } | undefined)?.cluster,
  )

describe('which VirtualService holds', () => {
  test('Y2: a host without a dot is of the rule’s namespace', () => {
    const world = seen([
      ...mesh,
      rule({ hosts: ['reviews'], http: [{ route: [{ destination: { host: 'ratings' } }] }] }),
    ])
    expect(targets(world)).toEqual(['outbound|8080||ratings.default.svc.cluster.local'])
    const elsewhere = rule({ hosts: ['reviews'], http: [to('v1')] }, 'r', 'other')
    expect(targets(seen([...mesh, elsewhere]))).toEqual([`outbound|9080||${host}`])
  })

  test('Y12: the more specific host, then the smaller key; exportTo says to whom', () => {
    const rules = [
      rule({ hosts: ['*.default.svc.cluster.local'], http: [to('wide')] }, 'a'),
      rule({ hosts: [host], http: [to('second')] }, 'c'),
      rule({ hosts: [host], http: [to('first')], exportTo: ['.'] }, 'b'),
    ]
    const cluster = (subset: string) => [`outbound|9080|${subset}|${host}`]
    expect(targets(seen([...mesh, ...rules]))).toEqual(cluster('first'))
    expect(targets(seen([...mesh, ...rules], proxyOf('sidecar', 'other')))).toEqual(cluster('second'))
    expect(targets(seen([...mesh, ...rules.slice(0, 1)]))).toEqual(cluster('wide'))
  })

  test('Y12: one for gateways only says nothing to callers within the mesh', () => {
    expect(
      targets(seen([...mesh, rule({ hosts: ['reviews'], gateways: ['gate'], http: [to('v1')] })])),
    ).toEqual([`outbound|9080||${host}`])
  })

  test('Y10: every route names its rule, and the route’s own name where it has one', () => {
    const world = seen([...mesh, rule({ hosts: ['reviews'], http: [{ name: 'all', ...to('v1') }] })])
    expect(virtualHost(world, `${host}:9080`)?.routes).toMatchObject([
      {
        name: 'VirtualService/default/r/all',
        metadata: { filter_metadata: { rutter: { rule: 'VirtualService/default/r' } } },
      },
    ])
  })
})

describe('diagnostics', () => {
  const of = (spec: VirtualServiceSpec, ...more: Parameters<typeof seen>[0]) => {
    const it = rule(spec)
    return seen([...mesh, subsets, it, ...more]).diagnostics(it)
  }
  const http = (...routes: NonNullable<VirtualServiceSpec['http']>) => ({ hosts: ['reviews'], http: routes })

  test('Y11: a rule that works says nothing', () => {
    expect(of(http({ match: [{ uri: { prefix: '/a' } }], ...to('v1') }, to('v2')))).toEqual([])
  })

  test('Y11: unknown hosts, destinations, ports and subsets are told', () => {
    expect(of({ ...http(to('v1')), hosts: ['nobody'] })).toEqual([['RUT2001', '/spec/hosts/0']])
    expect(of(http({ route: [{ destination: { host: 'nobody' } }], mirror: { host: 'none' } }))).toEqual([
      ['RUT2001', '/spec/http/0/route/0/destination/host'],
      ['RUT2001', '/spec/http/0/mirror/host'],
    ])
    expect(of(http({ route: [{ destination: { host: 'ratings', port: { number: 1 } } }] }))).toEqual([
      ['RUT2104', '/spec/http/0/route/0/destination/port/number'],
    ])
    expect(of(http(to('v9')))).toEqual([['RUT2105', '/spec/http/0/route/0/destination/subset']])
  })

  test('Y11: routes and rules that are never reached are told', () => {
    expect(of(http(to('v1'), { match: [{ uri: { exact: '/a' } }], ...to('v2') }))).toEqual([
      ['RUT2005', '/spec/http/1'],
    ])
    expect(of(http(to('v1')), rule(http(to('v1')), 'a'))).toEqual([['RUT2103', '/spec/hosts/0']])
    const old = routeRule('old', { destination: { name: 'reviews' } })
    expect(seen([...mesh, rule(http(to('v1'))), old]).diagnostics(old)).toEqual([
      ['RUT2108', '/spec/destination'],
    ])
  })

  test('Y11: delegates that are not there, and a delegate that nobody asks, are told', () => {
    expect(of(http({ delegate: { name: 'x' } }))).toEqual([['RUT2106', '/spec/http/0/delegate']])
    expect(of({ http: [to('v1')] })).toEqual([['RUT2107', '/spec']])
    const inner = rule({ http: [to('v1')] }, 'x')
    expect(of(http({ delegate: { name: 'x' } }), inner)).toEqual([])
  })

  test('Y11: what Envoy has nothing for is told', () => {
    const found = of(
      http({
        match: [{ uri: { prefix: 'a' } }, { uri: { regex: '/.*' }, ignoreUriCase: true }],
        fault: { delay: { exponentialDelay: '1s' }, abort: { http2Error: 'x' } },
        ...to('v1'),
      }),
    )
    expect([...found].sort()).toEqual([
      ['RUT2011', '/spec/http/0/fault/abort/http2Error'],
      ['RUT2011', '/spec/http/0/fault/delay/exponentialDelay'],
      ['RUT2011', '/spec/http/0/match/1/ignoreUriCase'],
      ['RUT2012', '/spec/http/0/match/0/uri'],
    ])
    expect(
      of(
        http({
          directResponse: { status: 204, body: { string: 'x' } },
          corsPolicy: { allowOrigin: ['*'] },
        }),
      ),
    ).toEqual([
      ['RUT2011', '/spec/http/0/corsPolicy'],
      ['RUT2011', '/spec/http/0/directResponse/body'],
    ])
  })

  test('Y11: what a route that answers by itself does not look at is told', () => {
    const forwarding = {
      rewrite: { authority: 'x' },
      timeout: '1s',
      retries: { attempts: 1 },
      mirror: { host: 'ratings' },
      mirrorPercentage: { value: 1 },
      headers: { request: { remove: ['x'] }, response: { remove: ['y'] } },
      fault: { abort: { httpStatus: 500 } },
    }
    const paths = ['rewrite', 'timeout', 'retries', 'mirror', 'mirrorPercentage', 'headers/request']
    for (const answer of [{ redirect: { uri: '/' } }, { directResponse: { status: 200 } }])
      expect(of(http({ ...forwarding, ...answer }))).toEqual(
        paths.map((path) => ['RUT2011', `/spec/http/0/${path}`]),
      )
    expect(of(http({ ...forwarding, ...to('v1') }))).toEqual([])
  })

  test('Y11: a percentage of nothing, and one that another goes before, are told', () => {
    const both = { percentage: { value: 1 }, percent: 1 }
    const mirrored = { mirror: { host: 'ratings' }, mirrorPercentage: { value: 1 }, mirrorPercent: 1 }
    expect(
      of(
        http({
          fault: { delay: { ...both, fixedDelay: '1s' }, abort: { ...both, httpStatus: 500 } },
          ...mirrored,
          ...to('v1'),
        }),
      ),
    ).toEqual([
      ['RUT2011', '/spec/http/0/mirrorPercent'],
      ['RUT2011', '/spec/http/0/fault/delay/percent'],
      ['RUT2011', '/spec/http/0/fault/abort/percent'],
    ])
    expect(of(http({ mirrorPercentage: { value: 1 }, ...to('v1') }))).toEqual([
      ['RUT2011', '/spec/http/0/mirrorPercentage'],
    ])
  })
})
