import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type StartedController, startController } from '../../src/cli/startController.ts'
import type { ProxyStatus, Waited } from '../../src/model/fleet.ts'
import { type NatsServers, startNats } from '../adapters/nats/natsHarness.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { envoysAt, type Mesh, meshBehind, type Workload } from './mesh.ts'
import { refusableCluster } from './refusable.ts'
import { runRutter } from './rutterProcess.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

describe.skipIf(envoy.skip || nats.skip)('Envoys that connect to one of several controllers', () => {
  let servers: NatsServers
  let asked: StartedController
  let connected: StartedController
  let mesh: Mesh
  let client: Workload

  beforeAll(async () => {
    servers = await startNats(nats.path)
    const name = randomUUID()
    const start = () =>
      startController({
        log: { profile: { urls: servers.urls, clientName: 'rutter-controller test' }, mesh: name },
        http: { host: '127.0.0.1', port: 0 },
        xds: { host: '127.0.0.1', port: 0 },
        version: 'test',
        notice: () => {},
        lost: (reason) => {
          throw reason
        },
        id: randomUUID(),
      })
    asked = await start()
    connected = await start()
    mesh = meshBehind(asked.http.url, envoysAt(envoy.path, connected.xds.port))
    for (const name of ['client', 'reviews']) await mesh.put(service(name))
    client = await mesh.workload('client-1', { service: 'client' })
    for (const version of ['v1', 'v2'])
      await mesh.workload(`reviews-${version}`, { service: 'reviews', version })
    await vi.waitFor(async () => expect(await proxiesOf(asked)).toHaveLength(3), { timeout: 30_000 })
    await mesh.settled()
  }, 60_000)
  afterAll(async () => {
    await mesh?.stop()
    await connected?.close()
    await asked?.close()
    await servers?.stop()
  }, 60_000)

  const proxiesOf = async ({ http }: StartedController): Promise<readonly ProxyStatus[]> =>
    ((await (await fetch(`${http.url}/api/v1/proxies`)).json()) as { proxies: readonly ProxyStatus[] })
      .proxies
  const waited = async (position: number): Promise<Waited> =>
    mesh.json<Waited>(`/api/v1/wait?position=${position}&timeout=15s`)

  test('B30: are shown and waited for by another controller as by their own', async () => {
    for (const version of ['v2', 'v1', 'v2']) {
      const position = await mesh.put(
        routeRule('reviews', {
          destination: { name: 'reviews' },
          match: { source: { name: 'client' } },
          route: [{ labels: { version } }],
        }),
      )
      const { proxies, ...counts } = await waited(position)
      expect(counts).toEqual({ position, acknowledged: 1, unaffected: 2, rejected: 0, pending: 0, silent: 0 })
      expect(proxies.find(({ state }) => state === 'acknowledged')?.id).toBe(client.node)
      expect((await client.get('reviews:9080')).body).toBe(`reviews ${version}`)
    }
    await expect.poll(() => proxiesOf(asked), { timeout: 20_000 }).toEqual(await proxiesOf(connected))
    const { code, out } = await runRutter(['wait', '--server', asked.http.url, '-o', 'json'])
    expect([code, JSON.parse(out).proxies.length]).toEqual([0, 3])
  }, 60_000)

  test('B30: what they refuse is shown by another controller, and ends waiting there', async () => {
    const position = await mesh.put({
      apiVersion: 'rutter.dev/v1',
      kind: 'EnvoyResource',
      metadata: { name: 'refused', namespace: 'default' },
      spec: { proxies: { ids: [client.node] }, resource: refusableCluster('refused') },
    })
    expect(await waited(position)).toMatchObject({ rejected: 1, unaffected: 2 })
    expect((await proxiesOf(asked)).find(({ id }) => id === client.node)).toMatchObject({
      state: 'rejected',
      rejections: [{ cause: { kind: 'EnvoyResource', name: 'refused', position } }],
    })
    await mesh.remove('EnvoyResource', 'refused')
    await mesh.settled()
  }, 60_000)

  test('B30: of a controller that is gone nothing is waited for', async () => {
    await connected.close()
    await expect.poll(() => proxiesOf(asked), { timeout: 30_000 }).toEqual([])
    const position = await mesh.put(service('later'))
    expect(await waited(position)).toMatchObject({ position, pending: 0, silent: 0, proxies: [] })
  }, 60_000)
})
