import { describe, expect, test } from 'vitest'
import type { SidecarSpec } from '../../../src/model/sidecar.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { reduceMesh } from '../../../src/reducers/mesh.ts'
import { applied, entriesOf, given, instance, service } from '../../reducers/given.ts'
import { settings } from '../anyMesh.ts'
import { istio, proxyOf, seen } from './following.ts'

const sidecar = (spec: SidecarSpec, name = 'default', namespace = 'default') =>
  istio('Sidecar', name, spec, namespace)
const entry = istio('ServiceEntry', 'db', {
  hosts: ['db.org'],
  ports: [
    { number: 443, name: 'tls', protocol: 'TLS' },
    { number: 9080, name: 'http' },
  ],
  resolution: 'DNS',
})

/** The last cluster that a listener has: where goes what nobody declares. */
const otherwise = (world: ReturnType<typeof seen>, listener: string): string => {
  const json = world.json('listeners', listener) as {
    default_filter_chain: { filters: readonly { typed_config: { cluster: string } }[] }
  }
  return json.default_filter_chain.filters.at(-1)?.typed_config.cluster ?? ''
}
const hostNames = (world: ReturnType<typeof seen>) =>
  ((world.json('routes', '9080')?.['virtual_hosts'] ?? []) as { name: string }[]).map(({ name }) => name)

describe('Sidecar', () => {
  test('Y18: what nobody declares is the proxy’s own business, whatever the mesh says', () => {
    const refusing = sidecar({ outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })
    const only = seen([entry, refusing])
    expect(otherwise(only, 'virtualOutbound')).toBe('BlackHoleCluster')
    expect(otherwise(only, '0.0.0.0_443')).toBe('BlackHoleCluster')
    expect(hostNames(only)).not.toContain('undeclared')
    const allowing = sidecar({ outboundTrafficPolicy: { mode: 'ALLOW_ANY' } })
    const any = seen([entry, allowing, settings({ undeclaredOutbound: 'refuse' })])
    expect(otherwise(any, 'virtualOutbound')).toBe('PassthroughCluster')
    expect(otherwise(any, '0.0.0.0_443')).toBe('PassthroughCluster')
    expect(hostNames(any)).toContain('undeclared')
    const elsewhere = seen([entry, refusing], proxyOf('sidecar', 'other'))
    expect(otherwise(elsewhere, 'virtualOutbound')).toBe('PassthroughCluster')
  })

  test('Y18: a proxy gets the hosts that its Sidecar names, also of ServiceEntries, and what their rules lead to', () => {
    const world = seen([
      entry,
      service('reviews'),
      service('ratings'),
      { ...service('far'), metadata: { name: 'far', namespace: 'other' } },
      istio('VirtualService', 'reviews', {
        hosts: ['reviews'],
        http: [{ route: [{ destination: { host: 'ratings' } }] }],
      }),
      sidecar({ egress: [{ hosts: ['./reviews.default.svc.cluster.local', '*/db.org', 'other/*'] }] }),
    ])
    expect(hostNames(world).filter((name) => name !== 'undeclared')).toEqual([
      'db.org:9080',
      'far.other.svc.cluster.local:9080',
      'reviews.default.svc.cluster.local:9080',
    ])
    expect(world.names('endpoints')).toContain('outbound|9080||ratings.default.svc.cluster.local')
  })

  test('Y18: an event out of the scope of proxies costs them nothing', () => {
    const near = sidecar({ egress: [{ hosts: ['./*'] }] }, 'default', 'near')
    const far = { ...service('far'), metadata: { name: 'far', namespace: 'far' } }
    const start = given(applied(near), applied(far))
    const projector = createProjector(start)
    const proxies = Array.from({ length: 20 }, (_, i) =>
      projector.follow(proxyOf('sidecar', 'near', `10.2.0.${i}`), {}),
    )
    expect(projector.counters()).toMatchObject({ proxies: 20, views: 1 })
    const step = projector.step(
      reduceMesh(start, entriesOf([applied(instance('a', 'far', '10.3.0.1', {}, 'far'))], 3)),
    )
    expect([step.views.size, step.reassessed.size, step.advance().size]).toEqual([0, 0, 0])
    for (const proxy of proxies) expect(projector.concerned(proxy, 3)).toBe(false)
  })

  test('Y11: what of a Sidecar has no effect is told', () => {
    const full = sidecar({
      egress: [
        { hosts: ['*/*'], port: { number: 80 }, bind: '127.0.0.1', captureMode: 'NONE' },
        { hosts: ['*/*'], captureMode: 'IPTABLES' },
      ],
      ingress: [{ port: { number: 80 } }],
      inboundConnectionPool: {},
      outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy: { host: 'x' } },
    })
    expect(seen([service('reviews'), full]).diagnostics(full)).toEqual(
      [
        '/spec/egress/0/port',
        '/spec/egress/0/bind',
        '/spec/ingress',
        '/spec/inboundConnectionPool',
        '/spec/outboundTrafficPolicy/egressProxy',
        '/spec/egress/0/captureMode',
      ].map((path) => ['RUT2011', path]),
    )
  })
})
