import { describe, expect, test } from 'vitest'
import type { VirtualServiceSpec } from '../../../src/model/istio/virtualService.ts'
import { service } from '../../reducers/given.ts'
import { istio, proxyOf, seen } from './following.ts'

const database = service('db', { ports: [{ name: 'tcp', port: 3306 }], address: '10.9.0.1' })
const other = service('other', { ports: [{ name: 'tcp', port: 3306 }] })
const external = istio('ServiceEntry', 'out', {
  hosts: ['*.out.org'],
  ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
})
const rule = (spec: Partial<VirtualServiceSpec>) =>
  istio('VirtualService', 'rule', { hosts: ['db'], ...spec })
const to = (host: string, weight?: number) => ({
  destination: { host },
  ...(weight === undefined ? {} : { weight }),
})

type Chain = { filter_chain_match?: object; filters: readonly { typed_config: Record<string, unknown> }[] }
const chains = (world: ReturnType<typeof seen>, name: string) =>
  ((world.json('listeners', name)?.['filter_chains'] ?? []) as readonly Chain[]).map(
    ({ filter_chain_match, filters }) => [
      filters.at(-1)?.typed_config['cluster'] ?? filters.at(-1)?.typed_config['weighted_clusters'],
      filter_chain_match,
    ],
  )
const cluster = (name: string, port = 3306) => `outbound|${port}||${name}.default.svc.cluster.local`

