import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { SidecarEgress, SidecarSpec } from '../../src/model/sidecar.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { settings } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

type Place = { readonly host: string; readonly port: number } | { readonly path: string }

/** What the application is answered at a place, without knowing of any proxy; a message where nobody listens. */
const ask = (
  place: Place,
  authority: string,
): Promise<{ readonly status: number; readonly body: string } | string> =>
  new Promise((resolve) => {
    const to = 'path' in place ? { socketPath: place.path } : place
    httpRequest({ ...to, path: '/', headers: { host: authority }, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', ({ message }) => resolve(message))
      .end()
  })

/** The beginning of what is answered at a socket without a file; Node 20 fills its name up with zeros, and finds none. */
const askNameless = async (name: string, authority: string): Promise<string> => {
  const asking = `import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect('\\0' + sys.argv[1])
s.sendall(f'GET / HTTP/1.1\\r\\nhost: {sys.argv[2]}\\r\\n\\r\\n'.encode())
print(s.recv(65536).decode())`
  return promisify(execFile)('python3', ['-c', asking, name, authority]).then(
    ({ stdout }) => stdout,
    ({ message }: Error) => message,
  )
}

/** What a connection to a place hears; '' where it is closed, or refused. */
const hear = (place: Place): Promise<string> =>
  new Promise((resolve) => {
    let heard = ''
    const socket = connect(place)
    socket.on('data', (chunk) => {
      heard += chunk
    })
    socket.on('error', () => resolve(heard))
    socket.on('close', () => resolve(heard))
  })

describe.skipIf(envoy.skip)('places of a Sidecar’s egress on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-egress-'))
  const servers: Server[] = []
  let mesh: OwnMesh
  let client: Workload
  let web = 0
  let db = 0
  const socket = join(directory, 'egress.sock')
  const hosts = (...names: readonly string[]) => names.map((name) => `./${name}.default.svc.cluster.local`)
  const at = (port: number): Place => ({ host: '127.0.0.1', port })

  beforeAll(async () => {
    ;[web, db] = [await freePort(), await freePort()]
    const server = createServer((connection) => connection.on('error', () => {}).end('db'))
    servers.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    mesh = await startMesh(envoy.path)
    for (const name of ['a', 'b']) {
      await mesh.put(service(name, { ports: [{ name: 'http', port: web }] }))
      await mesh.workload(name, { service: name, sidecar: false })
    }
    await mesh.put(service('db', { address: '10.9.0.9', ports: [{ name: 'tcp', port: db }] }))
    await mesh.put(service('client'))
    const { port } = server.address() as AddressInfo
    await mesh.put(instance('db', 'db', '127.0.0.1', { ports: { tcp: port }, labels: { app: 'captured' } }))
    client = await mesh.workload('client', { service: 'client', labels: { app: 'client' } })
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const server of servers) server.close()
    rmSync(directory, { recursive: true })
  })
  afterEach(async () => {
    await mesh.settled(await mesh.remove('Sidecar', 'client'))
  })

  const put = (egress: readonly SidecarEgress[], more: SidecarSpec = {}): Promise<number> =>
    mesh.put(istio('Sidecar', 'client', { ...more, egress }))
  const sidecar = async (...egress: readonly SidecarEgress[]): Promise<void> =>
    mesh.settled(await put(egress))

  test('Y55: without capture requests reach the hosts of a place there, and no others, and go when it goes', async () => {
    const place = { port: { number: web }, captureMode: 'NONE' } as const
    await sidecar({ ...place, hosts: hosts('a') }, { hosts: hosts('b') })
    for (const authority of [`a:${web}`, 'a', 'a.default.svc.cluster.local'])
      await expect.poll(() => ask(at(web), authority)).toEqual({ status: 200, body: 'a' })
    expect(await ask(at(web), `b:${web}`)).toMatchObject({ status: 404 })
    // What has a place is called there.
    expect((await client.get(`a:${web}`)).status).toBe(404)
    expect((await client.get(`b:${web}`)).body).toBe('b')
    await sidecar({ ...place, hosts: hosts('b') })
    await expect.poll(() => ask(at(web), 'b')).toEqual({ status: 200, body: 'b' })
    expect(await ask(at(web), 'a')).toMatchObject({ status: 404 })
    await sidecar({ hosts: ['*/*'] })
    await expect.poll(() => ask(at(web), 'b')).toContain('ECONNREFUSED')
    expect((await client.get(`a:${web}`)).body).toBe('a')
  })

  test('Y55: without a port every port of the hosts is at its number, at the address of bind', async () => {
    const place = { bind: '127.0.0.3', captureMode: 'NONE' } as const
    await sidecar({ ...place, hosts: ['./*'] })
    await expect.poll(() => hear({ host: '127.0.0.3', port: db })).toBe('db')
    expect(await ask({ host: '127.0.0.3', port: web }, 'b')).toEqual({ status: 200, body: 'b' })
    expect(await hear(at(db))).toBe('')
  })

  test('Y55: connections to a place go to its service', async () => {
    await sidecar({ port: { number: db }, captureMode: 'NONE', hosts: ['./*'] })
    await expect.poll(() => hear(at(db))).toBe('db')
    await sidecar({ port: { number: db }, captureMode: 'NONE', hosts: hosts('a', 'client') })
    await expect.poll(() => hear(at(db))).toBe('')
  })

  test('Y55: at a socket hosts are called on one port or on all, by request or by connection', async () => {
    const bind = `unix://${socket}`
    await sidecar({ bind, port: { number: 0, protocol: 'HTTP' }, hosts: hosts('a', 'db') })
    const there = { path: socket }
    await expect.poll(() => ask(there, `a:${web}`)).toEqual({ status: 200, body: 'a' })
    for (const authority of ['a', `b:${web}`])
      expect(await ask(there, authority), authority).toMatchObject({ status: 404 })
    await sidecar({ bind, port: { number: web }, hosts: hosts('a', 'db') })
    await expect.poll(() => ask(there, 'a')).toEqual({ status: 200, body: 'a' })
    await sidecar({ bind, port: { number: 0, name: 'tcp-all' }, hosts: ['./*'] })
    await expect.poll(() => hear(there)).toBe('db')
    const nameless = `@rutter-egress-${process.pid}`
    await sidecar({ bind: `unix://${nameless}`, hosts: hosts('a') })
    await expect.poll(() => askNameless(nameless.slice(1), `a:${web}`)).toMatch(/^HTTP\/1.1 200 /)
  })

  test('Q12: what becomes of a request at a place is explained as it is', async () => {
    const bind = `unix://${socket}`
    await sidecar(
      { port: { number: web }, captureMode: 'NONE', hosts: hosts('a') },
      { bind, port: { number: 0, protocol: 'HTTP' }, hosts: hosts('b') },
    )
    const explained = async (authority: string, at: object): Promise<unknown> => {
      const asked = { url: `http://127.0.0.1:${web}/`, headers: { host: authority }, ...at }
      const response = await fetch(`${mesh.url}/api/v1/explain`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ proxy: client.node, requests: [asked] }),
      })
      const { items } = (await response.json()) as {
        items: { outcome: { status?: number; clusters?: { name: string }[] } }[]
      }
      const { status, clusters = [] } = items[0]?.outcome ?? {}
      return status ?? clusters[0]?.name.split('|')[3]?.split('.')[0]
    }
    for (const [place, at] of [
      [{ host: '127.0.0.1', port: web }, {}],
      [{ path: socket }, { socket }],
    ] as const)
      for (const authority of ['a', 'b', `a:${web}`, `b:${web}`, '127.0.0.1']) {
        const answered = async () => {
          const answer = await ask(place, authority)
          return typeof answer === 'string' || answer.status === 200 ? answer : answer.status
        }
        const expected = await explained(authority, at)
        await expect
          .poll(answered, { message: authority })
          .toEqual(typeof expected === 'number' ? expected : { status: 200, body: expected })
      }
  })

  test('Y56: captured connections to bind are for its hosts; a place without capture is bound beside', async () => {
    await mesh.put(settings({ ...(await capturePorts()), accessLog: '' }))
    await put(
      [
        { bind: '10.9.0.1', port: { number: web }, hosts: hosts('a') },
        { bind: '10.9.0.2', hosts: hosts('db') },
        { captureMode: 'NONE', port: { number: web }, hosts: hosts('b') },
      ],
      { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' }, workloadSelector: { labels: { app: 'captured' } } },
    )
    const captured = await startCapturedSidecar(mesh, envoy.path, '127.0.0.1')
    onTestFinished(async () => {
      await captured.envoy.stop()
      await mesh.remove('EnvoyResource', 'capture')
      await mesh.put(settings({ accessLog: '' }))
    })
    await mesh.settled()
    const get = (address: string, authority: string) => captured.get({ address, port: web }, authority)
    await expect.poll(() => get('10.9.0.1', 'a')).toMatchObject({ status: 200, body: 'a' })
    expect(await get('10.9.0.1', 'b')).toMatchObject({ status: 404 })
    await expect.poll(() => captured.say({ address: '10.9.0.2', port: db }, '')).toBe('db')
    // Its own address is no place of it any more.
    expect(await captured.say({ address: '10.9.0.9', port: db }, '')).toBe('')
    expect(await ask(at(web), 'b')).toEqual({ status: 200, body: 'b' })
    expect(await ask(at(web), 'a')).toMatchObject({ status: 404 })
  })

  test('Y57: a place that the proxy itself listens at is left out, and the rest stays', async () => {
    const own = { number: 15_002 }
    await mesh.put(service('late', { ports: [{ name: 'http', port: 15_002 }] }))
    await mesh.put(instance('late', 'late', '127.0.0.1'))
    await sidecar(
      { bind: client.address, port: own, captureMode: 'NONE', hosts: hosts('late') },
      { bind: client.address, port: { number: 9080 }, captureMode: 'NONE', hosts: hosts('client') },
      { captureMode: 'NONE', port: { number: web }, hosts: hosts('a') },
      { hosts: hosts('b') },
    )
    await expect.poll(() => ask(at(web), 'a')).toEqual({ status: 200, body: 'a' })
    expect((await client.get(`b:${web}`)).body).toBe('b')
    expect(await ask({ host: client.address, port: 9080 }, 'whatever')).toMatchObject({ body: 'client' })
  })

  test('Y57: a place that somebody else has is refused alone, names the Sidecar, and heals', async () => {
    const other = createServer()
    await new Promise<void>((done) => other.listen(db, '127.0.0.1', done))
    await put([
      { captureMode: 'NONE', port: { number: db }, hosts: hosts('db') },
      { captureMode: 'NONE', port: { number: web }, hosts: hosts('a') },
    ])
    await expect.poll(() => ask(at(web), 'a')).toEqual({ status: 200, body: 'a' })
    const status = async () =>
      (
        await mesh.json<{ proxies: { id: string; state: string; rejections: unknown[] }[] }>(
          '/api/v1/proxies',
        )
      ).proxies.find(({ id }) => id === client.node)
    await expect.poll(status).toMatchObject({
      state: 'rejected',
      rejections: [{ resource: `127.0.0.1_${db}`, cause: { kind: 'Sidecar', name: 'client' } }],
    })
    await new Promise((done) => other.close(done))
    await sidecar({ hosts: ['*/*'] })
    await expect.poll(status).toMatchObject({ state: 'synced' })
  })
})
