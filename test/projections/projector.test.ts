import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MeshEvent } from '../../src/model/event.ts'
import type { Snapshot } from '../../src/model/mesh.ts'
import type { ProxyMetadata } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import { type XdsType, xdsTypes } from '../../src/model/xds.ts'
import { createMeshHasher } from '../../src/projections/meshHash.ts'
import type { ProjectedProxy } from '../../src/projections/projectedProxy.ts'
import { createProjector } from '../../src/projections/projector.ts'
import { showResource } from '../../src/projections/showResource.ts'
import { emptySnapshot, reduceMesh } from '../../src/reducers/mesh.ts'
import { applied, entriesOf, given, instance, removed, routeRule, service } from '../reducers/given.ts'
import {
  anyEvent,
  cluster,
  explicit,
  followed,
  rawCluster,
  settings,
  sidecar,
  sidecarConfig,
  versions,
} from './anyMesh.ts'

const json = (proxy: ProjectedProxy, type: XdsType, name: string) => {
  const resource = proxy.get(type, name)
  return resource === undefined ? undefined : showResource(type, resource)
}

const following = (
  snapshot: Snapshot,
  identity = sidecar('10.1.0.1', 'caller'),
  metadata: ProxyMetadata = {},
) => {
  const projector = createProjector(snapshot)
  const proxy = projector.follow(identity, metadata)
  versions(proxy)
  let position = snapshot.position
  let last = snapshot
  const step = (...events: MeshEvent[]) => {
    last = reduceMesh(last, entriesOf(events, position + 1))
    position += events.length
    return projector.advance(last)
  }
  return { projector, proxy, step }
}

