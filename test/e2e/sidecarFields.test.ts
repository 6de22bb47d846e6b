import { createServer as createHttpServer, get } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { MeshSettingsSpec } from '../../src/model/meshSettings.ts'
import type { SidecarIngress, SidecarSpec } from '../../src/model/sidecar.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { settings } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('fields of Sidecars that other tests do not see, on a real Envoy', () => {
  let mesh: OwnMesh
  let client: Workload
  const servers: Server[] = []
  const port = { web: 0, tcp: 0 }
  let capture: MeshSettingsSpec = {}

  const listening = async (server: Server): Promise<number> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return (server.address() as AddressInfo).port
  }

  beforeAll(async () => {
    port.web = await listening(createHttpServer((_, response) => response.end('web')))
    port.tcp = await listening(createServer((socket) => socket.on('error', () => {}).end('tcp')))
    mesh = await startMesh(envoy.path)
    capture = { ...(await capturePorts()), accessLog: '' }
    await mesh.put(settings(capture))
    for (const name of ['client', 'a', 'b']) await mesh.put(service(name))
    for (const name of ['a', 'b']) await mesh.workload(name, { service: name, sidecar: false })
    client = await mesh.workload('client', { service: 'client', labels: { app: 'client' } })
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const server of servers) server.close()
  })
  afterEach(async () => {
    await mesh.settled(await mesh.remove('Sidecar', 'sidecar'))
  })

  const sidecar = async (spec: SidecarSpec): Promise<void> =>
    mesh.settled(await mesh.put(istio('Sidecar', 'sidecar', spec)))
  const reached = async () =>
    (await Promise.all(['a', 'b'].map((name) => client.get(`${name}:9080`)))).map(({ status }) => status)

  test('FT12: a proxy whose labels are selected gets the hosts that are named', async () => {
    const egress = [{ hosts: ['./a.default.svc.cluster.local'] }]
    await sidecar({ workloadSelector: { labels: { app: 'other' } }, egress })
    expect(await reached()).toEqual([200, 200])
    await sidecar({ workloadSelector: { labels: { app: 'client' } }, egress })
    expect(await reached()).toEqual([200, 404])
    await sidecar({ egress: [{ hosts: ['./a.default.svc.cluster.local'] }, { hosts: ['*/*'] }] })
    expect(await reached()).toEqual([200, 200])
  })

  test('FT12: an ingress is spoken as its protocol says, or its name', async () => {
    const through = async (its: Omit<SidecarIngress['port'], 'number'>): Promise<void> =>
      sidecar({
        ingress: [{ port: { number: 9080, ...its }, defaultEndpoint: `127.0.0.1:${port.web}` }],
      })
    // Where requests are routed Envoy says so in the answer.
    const by = (): Promise<unknown> =>
      new Promise((resolve) => {
        get({ host: client.address, port: 9080, agent: false }, (answer) => {
          answer.resume()
          resolve(answer.headers.server)
        }).on('error', ({ message }) => resolve(message))
      })
    await expect.poll(by).toBe('envoy')
    for (const its of [{ protocol: 'TCP' as const }, { name: 'tcp-web' }]) {
      await through(its)
      await expect.poll(by).toBe(undefined)
      await through({ protocol: 'HTTP' })
      await expect.poll(by).toBe('envoy')
    }
  })

  test.each([
    ['REGISTRY_ONLY', 'passthrough', ''],
    ['ALLOW_ANY', 'refuse', 'tcp'],
  ] as const)(
    'FT12: with %s in a mesh that says %s what nobody declares is "%s"',
    async (mode, undeclaredOutbound, heard) => {
      await mesh.put(settings({ ...capture, undeclaredOutbound }))
      await sidecar({ outboundTrafficPolicy: { mode } })
      const captured = await startCapturedSidecar(mesh, envoy.path, '127.0.0.1')
      onTestFinished(async () => {
        await captured.envoy.stop()
        await mesh.remove('EnvoyResource', 'capture')
      })
      await mesh.settled()
      const say = () => captured.say({ address: '127.0.0.1', port: port.tcp }, '')
      await expect.poll(say).toBe(heard)
      if (heard === '') for (let i = 0; i < 5; i += 1) expect(await say()).toBe('')
    },
  )
})