describe('tcp and tls routes in the mesh', () => {
  test('Y23: connections to a service go where its routes say, by weights, the rest to the service', () => {
    const world = seen([
      database,
      other,
      rule({
        tcp: [
          { match: [{ destinationSubnets: ['10.9.0.0/24'] }], route: [to('other', 1), to('db', 3)] },
          { match: [{ port: 1 }], route: [to('other')] },
        ],
      }),
    ])
    expect(chains(world, '10.9.0.1_3306')).toEqual([
      [
        {
          clusters: [
            { name: cluster('other'), weight: 1 },
            { name: cluster('db'), weight: 3 },
          ],
        },
        { prefix_ranges: [{ address_prefix: '10.9.0.0', prefix_len: 24 }] },
      ],
      [cluster('db'), undefined],
    ])
    const all = seen([database, other, rule({ tcp: [{ route: [to('other')] }] })])
    expect(chains(all, '10.9.0.1_3306')).toEqual([[cluster('other'), undefined]])
    // A share of nothing is none.
    const none = seen([database, other, rule({ tcp: [{ route: [to('other', 100), to('db', 0)] }] })])
    expect(chains(none, '10.9.0.1_3306')).toEqual([[cluster('other'), undefined]])
  })

  test('Y23: they go on through a tunnel where the first destination has one', () => {
    const tunnel = { protocol: 'POST', targetHost: '2001:db8::1', targetPort: 443 } as const
    const proxy = istio('DestinationRule', 'other', { host: 'other', trafficPolicy: { tunnel } })
    const nobody = istio('DestinationRule', 'db', { host: 'db', trafficPolicy: { tunnel } })
    const world = seen([database, other, proxy, nobody, rule({ tcp: [{ route: [to('other')] }] })])
    const [chain] = (world.json('listeners', '10.9.0.1_3306')?.['filter_chains'] ?? []) as readonly Chain[]
    expect(chain?.filters.at(-1)?.typed_config['tunneling_config']).toEqual({
      hostname: '[2001:db8::1]:443',
      use_post: true,
    })
    expect(world.diagnostics(proxy)).toEqual([])
    expect(world.diagnostics(nobody)).toEqual([['RUT2011', '/spec/trafficPolicy/tunnel']])
  })

  test('Y23: conditions on the caller hold or not for all of its connections', () => {
    const resources = [
      database,
      other,
      rule({ tcp: [{ match: [{ sourceLabels: { app: 'a' } }], route: [to('other')] }] }),
    ]
    const of = (labels: Record<string, string>) =>
      chains(seen(resources, proxyOf(), { labels }), '10.9.0.1_3306').map(([name]) => name)
    expect(of({ app: 'a' })).toEqual([cluster('other')])
    expect(of({ app: 'b' })).toEqual([cluster('db')])
  })

  test('Y23: TLS that is passed on goes by the name asked for, what no route names where it was meant', () => {
    const world = seen([
      external,
      other,
      rule({
        hosts: ['*.out.org'],
        tls: [
          {
            match: [{ sniHosts: ['a.out.org'] }],
            route: [{ destination: { host: 'other', port: { number: 3306 } } }],
          },
        ],
      }),
    ])
    expect(chains(world, '0.0.0.0_443')).toEqual([
      [cluster('other'), { server_names: ['a.out.org'] }],
      ['outbound|443||*.out.org', { server_names: ['*.out.org'] }],
    ])
  })

  test('Y23: where connections come from is tried in the order of the routes', () => {
    const world = seen([
      database,
      other,
      rule({
        tcp: [
          { match: [{ sourceSubnet: '10.0.0.0/8' }], route: [to('other')] },
          { match: [{ sourceSubnet: '10.1.0.0/16' }], route: [to('db')] },
        ],
      }),
    ])
    expect(world.json('listeners', '10.9.0.1_3306')).toMatchObject({
      filter_chains: [
        { name: '1', filters: [{ typed_config: { cluster: cluster('other') } }] },
        { name: '2', filters: [{ typed_config: { cluster: cluster('db') } }] },
      ],
      filter_chain_matcher: { matcher_list: { matchers: [{}, {}] } },
      default_filter_chain: { filters: [{ typed_config: { cluster: cluster('db') } }] },
    })
  })

  test('Y22: at a Gateway too', () => {
    const gateway = istio('Gateway', 'edge', {
      servers: [
        { port: { number: 3306, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] },
        {
          port: { number: 3306, name: 'tls', protocol: 'TLS' },
          hosts: ['db.org'],
          tls: { mode: 'SIMPLE', credentialName: 'db' },
        },
      ],
    })
    const from = rule({
      hosts: ['*'],
      gateways: ['edge'],
      tcp: [{ match: [{ sourceSubnet: '10.0.0.0/8' }], route: [to('other')] }, { route: [to('db')] }],
    })
    const world = seen([database, other, gateway, from], proxyOf('router'))
    const tls = { transport_socket: {}, filters: [{ typed_config: { cluster: cluster('other') } }] }
    const more = { ...tls, filters: [{ typed_config: { cluster: cluster('db') } }] }
    expect(world.json('listeners', '0.0.0.0_3306')).toMatchObject({
      filter_chains: [tls, more, { filters: [{ typed_config: { cluster: cluster('other') } }] }],
      default_filter_chain: { filters: [{ typed_config: { cluster: cluster('db') } }] },
    })
  })

  test('Y22: names and subnets are tried in the order of the routes, and neither keeps connections from the next', () => {
    const gateway = istio('Gateway', 'edge', {
      servers: [
        {
          port: { number: 3306, name: 'tls', protocol: 'TLS' },
          hosts: ['*'],
          tls: { mode: 'PASSTHROUGH' },
        },
      ],
    })
    const named = rule({
      hosts: ['a.org', 'b.org'],
      gateways: ['edge'],
      tls: [
        { match: [{ sniHosts: ['a.org'], destinationSubnets: ['10.9.0.0/16'] }], route: [to('other')] },
        { match: [{ sniHosts: ['b.org'] }], route: [to('db')] },
      ],
    })
    const listener = seen([database, other, gateway, named], proxyOf('router')).json(
      'listeners',
      '0.0.0.0_3306',
    )
    expect(listener).toMatchObject({
      filter_chains: [
        { filters: [{ typed_config: { cluster: cluster('other') } }] },
        { filters: [{ typed_config: { cluster: cluster('db') } }] },
      ],
      filter_chain_matcher: { matcher_list: { matchers: [{}, {}] } },
    })
  })

  test('Y11: routes that no port is for are told', () => {
    const bad = rule({
      hosts: ['reviews'],
      tcp: [{ match: [{ sourceSubnet: '10.0.0.0/8' }], route: [to('reviews')] }],
      tls: [{ match: [{ sniHosts: ['reviews'] }], route: [to('reviews')] }],
    })
    expect(seen([service('reviews'), bad]).diagnostics(bad)).toEqual([
      ['RUT2124', '/spec/tcp'],
      ['RUT2124', '/spec/tls'],
    ])
  })
})
