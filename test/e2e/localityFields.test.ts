import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { LocalityLbSetting } from '../../src/model/istio/destinationRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()
const zones = ['r1/a', 'r1/b', 'r2/a', 'r3/a']

describe.skipIf(envoy.skip)('localityLbSetting of DestinationRules on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  const reviews = new Map<string, Workload>()
  const { put, clear } = passingResources(() => mesh)

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'reviews']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client' })
    await placed(client, 'r1/a')
    for (const zone of zones) {
      const name = `reviews-${zone.replace('/', '-')}`
      const one = await mesh.workload(name, {
        service: 'reviews',
        sidecar: false,
        labels: { tier: zone === 'r3/a' ? 'gold' : 'base' },
        answer: (_, response) => response.end(zone),
      })
      reviews.set(zone, one)
      await placed(one, zone)
    }
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())
  afterEach(clear)

  const placed = ({ instance }: Workload, zone: string) =>
    mesh.put({ ...instance, spec: { ...instance.spec, zone } })
  const setting = (localityLbSetting: LocalityLbSetting) =>
    put(
      istio('DestinationRule', 'reviews', {
        host: 'reviews',
        trafficPolicy: { loadBalancer: { localityLbSetting }, outlierDetection: {} },
      }),
    )
  /** Which share of 200 requests each place answered, in percent. */
  const shares = async (): Promise<Readonly<Record<string, number>>> => {
    const counts: Record<string, number> = {}
    for (let i = 0; i < 200; i += 1) {
      const { body } = await client.get('reviews:9080')
      counts[body] = (counts[body] ?? 0) + 0.5
    }
    return counts
  }

  test('FT9: distribute shares out by the caller’s place', async () => {
    expect(Object.keys(await shares()).sort()).toEqual(zones)
    await setting({
      distribute: [
        { from: 'r1/a', to: { 'r1/*': 80, 'r2/a': 20 } },
        { from: '*', to: { 'r3/a': 100 } },
      ],
    })
    const seen = await shares()
    expect(Object.keys(seen).sort()).toEqual(['r1/a', 'r1/b', 'r2/a'])
    for (const [zone, percent] of [
      ['r1/a', 40],
      ['r1/b', 40],
      ['r2/a', 20],
    ] as const)
      expect(Math.abs((seen[zone] ?? 0) - percent)).toBeLessThan(8)
    await mesh.settled(await placed(client, 'r2/a'))
    expect(Object.keys(await shares())).toEqual(['r3/a'])
    await mesh.settled(await placed(client, 'r1/a'))
  })

  test('FT9: failover goes from the zone to the region, to the region that is named, to others', async () => {
    await setting({ enabled: true, failover: [{ from: 'r1', to: 'r3' }] })
    const gone: Workload[] = []
    for (const zone of ['r1/a', 'r1/b', 'r3/a', 'r2/a']) {
      expect(Object.keys(await shares())).toEqual([zone])
      const one = reviews.get(zone) as Workload
      await mesh.settled(await mesh.remove('Instance', one.name))
      gone.push(one)
    }
    for (const [i, one] of gone.entries()) await placed(one, ['r1/a', 'r1/b', 'r3/a', 'r2/a'][i] as string)
    await setting({ enabled: false })
    expect(Object.keys(await shares()).sort()).toEqual(zones)
  })

  test('FT9: failoverPriority prefers what has the labels, the caller’s region or one that is named', async () => {
    await setting({ failoverPriority: ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] })
    expect(Object.keys(await shares())).toEqual(['r1/a'])
    await setting({ failoverPriority: ['tier=gold'] })
    expect(Object.keys(await shares())).toEqual(['r3/a'])
  })
})
