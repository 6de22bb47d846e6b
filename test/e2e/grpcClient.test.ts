import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ProxyStatus } from '../../src/model/fleet.ts'
import { typeUrlOf } from '../../src/model/xds.ts'
import { envoyResource, type JsonObject } from './bareResources.ts'
import { type OwnMesh, startMesh } from './mesh.ts'

const node = 'grpc-client'
const target = 'echo.example'

type Counts = Readonly<Record<string, number>>

describe('an independent xDS client (@grpc/grpc-js-xds)', () => {
  let mesh: OwnMesh
  let caller: ChildProcess
  const servers: Server[] = []
  const ports: Record<string, number> = {}

  beforeAll(async () => {
    mesh = await startMesh('')
    for (const name of ['one', 'two', 'three']) {
      const { server, port } = await echoServer(name)
      servers.push(server)
      ports[name] = port
    }
    await put('listener', listener)
    await put('routes', routes(90, 10))
    for (const name of ['one', 'two']) {
      await put(`${name}-cluster`, cluster(name))
      await put(`${name}-endpoints`, endpoints(name, ports[name] ?? 0))
    }
    caller = fork('test/e2e/fixtures/grpcCaller.mjs', [target], {
      env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap(mesh.started.xds.port)) },
    })
  })
  afterAll(async () => {
    if (caller?.connected) {
      caller.disconnect()
      await once(caller, 'exit')
    }
    for (const server of servers) server.forceShutdown()
    await mesh?.stop()
  })

  const put = (name: string, resource: JsonObject) => mesh.put(envoyResource(name, [node], resource))

  const call = async (calls: number): Promise<Counts> => {
    caller.send({ calls })
    const [counts] = (await once(caller, 'message')) as [Counts]
    expect(Object.keys(counts).filter((who) => who.startsWith('failed'))).toEqual([])
    return counts
  }
  const shareOf = (counts: Counts, name: string): number => {
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
    return (100 * (counts[name] ?? 0)) / total
  }
  const status = async (): Promise<ProxyStatus | undefined> =>
    (await mesh.json<{ proxies: ProxyStatus[] }>('/api/v1/proxies')).proxies.find(({ id }) => id === node)

  test('E15: resolves and calls through the controller, split as the weights say', async () => {
    const counts = await call(1000)
    expect(Object.keys(counts).sort()).toEqual(['one', 'two'])
    expect(Math.abs(shareOf(counts, 'one') - 90)).toBeLessThan(7)
    await vi.waitFor(
      async () => expect(await status()).toMatchObject({ type: 'bare', state: 'synced' }),
      10_000,
    )
  })

  test('E15: follows a change of the weights, without a failed call', async () => {
    const position = await put('routes', routes(20, 80))
    await mesh.settled(position)
    expect(await status()).toMatchObject({ state: 'synced', ackedPosition: position })
    // It acknowledges before it calls by what it acknowledged.
    await vi.waitFor(async () => expect(shareOf(await call(100), 'one')).toBeLessThan(50), 20_000)
    const counts = await call(1000)
    expect(Object.keys(counts).sort()).toEqual(['one', 'two'])
    expect(Math.abs(shareOf(counts, 'one') - 20)).toBeLessThan(7)
  })

  test('E15: what it refuses is shown; what it had goes on serving, and endpoints go on changing', async () => {
    const position = await put('routes', routes(0, 0))
    expect(await mesh.json(`/api/v1/wait?position=${position}&timeout=20s`)).toMatchObject({ rejected: 1 })
    expect(await status()).toMatchObject({
      state: 'rejected',
      rejections: [
        {
          typeUrl: typeUrlOf.routes,
          resource: 'echo-routes',
          message: expect.stringMatching(/weight/i),
          cause: { kind: 'EnvoyResource', namespace: 'default', name: 'routes', position },
        },
      ],
    })
    const counts = await call(500)
    expect(Object.keys(counts).sort()).toEqual(['one', 'two'])
    expect(Math.abs(shareOf(counts, 'one') - 20)).toBeLessThan(8)

    await put('two-endpoints', endpoints('two', ports['three'] ?? 0))
    await vi.waitFor(async () => expect(await call(20)).toHaveProperty('three'), 20_000)
    expect(Object.keys(await call(200)).sort()).toEqual(['one', 'three'])
    expect(await status()).toMatchObject({ state: 'rejected', rejections: [{ resource: 'echo-routes' }] })
  })

  test('E15: what it takes again ends the refusal', async () => {
    await mesh.settled(await put('routes', routes(50, 50)))
    expect(await status()).toMatchObject({ state: 'synced', rejections: [] })
    expect(Object.keys(await call(200)).sort()).toEqual(['one', 'three'])
  })
})

const echoServer = async (name: string): Promise<{ readonly server: Server; readonly port: number }> => {
  const server = new Server()
  const asItIs = (bytes: Buffer): Buffer => bytes
  server.addService(
    {
      Who: {
        path: '/echo.Echo/Who',
        requestStream: false,
        responseStream: false,
        requestSerialize: asItIs,
        requestDeserialize: asItIs,
        responseSerialize: asItIs,
        responseDeserialize: asItIs,
      },
    },
    { Who: (_: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, Buffer.from(name)) },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  return { server, port }
}

const bootstrap = (xdsPort: number): JsonObject => ({
  xds_servers: [
    {
      server_uri: `127.0.0.1:${xdsPort}`,
      channel_creds: [{ type: 'insecure' }],
      server_features: ['xds_v3'],
    },
  ],
  node: { id: node, locality: { region: 'here', zone: 'here-1' } },
})

const listener: JsonObject = {
  '@type': typeUrlOf.listeners,
  name: target,
  api_listener: {
    api_listener: {
      '@type':
        'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: 'echo',
      rds: { route_config_name: 'echo-routes', config_source: { ads: {}, resource_api_version: 'V3' } },
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
    },
  },
}

const routes = (one: number, two: number): JsonObject => ({
  '@type': typeUrlOf.routes,
  name: 'echo-routes',
  virtual_hosts: [
    {
      name: 'echo',
      domains: [target],
      routes: [
        {
          match: { prefix: '' },
          route: {
            weighted_clusters: {
              clusters: [
                { name: 'one', weight: one },
                { name: 'two', weight: two },
              ],
            },
          },
        },
      ],
    },
  ],
})

const cluster = (name: string): JsonObject => ({
  '@type': typeUrlOf.clusters,
  name,
  type: 'EDS',
  eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 'V3' } },
  lb_policy: 'ROUND_ROBIN',
})

const endpoints = (name: string, port: number): JsonObject => ({
  '@type': typeUrlOf.endpoints,
  cluster_name: name,
  endpoints: [
    {
      locality: { region: 'here', zone: 'here-1' },
      load_balancing_weight: 1,
      lb_endpoints: [
        { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } },
      ],
    },
  ],
})
