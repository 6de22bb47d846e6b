import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('from an event to a request', () => {
  let mesh: Mesh
  let client: Workload

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    await mesh.put(service('reviews'))
    await mesh.put(service('client'))
    client = await mesh.workload('client', { service: 'client' })
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1' })
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())

  test('E1: a service in the registry answers through two Envoys', async () => {
    expect(await client.get('reviews:9080')).toMatchObject({ status: 200, body: 'reviews v1' })
  })

  test('E1: a rule redirects what it matches', async () => {
    await mesh.put(
      routeRule('moved', {
        destination: { name: 'reviews' },
        match: { request: { headers: { uri: { exact: '/old' } } } },
        redirect: { uri: '/new' },
      }),
    )
    await mesh.settled()
    expect(await client.get('reviews:9080', '/old')).toMatchObject({ status: 301 })
    expect(await client.get('reviews:9080', '/')).toMatchObject({ status: 200 })
  })
})
