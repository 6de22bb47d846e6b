import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { IngressRuleSpec } from '../../src/model/ingressRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { instance, service } from '../reducers/given.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('fields of ingress rules, on a real Envoy', () => {
  let mesh: Mesh
  let gate: Workload
  const { put, clear } = passingResources(() => mesh)

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['gate', 'reviews', 'ratings']) await mesh.put(service(name))
    const ports = [
      { name: 'http', port: 9080 },
      { name: 'http-two', port: 9081 },
    ]
    await mesh.put(service('both', { ports }))
    gate = await mesh.workload('gate', { service: 'gate', type: 'ingress' })
    const reviews = await mesh.workload('reviews', { service: 'reviews', sidecar: false })
    const ratings = await mesh.workload('ratings', { service: 'ratings', sidecar: false })
    await mesh.put(instance('one', 'both', reviews.address, { ports: { http: 9080 } }))
    await mesh.put(instance('two', 'both', ratings.address, { ports: { 'http-two': 9080 } }))
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())
  afterEach(() => clear())

  const ingress = async (name: string, spec: IngressRuleSpec): Promise<void> => {
    const resource = { apiVersion: 'config.istio.io/v1alpha2', kind: 'IngressRule', spec }
    await put({ ...resource, metadata: { name, namespace: 'default' } })
  }
  const body = async () => (await gate.get('x', '/')).body

  test.each([
    [{}, 'reviews'],
    [{ destinationPort: 9080 }, 'reviews'],
    [{ destinationPort: 9081 }, 'ratings'],
    [{ destinationPortName: 'http-two' }, 'ratings'],
  ])('FT6: with %j requests go to that port of the destination', async (port, expected) => {
    await ingress('in', { destination: { name: 'both' }, ...port })
    expect(await body()).toBe(expected)
  })

  test('FT6: the rule with the higher precedence goes first, whatever its name', async () => {
    await ingress('a', { destination: { name: 'reviews' }, precedence: 1 })
    await ingress('b', { destination: { name: 'ratings' }, precedence: 2 })
    expect(await body()).toBe('ratings')
  })

  test('FT6: a rule with a port is on that port alone', async () => {
    const port = await freePort()
    await ingress('in', { destination: { name: 'reviews' }, port })
    // Envoy acknowledges a listener a moment before its workers have it.
    const there = async () => (await fetch(`http://${gate.address}:${port}/`).catch(() => undefined))?.text()
    await expect.poll(there).toBe('reviews')
    expect((await gate.get('x', '/')).status).toBe(404)
  })
})
