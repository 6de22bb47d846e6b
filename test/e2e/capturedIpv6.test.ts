import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ProxyMetadata } from '../../src/model/proxy.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { settings } from '../projections/anyMesh.ts'
import { instance, service } from '../reducers/given.ts'
import { type CapturedSidecar, capturePorts, startCapturedSidecar, type Target } from './capturedSidecar.ts'
import { type OwnMesh, startMesh } from './mesh.ts'

const envoy = await envoyOrSkip()

/** Listening at `host`, or why not. */
const listening = (server: Server, host: string): Promise<number | Error> =>
  new Promise((resolve) => {
    server.once('error', resolve)
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port))
  })

/** Whether this machine has the address. */
const has = async (address: string): Promise<boolean> => {
  const server = createServer()
  const port = await listening(server, address)
  server.close()
  return typeof port === 'number'
}

/** All that `target` says, until it closes; '' where the connection is closed at once. */
const hear = async (sidecar: CapturedSidecar, target: Target): Promise<string> => {
  const socket = await sidecar.connect(target)
  return new Promise((resolve) => {
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
  })
}

const ipv6 = await has('::1')
// Istio gives it to the loopback of those whose connections it captures.
const passesIn = await has('::6')

describe.skipIf(envoy.skip || !ipv6)('capture of IPv6 on a real Envoy', () => {
  const servers: Server[] = []
  let mesh: OwnMesh
  const port = { web: 0, db: 0, other: 0 }
  const wanted = { web: 0, db: 0, plain: 0 }

  const started = async (server: Server): Promise<number> => {
    servers.push(server)
    const at = await listening(server, '::1')
    if (typeof at !== 'number') throw at
    return at
  }
  const saying = (text: string) => createServer((socket) => socket.on('error', () => {}).end(text))
  const answering = (text: string): Server => {
    const answer: RequestListener = (_, response) => response.end(text)
    return createHttpServer(answer)
  }

  beforeAll(async () => {
    port.web = await started(answering('web'))
    port.db = await started(saying('db'))
    port.other = await started(saying('other'))
    mesh = await startMesh(envoy.path)
    wanted.web = await freePort()
    wanted.db = await freePort()
    wanted.plain = await freePort()
    await mesh.put(settings({ ...(await capturePorts()), accessLog: '' }))
    await mesh.put(service('web', { address: 'fd00::10', ports: [{ name: 'http', port: wanted.web }] }))
    await mesh.put(service('db', { address: 'fd00::11', ports: [{ name: 'tcp', port: wanted.db }] }))
    await mesh.put(service('plain', { ports: [{ name: 'tcp', port: wanted.plain }] }))
    const behind = (at: number) => ({ port: at, app: `[::1]:${at}` })
    await mesh.put(instance('web', 'web', '::1', { ports: { http: behind(port.web) } }))
    for (const name of ['db', 'plain'])
      await mesh.put(instance(name, name, '::1', { ports: { tcp: behind(port.db) } }))
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const server of servers) server.close()
  })

  const captured = async (
    ip: string,
    direction: 'Outbound' | 'Inbound' = 'Outbound',
    metadata: ProxyMetadata = {},
  ): Promise<CapturedSidecar> => {
    const sidecar = await startCapturedSidecar(mesh, envoy.path, ip, direction, metadata)
    onTestFinished(async () => {
      await sidecar.envoy.stop()
      await mesh.remove('EnvoyResource', 'capture')
    })
    await mesh.settled()
    return sidecar
  }

  test.each([
    ['an IPv6 address', '::1', {}],
    ['another one that is IPv6', '127.0.0.1', { ips: ['::1'] }],
  ] as const)('E61: what a workload of %s sends is captured', async (_, ip, metadata) => {
    const sidecar = await captured(ip, 'Outbound', metadata)
    const web = { address: 'fd00::10', port: wanted.web }
    await expect.poll(() => sidecar.get(web, 'web')).toMatchObject({ status: 200, body: 'web' })
    expect(await sidecar.get({ ...web, address: 'fd00::99' }, `web:${web.port}`)).toMatchObject({
      body: 'web',
    })
    expect(await sidecar.get(web, `[fd00::10]:${web.port}`)).toMatchObject({ body: 'web' })
    await expect.poll(() => hear(sidecar, { address: 'fd00::11', port: wanted.db })).toBe('db')
    expect(await hear(sidecar, { address: 'fd00::99', port: wanted.plain })).toBe('db')
    expect(await hear(sidecar, { address: '::1', port: port.other })).toBe('other')
    // IPv4 as ever.
    expect(await sidecar.get({ ...web, address: '10.0.0.9' }, 'web')).toMatchObject({ body: 'web' })
    const { proxyListenPort = 0 } = (
      await mesh.json<{ spec: { proxyListenPort: number } }>('/api/v1/config/MeshSettings/default/mesh')
    ).spec
    expect(await hear(sidecar, { address: '::1', port: proxyListenPort })).toBe('')
  })

  test.each([
    ['an IPv6 address', '::1', {}],
    ['another one that is IPv6', '127.0.0.1', { ips: ['::1'] }],
  ] as const)('E61: what comes in to a workload of %s goes to its application', async (_, ip, metadata) => {
    const sidecar = await captured(ip, 'Inbound', metadata)
    const web = { address: '::1', port: port.web }
    await expect
      .poll(() => sidecar.get(web, 'x'))
      .toMatchObject({ status: 200, body: 'web', headers: { server: 'envoy' } })
    expect(await hear(sidecar, { address: '::1', port: port.db })).toBe('db')
  })

  test.skipIf(!passesIn)('E61: what no instance declares passes in, from ::6', async () => {
    const from: (string | undefined)[] = []
    const server = createServer((socket) => {
      from.push(socket.remoteAddress)
      socket.on('error', () => {}).end('undeclared')
    })
    const undeclared = await started(server)
    const sidecar = await captured('::1', 'Inbound')
    await expect.poll(() => hear(sidecar, { address: '::1', port: undeclared })).toBe('undeclared')
    expect(from.at(-1)).toBe('::6')
  })

  test('E61: a workload of IPv4 alone has nothing of IPv6', async () => {
    const sidecar = await captured('127.0.0.9')
    const listeners = JSON.stringify(await mesh.json(`/api/v1/proxies/${sidecar.node}/listeners`))
    expect(listeners).toContain('"0.0.0.0"')
    expect(listeners).not.toContain('"::"')
    expect(listeners).not.toContain('"fd00::11"')
    await expect(hear(sidecar, { address: 'fd00::11', port: wanted.db })).rejects.toThrow('ECONNREFUSED')
  })
})
