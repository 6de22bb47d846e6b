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

  test('Y11: routes that no port is for, and a condition that cannot be checked, are told', () => {
    const bad = rule({
      hosts: ['reviews'],
      tcp: [{ match: [{ sourceSubnet: '10.0.0.0/8' }], route: [to('reviews')] }],
      tls: [{ match: [{ sniHosts: ['reviews'] }], route: [to('reviews')] }],
    })
    expect(seen([service('reviews'), bad]).diagnostics(bad)).toEqual([
      ['RUT2010', '/spec/tcp/0/match/0/sourceSubnet'],
      ['RUT2124', '/spec/tcp'],
      ['RUT2124', '/spec/tls'],
    ])
  })
})
