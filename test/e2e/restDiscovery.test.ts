import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type StartedController, startController } from '../../src/cli/startController.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { startEnvoy } from './envoyHarness.ts'
import { type Beside, type Mesh, meshBehind, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

const restOf = (cluster: string) => ({
  resource_api_version: 'V3',
  api_config_source: {
    api_type: 'REST',
    transport_api_version: 'V3',
    cluster_names: [cluster],
    refresh_delay: '0.2s',
    request_timeout: '5s',
  },
})

/** Envoys that ask the HTTP API on `port` for their configuration, again and again. */
const asking =
  (port: number): Beside =>
  async ({ node, httpProxy }) => {
    const cluster = 'the-controller'
    const found = await startEnvoy({
      envoy: envoy.path,
      bootstrap: {
        node: {
          id: node,
          cluster: 'test',
          metadata: {
            'rutter.dev/http-proxy': `${httpProxy.address}:${httpProxy.port}`,
            'rutter.dev/rest-cluster': cluster,
          },
        },
        dynamic_resources: { cds_config: restOf(cluster), lds_config: restOf(cluster) },
        static_resources: {
          clusters: [
            {
              name: cluster,
              type: 'STATIC',
              load_assignment: {
                cluster_name: cluster,
                endpoints: [
                  {
                    lb_endpoints: [
                      {
                        endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } },
                      },
                    ],
                  },
                ],
              },
            },
          ],
        },
      },
      until: 'started',
    })
    return { envoy: found, stop: () => found.stop() }
  }

describe.skipIf(envoy.skip)('an Envoy over REST', () => {
  let started: StartedController
  let mesh: Mesh
  let client: Workload

  beforeAll(async () => {
    started = await startController({
      log: 'memory',
      http: { host: '127.0.0.1', port: 0 },
      xds: { host: '127.0.0.1', port: 0 },
      version: 'test',
      notice: () => {},
      lost: (reason) => {
        throw reason
      },
    })
    mesh = meshBehind(started.http.url, asking(started.http.port))
    await mesh.put(service('reviews'))
    client = await mesh.workload('client', { service: 'reviews', version: 'v2' })
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1' })
  })
  afterAll(async () => {
    await mesh?.stop()
    await started?.close()
  })

  const statusOf = (path: string) => async () => (await client.get('reviews:9080', path)).status

  test('E60: clusters, endpoints, listeners and routes come by asking, and change with the rules', async () => {
    await expect.poll(statusOf('/'), { timeout: 15_000 }).toBe(200)
    const destination = { name: 'reviews' }
    await mesh.put(routeRule('moved', { destination, redirect: { uri: '/new' } }))
    await expect.poll(statusOf('/'), { timeout: 15_000 }).toBe(301)
    await mesh.put(routeRule('moved', { destination, route: [{ labels: { version: 'v1' } }] }))
    await expect
      .poll(async () => (await client.get('reviews:9080')).body, { timeout: 15_000 })
      .toBe('reviews v1')
  })

  test('E60: what is the same is 304, and Envoy took all that it was given', async () => {
    const stats = await client.envoy?.stats('update_(rejected|failure)')
    expect([...(stats ?? [])].filter(([, count]) => count > 0)).toEqual([])
    const asked = (version_info: string) =>
      fetch(`${started.http.url}/v3/discovery:clusters`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ version_info, node: { id: client.node } }),
      })
    const first = (await (await asked('')).json()) as { version_info: string }
    expect((await asked(first.version_info)).status).toBe(304)
  })
})
