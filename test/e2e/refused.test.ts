import { createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ProxyStatus } from '../../src/model/fleet.ts'
import { typeUrlOf } from '../../src/model/xds.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import type { JsonObject } from './bareResources.ts'
import { startLoad } from './load.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'
import { refusableCluster, refusableEndpoints, refusableListener, refusableRoutes } from './refusable.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('E14: what an Envoy refuses', () => {
  let mesh: Mesh
  let client: Workload
  let second: Workload
  let load: ReturnType<typeof startLoad>
  const made: [kind: string, name: string][] = []

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'reviews', 'ratings']) await mesh.put(service(name))
    client = await mesh.workload('client', {
      service: 'client',
      runtime: { 're2.max_program_size.error_level': 100 },
    })
    const direct = { sidecar: false }
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1', ...direct })
    second = await mesh.workload('reviews-v2', { service: 'reviews', version: 'v2', ...direct })
    await mesh.workload('ratings-v1', { service: 'ratings', version: 'v1', ...direct })
    await mesh.remove('Instance', second.name)
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())

  beforeEach(() => {
    load = startLoad([() => client.get('reviews:9080'), () => client.get('ratings:9080')], 100)
  })
  afterEach(async () => {
    for (const [kind, name] of made.splice(0).reverse()) await mesh.remove(kind, name)
    await vi.waitFor(
      async () => expect(await status()).toMatchObject({ state: 'synced', rejections: [] }),
      15_000,
    )
    await mesh.settled()
    const { requests, failures } = await load.stop()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(0)
  })

  const put = async (resource: unknown): Promise<number> => {
    const { kind, metadata } = resource as { kind: string; metadata: { name: string } }
    const position = await mesh.put(resource)
    made.push([kind, metadata.name])
    return position
  }
  const raw = (name: string, resource: JsonObject): Promise<number> =>
    put({
      apiVersion: 'rutter.dev/v1',
      kind: 'EnvoyResource',
      metadata: { name, namespace: 'default' },
      spec: { proxies: { types: ['sidecar'] }, resource },
    })
  const status = async (): Promise<ProxyStatus | undefined> =>
    (await mesh.json<{ proxies: ProxyStatus[] }>('/api/v1/proxies')).proxies.find(
      ({ id }) => id === client.node,
    )
  const rejectionAt = async (position: number) => {
    const waited = await mesh.json<object>(`/api/v1/wait?position=${position}&timeout=15s`)
    expect(waited).toMatchObject({ rejected: 1, proxies: [{ id: client.node, state: 'rejected' }] })
    const found = await status()
    expect(found?.state).toBe('rejected')
    return found?.rejections
  }

  const answers = async (authority: string, path = '/', count = 20): Promise<string[]> => {
    const seen = new Set<string>()
    for (let i = 0; i < count; i += 1) {
      const { status: code, body } = await client.get(authority, path)
      seen.add(`${code} ${body}`.trim())
    }
    return [...seen].sort()
  }
  const endpointsGoOn = async (): Promise<void> => {
    await put(second.instance)
    await vi.waitFor(
      async () => expect(await answers('reviews:9080')).toEqual(['200 reviews v1', '200 reviews v2']),
      10_000,
    )
    expect((await status())?.state).toBe('rejected')
  }
  /** All that may change while something is refused: endpoints, another service's rules, a new service. */
  const elseGoesOn = async (): Promise<void> => {
    await endpointsGoOn()
    await put(
      routeRule('moved', {
        destination: { name: 'ratings' },
        match: { request: { headers: { uri: { exact: '/old' } } } },
        redirect: { uri: '/new' },
      }),
    )
    await vi.waitFor(async () => expect(await answers('ratings:9080', '/old', 1)).toEqual(['301']), 10_000)
    await put(service('late'))
    await put({
      ...second.instance,
      metadata: { name: 'late-v2', namespace: 'default' },
      spec: { ...second.instance.spec, service: 'late' },
    })
    await vi.waitFor(
      async () => expect(await answers('late:9080', '/', 5)).toEqual(['200 reviews v2']),
      10_000,
    )
    expect((await status())?.state).toBe('rejected')
  }

  test('E14: one virtual host with a regex too large for this Envoy', async () => {
    const position = await put(
      routeRule('greedy', {
        destination: { name: 'reviews' },
        match: { request: { headers: { uri: { regex: '/[a-z]{200}' } } } },
        redirect: { uri: '/never' },
      }),
    )
    expect(await rejectionAt(position)).toEqual([
      {
        typeUrl: typeUrlOf.routes,
        resource: 'http_proxy',
        message: expect.stringMatching(/virtual host reviews.*program size/s),
        cause: { kind: 'RouteRule', namespace: 'default', name: 'greedy', position },
      },
    ])
    await elseGoesOn()
  })

  test('E14: a whole route configuration in the place of the generated one', async () => {
    const position = await raw('bad-routes', refusableRoutes('http_proxy'))
    expect(await rejectionAt(position)).toMatchObject([
      { typeUrl: typeUrlOf.routes, resource: 'http_proxy', cause: { name: 'bad-routes', position } },
    ])
    await endpointsGoOn()
  })

  test('E14: a new cluster, while others warm', async () => {
    const position = await raw('bad-cluster', refusableCluster('ring'))
    expect(await rejectionAt(position)).toEqual([
      {
        typeUrl: typeUrlOf.clusters,
        resource: 'ring',
        message: expect.stringMatching(/ring.*minimum_ring_size/s),
        cause: { kind: 'EnvoyResource', namespace: 'default', name: 'bad-cluster', position },
      },
    ])
    await elseGoesOn()
  })

  test('E14: a new cluster that came together with a good service', async () => {
    const late = { ...second.instance, metadata: { name: 'fresh-v2', namespace: 'default' } }
    const batch = [
      service('fresh'),
      { ...late, spec: { ...late.spec, service: 'fresh' } },
      {
        apiVersion: 'rutter.dev/v1',
        kind: 'EnvoyResource',
        metadata: { name: 'bad-cluster', namespace: 'default' },
        spec: { proxies: { types: ['sidecar'] }, resource: refusableCluster('ring') },
      },
    ]
    const answer = await fetch(`${mesh.url}/api/v1/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    })
    expect(answer.status).toBe(200)
    made.push(['EnvoyResource', 'bad-cluster'], ['Service', 'fresh'], ['Instance', 'fresh-v2'])
    const { position } = (await answer.json()) as { position: number }
    expect(await rejectionAt(position)).toMatchObject([{ resource: 'ring', cause: { name: 'bad-cluster' } }])
    await vi.waitFor(
      async () => expect(await answers('fresh:9080', '/', 5)).toEqual(['200 reviews v2']),
      10_000,
    )
    await elseGoesOn()
  })

  test('E14: the change of a cluster that serves', async () => {
    const name = 'outbound|9080||reviews.default.svc.cluster.local'
    const position = await raw('bad-change', refusableCluster(name))
    expect(await rejectionAt(position)).toMatchObject([
      { typeUrl: typeUrlOf.clusters, resource: name, cause: { name: 'bad-change', position } },
    ])
    await elseGoesOn()
  })

  test('E14: the endpoints of a cluster that serves', async () => {
    const name = 'outbound|9080||ratings.default.svc.cluster.local'
    const position = await raw('bad-endpoints', refusableEndpoints(name))
    expect(await rejectionAt(position)).toMatchObject([
      {
        typeUrl: typeUrlOf.endpoints,
        resource: name,
        message: expect.stringContaining('malformed IP address'),
        cause: { kind: 'EnvoyResource', name: 'bad-endpoints', position },
      },
    ])
    await elseGoesOn()
  })

  test('E14: a listener on a port that somebody else has', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = other.address() as { port: number }
      const position = await raw('busy', refusableListener('busy', port))
      expect(await rejectionAt(position)).toMatchObject([
        {
          typeUrl: typeUrlOf.listeners,
          resource: 'busy',
          message: expect.stringContaining('cannot bind'),
          cause: { kind: 'EnvoyResource', name: 'busy', position },
        },
      ])
      await elseGoesOn()
    } finally {
      await new Promise((resolve) => other.close(resolve))
    }
  })

  test('E14: what is refused again is shown anew, and a good version ends it', async () => {
    const first = await raw('turns', refusableCluster('ring'))
    expect(await rejectionAt(first)).toMatchObject([{ cause: { position: first } }])
    const again = await raw('turns', { ...refusableCluster('ring'), connect_timeout: '3s' })
    await vi.waitFor(
      async () => expect((await status())?.rejections).toMatchObject([{ cause: { position: again } }]),
      10_000,
    )
    const { ring_hash_lb_config: _, ...good } = refusableCluster('ring')
    await mesh.settled(
      await mesh.put({
        apiVersion: 'rutter.dev/v1',
        kind: 'EnvoyResource',
        metadata: { name: 'turns', namespace: 'default' },
        spec: { proxies: { types: ['sidecar'] }, resource: good },
      }),
    )
    made.pop()
    expect(await status()).toMatchObject({ state: 'synced', rejections: [] })
  })
})
