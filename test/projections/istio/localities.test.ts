import { describe, expect, test } from 'vitest'
import type { LocalityLbSetting, TrafficPolicy } from '../../../src/model/istio/destinationRule.ts'
import { instance, service } from '../../reducers/given.ts'
import { cluster } from '../anyMesh.ts'
import { istio, proxyOf, seen } from './following.ts'

type Group = {
  readonly locality: { readonly region?: string; readonly zone?: string }
  readonly priority?: number
  readonly load_balancing_weight: number
}

const places = [
  ['r1-a', 'r1/a', { version: 'v1' }],
  ['r1-b', 'r1/b', { version: 'v1' }],
  ['r2-a', 'r2/a', { version: 'v2' }],
  ['r3-a', 'r3/a', { version: 'v2' }],
] as const

/** What callers in `zone` get of the endpoints of reviews: place, priority and weight. */
const shared = (
  zone: string | undefined,
  setting: LocalityLbSetting,
  more: TrafficPolicy = { outlierDetection: {} },
  others: Parameters<typeof seen>[0] = [],
) => {
  const world = seen([
    service('reviews'),
    service('caller'),
    instance('caller', 'caller', '10.1.0.1', zone === undefined ? {} : { zone }),
    ...places.map(([name, its, labels], i) =>
      instance(name, 'reviews', `10.2.0.${i}`, { zone: its, labels, weight: i + 1 }),
    ),
    istio('DestinationRule', 'reviews', {
      host: 'reviews',
      trafficPolicy: { loadBalancer: { localityLbSetting: setting }, ...more },
    }),
    ...others,
  ])
  const name = cluster('reviews.default')
  const { endpoints = [] } = world.json('endpoints', name) as { endpoints?: readonly Group[] }
  return {
    groups: endpoints.map(({ locality: { region = '', zone: its = '' }, priority = 0, ...group }) => [
      `${region}/${its}`,
      priority,
      group.load_balancing_weight,
    ]),
    cluster: world.json('clusters', name) as Record<string, unknown>,
  }
}

const all = places.map(([, place], i) => [place, 0, i + 1])

describe('localityLbSetting', () => {
  test('Y32: by distribute callers of a place share out by percent, within a pattern by weight; what none names gets nothing', () => {
    const distribute = [
      { from: 'r1/a', to: { 'r1/*': 80, 'r2/a': 20 } },
      { from: 'r1/*', to: { 'r3/*': 100 } },
    ]
    const { groups, cluster: its } = shared('r1/a', { distribute })
    expect(groups).toEqual([
      ['r1/a', 0, 26_667],
      ['r1/b', 0, 53_333],
      ['r2/a', 0, 20_000],
    ])
    expect(its['common_lb_config']).toMatchObject({ locality_weighted_lb_config: {} })
    expect(shared('r1/b', { distribute }).groups).toEqual([['r3/a', 0, 100_000]])
  })

  test('Y32: callers of other places, or of none that is known, use all places alike', () => {
    const distribute = [{ from: 'r1/a', to: { '*': 100 } }]
    for (const zone of ['r2/a', undefined]) {
      const { groups, cluster: its } = shared(zone, { distribute })
      expect(groups).toEqual(all)
      expect(JSON.stringify(its)).not.toContain('locality_weighted')
    }
  })

  test('Y33: callers fail over from their zone to their region, then to others', () => {
    expect(shared('r1/b', { enabled: true }).groups).toEqual([
      ['r1/b', 0, 2],
      ['r1/a', 1, 1],
      ['r2/a', 2, 3],
      ['r3/a', 2, 4],
    ])
    expect(shared('r9/a', {}).groups).toEqual(all)
  })

  test('Y33: a region that is named comes before the others', () => {
    expect(shared('r1/a', { failover: [{ from: 'r1', to: 'r3' }] }).groups).toEqual([
      ['r1/a', 0, 1],
      ['r1/b', 1, 2],
      ['r3/a', 2, 4],
      ['r2/a', 3, 3],
    ])
  })

  test('Y34: failoverPriority prefers what has the labels, in their order', () => {
    const failoverPriority = ['topology.kubernetes.io/region', 'version=v2']
    expect(shared('r2/z', { failoverPriority }).groups).toEqual([
      ['r2/a', 0, 3],
      ['r1/a', 1, 1],
      ['r1/b', 1, 2],
      ['r3/a', 1, 4],
    ])
    expect(shared('r1/z', { failoverPriority: ['version=v2'] }).groups).toEqual([
      ['r2/a', 0, 3],
      ['r3/a', 0, 4],
      ['r1/a', 1, 1],
      ['r1/b', 1, 2],
    ])
  })

  test.each<[string, LocalityLbSetting, TrafficPolicy?]>([
    ['it is not enabled', { enabled: false, distribute: [{ from: '*', to: { 'r1/*': 100 } }] }],
    ['nobody looks for outliers', { failover: [{ from: 'r1', to: 'r2' }] }, {}],
  ])('Y35: where %s, places count for nothing', (_, setting, more) => {
    expect(shared('r1/a', setting, more).groups).toEqual(all)
  })

  test('Y35: a port and a subset may say otherwise', () => {
    const distribute = [{ from: '*', to: { 'r3/*': 100 } }]
    const level = { port: { number: 9080 }, loadBalancer: { localityLbSetting: { distribute } } }
    expect(shared('r1/a', {}, { portLevelSettings: [level] }).groups).toEqual([['r3/a', 0, 100_000]])
  })

  test('Y36: who is elsewhere gets other endpoints of the same cluster, and others the same', () => {
    const groupsOf = (ip: string) => {
      const world = seen(
        [
          service('reviews'),
          service('caller'),
          instance('one', 'caller', '10.1.0.1', { zone: 'r1/a' }),
          instance('two', 'caller', '10.1.0.2', { zone: 'r2/a' }),
          ...places.map(([name, zone], i) => instance(name, 'reviews', `10.2.0.${i}`, { zone })),
          istio('DestinationRule', 'reviews', {
            host: 'reviews',
            trafficPolicy: { loadBalancer: { localityLbSetting: {} }, outlierDetection: {} },
          }),
        ],
        proxyOf('sidecar', 'default', ip),
      )
      const json = world.json('endpoints', cluster('reviews.default')) as { endpoints: readonly Group[] }
      return json.endpoints.map(
        ({ locality, priority = 0 }) => `${locality.region}/${locality.zone} ${priority}`,
      )
    }
    expect(groupsOf('10.1.0.1')).toEqual(['r1/a 0', 'r1/b 1', 'r2/a 2', 'r3/a 2'])
    expect(groupsOf('10.1.0.2')).toEqual(['r2/a 0', 'r1/a 1', 'r1/b 1', 'r3/a 1'])
  })
})
