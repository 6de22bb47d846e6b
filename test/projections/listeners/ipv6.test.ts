import { describe, expect, test } from 'vitest'
import type { ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { reduceMesh } from '../../../src/reducers/mesh.ts'
import { applied, entriesOf, given, instance, service } from '../../reducers/given.ts'
import { istio, proxyOf, seen } from '../istio/following.ts'

const both = service('both', {
  address: 'fd00::10',
  ports: [
    { name: 'http', port: 9080 },
    { name: 'tcp', port: 3306 },
  ],
})
const plain = service('plain', { ports: [{ name: 'tcp', port: 5432 }] })
const dual: ProxyMetadata = { ips: ['fd00::7'] }
const world = (ip: string, metadata: ProxyMetadata = {}, more: readonly Resource[] = []) =>
  seen([both, plain, ...more], proxyOf('sidecar', 'default', ip), metadata)
const addresses = (of: ReturnType<typeof seen>, name: string): readonly string[] => {
  type At = { readonly address: { readonly socket_address: { readonly address: string } } }
  const json = of.json('listeners', name) as
    | (At & { readonly additional_addresses?: readonly At[] })
    | undefined
  return json === undefined
    ? []
    : [json, ...(json.additional_addresses ?? [])].map(({ address }) => address.socket_address.address)
}
const ofAnyAddress = ['virtualOutbound', 'virtualInbound', '0.0.0.0_9080', '0.0.0.0_5432']

describe('captured IPv6', () => {
  test.each([
    ['its node id', '10.1.0.7', dual],
    ['its metadata', 'fd00::7', {}],
  ] as const)('P40: a proxy that has IPv6 by %s takes captured connections to either', (_, ip, metadata) => {
    const of = world(ip, metadata)
    for (const name of ofAnyAddress) expect(addresses(of, name), name).toEqual(['0.0.0.0', '::'])
    expect(addresses(of, 'fd00::10_3306')).toEqual(['fd00::10'])
    expect(JSON.stringify(of.json('clusters', 'InboundPassthroughCluster'))).toContain('"::6"')
  })

  test('P40: one of IPv4 alone is given nothing of IPv6, which its machine may not have', () => {
    const of = world('10.1.0.7', { ips: ['10.1.0.8'] })
    for (const name of ofAnyAddress) expect(addresses(of, name), name).toEqual(['0.0.0.0'])
    expect(of.names('listeners')).not.toContain('fd00::10_3306')
    expect(JSON.stringify(of.json('clusters', 'InboundPassthroughCluster'))).not.toContain('::6')
    // What is bound is bound where its metadata or its services say.
    const router = seen([both], proxyOf('router', 'default', '10.1.0.7'))
    expect(addresses(router, '0.0.0.0_3306')).toEqual(['0.0.0.0'])
  })

  test('P40: inbound listeners are at every address of the workload, with the application of the first', () => {
    const at = (name: string, address: string, app: string, namespace = 'default') =>
      instance(name, 'both', address, { ports: { http: { port: 9080, app } } }, namespace)
    const workload = [at('v4', '10.1.0.7', '127.0.0.1:1'), at('v6', 'fd00::7', '[::1]:2')]
    const of = world('10.1.0.7', dual, workload)
    expect(of.names('listeners')).toEqual(expect.arrayContaining(['10.1.0.7_9080', 'fd00::7_9080']))
    const cluster = JSON.stringify(of.json('clusters', 'inbound|9080||'))
    expect(cluster).toContain('"port_value":1')
    expect(cluster).not.toContain('"port_value":2')
    const sidecar = istio('Sidecar', 's', { ingress: [{ port: { number: 7 } }] })
    expect(world('10.1.0.7', dual, [...workload, sidecar]).names('listeners')).toEqual(
      expect.arrayContaining(['10.1.0.7_7', 'fd00::7_7']),
    )
  })

  test('P40: of further addresses only what is of the proxy’s own namespace counts', () => {
    const foreign = service('foreign', {}, 'other')
    const other = instance('x', 'foreign', 'fd00::7', {}, 'other')
    expect(world('10.1.0.7', dual, [foreign, other]).names('listeners')).not.toContain('fd00::7_9080')
    const own = seen([foreign, other], proxyOf('sidecar', 'other', '10.1.0.7'), dual)
    expect(own.names('listeners')).toContain('fd00::7_9080')
  })

  test('P40: a workload that comes to a further address is followed', () => {
    const start = given(applied(both))
    const projector = createProjector(start)
    const proxy = projector.follow(proxyOf(), dual)
    const none = projector.follow(proxyOf(), {})
    const step = projector.step(reduceMesh(start, entriesOf([applied(instance('v6', 'both', 'fd00::7'))], 2)))
    expect([...step.reassessed]).toEqual([proxy])
    expect([...proxy.names('listeners')]).toContain('fd00::7_9080')
    expect([...none.names('listeners')]).not.toContain('fd00::7_9080')
  })

  test('P40: callers hear of it once its proxy listens there too', () => {
    const start = given(applied(both))
    const projector = createProjector(start, { isConnected: () => true })
    const callee = projector.follow(proxyOf(), dual)
    const caller = projector.follow(proxyOf('sidecar', 'default', '10.1.0.99'), {})
    const endpoints = () =>
      Buffer.from(
        caller.get('endpoints', 'outbound|9080||both.default.svc.cluster.local')?.bytes() ?? [],
      ).includes('fd00::7')
    const { held } = projector.step(
      reduceMesh(start, entriesOf([applied(instance('v6', 'both', 'fd00::7'))], 2)),
    )
    expect([...held]).toEqual([callee])
    expect(endpoints()).toBe(false)
    projector.free(held)
    expect(endpoints()).toBe(true)
  })
})