describe('the projector', () => {
  test(
    'V1, V2: sharing and stepping give what a projector of one proxy gives, and say what changed',
    () =>
      fc.assert(
        fc.property(
          fc.array(fc.array(anyEvent, { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
          (steps) => {
            const projector = createProjector(emptySnapshot)
            const proxies = followed.map(([identity, metadata]) => projector.follow(identity, metadata))
            let before = proxies.map(versions)
            let snapshot = emptySnapshot
            for (const events of steps) {
              snapshot = reduceMesh(snapshot, entriesOf(events, snapshot.position + 1))
              const advance = projector.advance(snapshot)
              const after = proxies.map(versions)
              for (const [i, proxy] of proxies.entries()) {
                const alone = createProjector(snapshot).follow(proxy.identity, proxy.metadata)
                expect(after[i]).toEqual(versions(alone))
                for (const type of xdsTypes) {
                  const [was, is] = [before[i]?.[type] ?? {}, after[i]?.[type] ?? {}]
                  const differing = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
                    (name) => was[name] !== is[name],
                  )
                  expect(advance.get(proxy)?.[type] ?? []).toEqual(expect.arrayContaining(differing))
                }
              }
              before = after
            }
          },
        ),
        { seed: 5, numRuns: 120 },
      ),
    300_000,
  )

  test(
    'V14: what is behind listeners that a connected proxy is to have is told to callers when it is freed, and then all of it',
    () =>
      fc.assert(
        fc.property(
          fc.array(fc.array(anyEvent, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
          (steps) => {
            const projector = createProjector(emptySnapshot, { isConnected: () => true })
            const proxies = followed.map(([identity, metadata]) => projector.follow(identity, metadata))
            let snapshot = emptySnapshot
            for (const events of steps) {
              snapshot = reduceMesh(snapshot, entriesOf(events, snapshot.position + 1))
              const step = projector.step(snapshot)
              const before = proxies.map(versions)
              const freed = projector.free(step.held).advance()
              for (const [i, proxy] of proxies.entries()) {
                const after = versions(proxy)
                expect(after).toEqual(
                  versions(createProjector(snapshot).follow(proxy.identity, proxy.metadata)),
                )
                const differing = Object.keys(after.endpoints ?? {}).filter(
                  (name) => before[i]?.endpoints?.[name] !== after.endpoints?.[name],
                )
                expect(freed.get(proxy)?.endpoints ?? []).toEqual(expect.arrayContaining(differing))
                expect({ ...after, endpoints: {} }).toEqual({ ...before[i], endpoints: {} })
              }
            }
          },
        ),
        { seed: 14, numRuns: 60 },
      ),
    300_000,
  )

  test('V14: only what is new is held: an instance with another weight or label is told at once', () => {
    const callee = sidecar('10.2.0.1', 'callee')
    const projector = createProjector(given(applied(service('reviews'))), { isConnected: () => true })
    const caller = projector.follow(sidecar('10.1.0.1', 'caller'), {})
    const proxy = projector.follow(callee, {})
    const all = cluster('reviews.default')
    const apply = (more: object = {}) => {
      const one = instance('a', 'reviews', '10.2.0.1', more)
      const snapshot = projector.snapshot()
      return projector.step(reduceMesh(snapshot, entriesOf([applied(one)], snapshot.position + 1)))
    }
    const told = () => JSON.stringify(json(caller, 'endpoints', all))
    expect(apply().held).toEqual(new Set([proxy]))
    expect(told()).not.toContain('10.2.0.1')
    expect(projector.concerned(caller, projector.snapshot().position)).toBe(false)
    projector.free([proxy])
    expect(told()).toContain('10.2.0.1')
    expect(projector.concerned(caller, projector.snapshot().position)).toBe(true)
    expect(apply({ weight: 5 }).held.size).toBe(0)
    expect(told()).toContain('"load_balancing_weight":5')
  })

  test('V3: an endpoint that leaves touches its service’s endpoints and nothing else', () => {
    const { proxy, step } = following(
      given(
        applied(service('reviews')),
        applied(service('ratings')),
        applied(instance('a', 'reviews', '10.2.0.1', { labels: { version: 'v2' } })),
        applied(instance('b', 'reviews', '10.2.0.2', { labels: { version: 'v1' } })),
        applied(
          routeRule('r', {
            destination: { name: 'reviews' },
            route: [{ labels: { version: 'v2' }, weight: 100 }],
          }),
        ),
      ),
    )
    expect(step(removed(instance('a', 'reviews', '')))).toEqual(
      new Map([
        [
          proxy,
          {
            clusters: [],
            endpoints: expect.arrayContaining([
              cluster('reviews.default'),
              cluster('reviews.default', 'version=v2'),
            ]),
            listeners: [],
            routes: [],
            secrets: [],
          },
        ],
      ]),
    )
    expect(json(proxy, 'endpoints', cluster('reviews.default', 'version=v2'))).toEqual({
      cluster_name: cluster('reviews.default', 'version=v2'),
    })
  })

  test('V3: an endpoint counts too of a service out of scope that a rule leads to', () => {
    const { proxy, step } = following(
      given(
        applied(sidecarConfig('s', ['*/reviews.default.svc.cluster.local'])),
        applied(service('reviews')),
        applied(service('ratings')),
        applied(
          routeRule('r', {
            destination: { name: 'reviews' },
            route: [{ destination: { name: 'ratings' }, weight: 100 }],
          }),
        ),
      ),
    )
    const advance = step(applied(instance('a', 'ratings', '10.2.0.1')))
    expect(advance.get(proxy)?.endpoints).toEqual([cluster('ratings.default')])
  })

  test('V4: a change that no proxy reads concerns nobody', () => {
    const { step, projector } = following(
      given(
        applied(sidecarConfig('s', ['*/reviews.default.svc.cluster.local'])),
        applied(service('reviews')),
      ),
    )
    const { slices } = projector.counters()
    expect(step(applied(service('ratings')), applied(instance('r', 'ratings', '10.2.0.9')))).toEqual(
      new Map(),
    )
    expect(step(applied(instance('r', 'ratings', '10.2.0.8')))).toEqual(new Map())
    expect(projector.counters().slices).toBe(slices)
  })

  test('V5: a rule for one caller reaches that caller alone', () => {
    const {
      projector,
      proxy: other,
      step,
    } = following(
      given(
        applied(service('caller')),
        applied(service('reviews')),
        applied(instance('c', 'caller', '10.1.0.7')),
      ),
    )
    const caller = projector.follow(sidecar('10.1.0.7', 'c'), {})
    const before = versions(other)
    const advance = step(
      applied(
        routeRule('r', {
          destination: { name: 'reviews' },
          match: { source: { name: 'caller' } },
          route: [{ labels: { version: 'v1' }, weight: 100 }],
        }),
      ),
    )
    expect([...advance.keys()]).toEqual([caller])
    expect(advance.get(caller)?.routes).toEqual(['9080'])
    expect(advance.get(caller)?.clusters).toEqual([cluster('reviews.default', 'version=v1')])
    expect(versions(other)).toEqual(before)
  })

  test('V6: proxies alike share a view, and it goes with its last reader', () => {
    const { projector, proxy, step } = following(given(applied(service('reviews'))))
    const second = projector.follow(sidecar('10.1.0.2', 'second'), {})
    expect(projector.counters().views).toBe(1)
    const third = projector.follow(sidecar('10.1.0.2', 'third', 'other'), {})
    expect(projector.counters().views).toBe(2)
    projector.release(third)
    projector.release(second)
    projector.release(proxy)
    step(applied(service('ratings')))
    expect(projector.counters()).toEqual({ proxies: 0, views: 0, slices: 0 })
  })

  test('V7: a Sidecar narrows what its proxies get', () => {
    const { proxy, step } = following(
      given(
        applied(service('reviews')),
        applied(service('ratings')),
        applied(instance('me', 'reviews', '10.1.0.1', { labels: { app: 'me' } })),
      ),
    )
    const outbound = () => [...proxy.names('endpoints')].sort()
    expect(outbound()).toEqual([cluster('ratings.default'), cluster('reviews.default')])
    step(applied(sidecarConfig('default', ['./ratings.default.svc.cluster.local'])))
    expect(outbound()).toEqual([cluster('ratings.default')])
    step(applied(sidecarConfig('mine', ['~/*'], { app: 'me' })))
    expect(outbound()).toEqual([])
    step(removed(sidecarConfig('mine', [])), removed(sidecarConfig('default', [])))
    expect(outbound()).toHaveLength(2)
  })

  test('V8: a domain belongs to one virtual host', () => {
    const { proxy, step } = following(given(applied(service('reviews'))))
    const domainsOf = (name: string) => {
      const table = json(proxy, 'routes', '9080') as { virtual_hosts: { name: string; domains: string[] }[] }
      return table.virtual_hosts.find((host) => host.name === name)?.domains ?? []
    }
    const name = 'reviews.default.svc.cluster.local:9080'
    expect(domainsOf(name)).toContain('reviews.default')
    step(applied(service('zz', { hostname: 'reviews.default' })))
    expect(domainsOf(name)).not.toContain('reviews.default')
    expect(domainsOf('reviews.default:9080')).toContain('reviews.default')
    step(removed(service('zz')))
    expect(domainsOf(name)).toContain('reviews.default')
  })

  test('V9: of several services with one hostname the smallest key is it', () => {
    const shared = { hostname: 'shared.example' }
    const { proxy, step } = following(
      given(
        applied(service('b', { ...shared, ports: [{ name: 'http', port: 81 }] })),
        applied(service('a', { ...shared, ports: [{ name: 'http', port: 80 }] })),
      ),
    )
    expect([...proxy.names('endpoints')]).toEqual(['outbound|80||shared.example'])
    step(removed(service('a')))
    expect([...proxy.names('endpoints')]).toEqual(['outbound|81||shared.example'])
  })

  test('V10: an EnvoyResource reaches those it is meant for, and stands in for what was generated', () => {
    const me = sidecar('10.1.0.1', 'caller')
    const { proxy, step, projector } = following(given(applied(service('reviews'))), me)
    const other = projector.follow(sidecar('10.1.0.2', 'other'), {})
    const advance = step(applied(rawCluster('raw', [me.node], cluster('reviews.default'))))
    expect([...advance.keys()]).toEqual([proxy])
    expect(json(proxy, 'clusters', cluster('reviews.default'))).toMatchObject({ connect_timeout: '3s' })
    expect(json(other, 'clusters', cluster('reviews.default'))).toMatchObject({ connect_timeout: '1s' })
    step(removed(rawCluster('raw', [], '')))
    expect(json(proxy, 'clusters', cluster('reviews.default'))).toMatchObject({ connect_timeout: '1s' })
  })

  test('V11: an explicit HTTP proxy binds itself and the inbound listeners only', () => {
    const mesh = [applied(service('reviews')), applied(instance('me', 'reviews', '10.1.0.1'))]
    const { proxy } = following(given(...mesh), sidecar('10.1.0.1', 'caller'), explicit)
    expect([...proxy.names('listeners')].sort()).toEqual(['10.1.0.1_9080', 'http_proxy'])
    expect([...proxy.names('routes')]).toEqual(['http_proxy'])
    const { proxy: uncaptured } = following(given(...mesh, applied(settings({ proxyListenPort: 0 }))))
    expect([...uncaptured.names('listeners')]).toEqual(['10.1.0.1_9080'])
    const { proxy: captured } = following(given(...mesh))
    expect([...captured.names('listeners')].sort()).toEqual([
      '0.0.0.0_9080',
      '10.1.0.1_9080',
      'virtualInbound',
      'virtualOutbound',
    ])
  })

  test('V13: an explicit HTTP proxy has its route configuration before the first service and after the last', () => {
    const { proxy, step } = following(given(), sidecar('10.1.0.1', 'caller'), explicit)
    expect(json(proxy, 'routes', 'http_proxy')).toEqual({ name: 'http_proxy' })
    step(applied(service('reviews')))
    expect(json(proxy, 'routes', 'http_proxy')).toHaveProperty('virtual_hosts')
    const advance = step(removed(service('reviews')))
    expect(advance.get(proxy)?.routes).toEqual(['http_proxy'])
    expect(json(proxy, 'routes', 'http_proxy')).toEqual({ name: 'http_proxy' })
  })

  test('P34: a route, a policy, a raw resource that Envoy’s limits would refuse is left out alone', () => {
    const me = sidecar('10.1.0.1', 'caller')
    const { proxy, step } = following(given(applied(service('reviews'))), me)
    const beyond: Resource<'DestinationPolicy'> = {
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'DestinationPolicy',
      metadata: { name: 'beyond', namespace: 'default' },
      spec: {
        destination: { name: 'reviews' },
        circuitBreaker: { simpleCb: { httpMaxEjectionPercent: 101 } },
      },
    }
    step(
      applied(
        routeRule('broken', { destination: { name: 'reviews' }, redirect: { uri: '/a\r\nset-cookie: b' } }),
      ),
      applied(
        routeRule('good', {
          destination: { name: 'reviews' },
          match: { request: { headers: { uri: { exact: '/old' } } } },
          redirect: { uri: '/new' },
        }),
      ),
      applied(beyond),
      applied(rawCluster('nameless', [me.node], '')),
    )
    const routes = json(proxy, 'routes', '9080') as {
      virtual_hosts: { name: string; routes: { name: string }[] }[]
    }
    const names = routes.virtual_hosts
      .filter(({ name }) => name.startsWith('reviews'))
      .flatMap((host) => host.routes.map(({ name }) => name))
    expect(names).toEqual(['RouteRule/default/good', 'default'])
    expect(json(proxy, 'clusters', cluster('reviews.default'))).not.toHaveProperty('outlier_detection')
    expect([...proxy.names('clusters')]).not.toContain('')
  })
})

describe('the hash of a mesh', () => {
  const hashOf = createMeshHasher()

  test('V12: equal meshes have equal hashes, however they came to be', () => {
    const [a, b] = [applied(service('a')), applied(service('b'))]
    const folded = given(a, b)
    const batch = reduceMesh(emptySnapshot, entriesOf([a, b]))
    expect(createMeshHasher()(batch.mesh)).toBe(hashOf(folded.mesh))
    expect(hashOf(given(b, a).mesh)).not.toBe(hashOf(folded.mesh))
    expect(hashOf(given(a, b, removed(service('b'))).mesh)).toBe(hashOf(given(a).mesh))
    expect(hashOf(given(a).mesh)).toMatch(/^[0-9a-f]{64}$/)
  })
})
