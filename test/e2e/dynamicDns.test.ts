import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ServiceEntrySpec } from '../../src/model/istio/serviceEntry.ts'
import { authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { settings } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type CapturedSidecar, capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()

// Envoy's resolver finds names below localhost on every machine (RFC 6761). Where connections were going nobody listens:
// what answers was looked up.
const nobody = '127.0.0.9'

describe.skipIf(envoy.skip)('names that proxies look up (DYNAMIC_DNS), on a real Envoy', () => {
  let mesh: OwnMesh
  let client: Workload
  let gate: Workload
  let captured: CapturedSidecar
  let directory = ''
  let ca = ''
  const servers: Server[] = []
  const ports = { plain: 0, secure: 0, tls: 0, gate: 0 }
  const { put, clear } = passingResources(() => mesh)

  const listening = async (server: Server): Promise<number> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return (server.address() as AddressInfo).port
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-names-'))
    const issuer = authority(directory)
    const shown = issuer.sign('cert', ['DNS:*.localhost'])
    ca = shown.ca
    const files = { cert: readFileSync(shown.cert), key: readFileSync(shown.key) }
    ports.plain = await listening(
      createHttpServer(({ headers }, response) => response.end(`plain ${headers.host}`)),
    )
    ports.secure = await listening(
      createHttpsServer(files, ({ headers }, response) => response.end(`secure ${headers.host}`)),
    )
    ports.tls = await listening(
      createTlsServer(files, (socket) => socket.on('error', () => {}).end(`tls ${socket.servername}`)),
    )
    ports.gate = await freePort()
    mesh = await startMesh(envoy.path)
    await mesh.put(settings({ ...(await capturePorts()), undeclaredOutbound: 'refuse' }))
    for (const name of ['client', 'gate']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client' })
    gate = await mesh.workload('gate', { service: 'gate', type: 'router', labels: { app: 'edge' } })
    captured = await startCapturedSidecar(mesh, envoy.path, '127.0.0.1')
    await mesh.settled()
  })
  afterAll(async () => {
    await captured?.envoy.stop()
    await mesh?.stop()
    for (const server of servers) server.close()
    await rm(directory, { recursive: true })
  })
  afterEach(() => clear())

  const entry = (
    port: NonNullable<ServiceEntrySpec['ports']>[number],
    more: Partial<ServiceEntrySpec> = {},
  ) =>
    put(
      istio('ServiceEntry', 'names', {
        hosts: ['*.localhost'],
        ports: [port],
        resolution: 'DYNAMIC_DNS',
        ...more,
      }),
    )
  const names = ['a.localhost', 'b.c.localhost']
  const both = (host: string, port: number) => [
    () => client.get(`${host}:${port}`),
    () => captured.get({ address: nobody, port }, `${host}:${port}`),
  ]

  test('Y43: requests to several hosts of one domain go where their names are', async () => {
    await entry({ number: ports.plain, name: 'http' })
    for (const name of names)
      for (const ask of both(name, ports.plain))
        await expect.poll(async () => (await ask()).body).toBe(`plain ${name}:${ports.plain}`)
    const other = `a.example:${ports.plain}`
    expect((await client.get(other)).status).toBe(404)
    expect((await captured.get({ address: nobody, port: ports.plain }, other)).status).toBeGreaterThan(399)
  })

  test('Y43: an authority without a port goes to the service port that it came for, by its own rule too', async () => {
    await entry({ number: ports.plain, name: 'http' })
    const target = { address: nobody, port: ports.plain }
    for (const name of names)
      await expect.poll(async () => (await captured.get(target, name)).body).toBe(`plain ${name}`)
    const to = (host: string) => [{ destination: { host, port: { number: ports.plain } } }]
    await put(
      istio('VirtualService', 'names', {
        hosts: ['*.localhost'],
        http: [
          {
            match: [{ uri: { prefix: '/r' } }],
            rewrite: { authority: 'r.localhost' },
            route: to('*.localhost'),
          },
          { route: to('*.localhost') },
        ],
      }),
    )
    await expect
      .poll(async () => (await captured.get(target, 'a.localhost', '/r')).body)
      .toBe('plain r.localhost')
    // Whoever is asked for at the explicit proxy without a port is asked for at port 80.
    const at = `a.localhost:${ports.plain}`
    await expect.poll(async () => (await client.get(at, '/r')).body).toBe('plain r.localhost')
    expect((await client.get(at)).body).toBe(`plain ${at}`)
  })

  test('Y43: of several destinations each has its own port', async () => {
    const dead = await freePort()
    await entry(
      { number: ports.plain, name: 'http' },
      {
        ports: [
          { number: ports.plain, name: 'http' },
          { number: dead, name: 'http-dead' },
        ],
      },
    )
    const to = (number: number, weight: number) => ({
      destination: { host: '*.localhost', port: { number } },
      weight,
    })
    const split = (...weights: readonly [number, number]) =>
      put(
        istio('VirtualService', 'names', {
          hosts: ['*.localhost'],
          http: [{ route: [to(dead, weights[0]), to(ports.plain, weights[1])] }],
        }),
      )
    const target = { address: nobody, port: dead }
    await split(0, 100)
    await expect.poll(async () => (await captured.get(target, 'a.localhost')).body).toBe('plain a.localhost')
    await split(100, 0)
    await expect.poll(async () => (await captured.get(target, 'a.localhost')).status).toBe(503)
  })

  test('Y43: a name that DNS does not know is answered 503, and costs the others nothing', async () => {
    await entry({ number: ports.plain, name: 'http' }, { hosts: ['*.invalid', '*.localhost'] })
    for (const ask of both('x.invalid', ports.plain))
      await expect.poll(async () => (await ask()).status).toBe(503)
    for (const ask of both('a.localhost', ports.plain)) expect((await ask()).status).toBe(200)
  })

  test('Y43: a policy’s TLS names and verifies the host that is asked for', async () => {
    const tls = (more: object) =>
      put(
        istio('DestinationRule', 'secure', {
          host: '*.localhost',
          trafficPolicy: { tls: { mode: 'SIMPLE', caCertificates: ca, ...more } },
        }),
      )
    await entry({ number: ports.secure, name: 'http' })
    await tls({})
    const [a = ''] = names
    for (const ask of both(a, ports.secure))
      await expect.poll(async () => (await ask()).body).toBe(`secure ${a}:${ports.secure}`)
    expect((await captured.get({ address: nobody, port: ports.secure }, a)).body).toBe(`secure ${a}`)
    await tls({ subjectAltNames: ['other.example'] })
    for (const ask of both(a, ports.secure)) await expect.poll(async () => (await ask()).status).toBe(503)
    // A certificate for *.localhost is none for b.c.localhost.
    await tls({})
    for (const ask of both('b.c.localhost', ports.secure))
      await expect.poll(async () => (await ask()).status).toBe(503)
    await tls({ sni: 'a.localhost' })
    for (const ask of both('b.c.localhost', ports.secure))
      await expect.poll(async () => (await ask()).body).toBe(`secure b.c.localhost:${ports.secure}`)
  })

  test('Y43: a VirtualService holds for its hosts, and an authority that it gives is what is looked up', async () => {
    const port = ports.plain
    await entry({ number: port, name: 'http' }, { hosts: ['*.invalid', '*.localhost'] })
    const route = [{ destination: { host: '*.invalid', port: { number: port } } }]
    await put(
      istio('VirtualService', 'names', {
        hosts: ['*.invalid'],
        http: [
          { match: [{ uri: { prefix: '/no' } }], directResponse: { status: 418 } },
          { rewrite: { authority: `r.localhost:${port}` }, route },
        ],
      }),
    )
    const at = `x.invalid:${port}`
    const target = { address: nobody, port }
    await expect.poll(async () => (await client.get(at)).body).toBe(`plain r.localhost:${port}`)
    await expect.poll(async () => (await captured.get(target, at)).body).toBe(`plain r.localhost:${port}`)
    expect((await client.get(at, '/no')).status).toBe(418)
    expect((await captured.get(target, at, '/no')).status).toBe(418)
  })

  /** What comes over TLS on `socket` to who asks for `servername`; '' where it is closed. */
  const heard = (socket: Socket, servername: string): Promise<string> => {
    const secured = connectTls({ socket, servername, rejectUnauthorized: false })
    return new Promise((done) => {
      let text = ''
      secured.on('data', (chunk) => {
        text += chunk
      })
      secured.on('error', () => {})
      secured.on('close', () => done(text))
    })
  }

  test('Y44: TLS goes where its name is, at the targetPort, and other names are not looked up', async () => {
    const tls = { number: 8443, name: 'tls', protocol: 'TLS', targetPort: ports.tls } as const
    const ask = async (servername: string, address: string) =>
      heard(await captured.connect({ address, port: 8443 }), servername)
    await entry(tls)
    for (const name of names) await expect.poll(() => ask(name, nobody)).toBe(`tls ${name}`)
    expect(await ask('localhost', nobody)).toBe('')
    await entry(tls, { addresses: ['10.99.0.1'] })
    for (const name of names) await expect.poll(() => ask(name, '10.99.0.1')).toBe(`tls ${name}`)
    expect(await ask('localhost', '10.99.0.1')).toBe('')
  })

  test('Y43, Y44: Gateways look names up too, of requests and of TLS that they pass on', async () => {
    const server = (name: string, protocol: 'HTTP' | 'TLS', number: number, targetPort: number) => ({
      port: { number, name, protocol, targetPort },
      hosts: ['*.localhost'],
      ...(protocol === 'TLS' && { tls: { mode: 'PASSTHROUGH' as const } }),
    })
    const passed = await freePort()
    await entry(
      { number: ports.plain, name: 'http' },
      {
        ports: [
          { number: ports.plain, name: 'http' },
          { number: ports.tls, name: 'tls', protocol: 'TLS' },
        ],
      },
    )
    await put(
      istio('Gateway', 'edge', {
        selector: { app: 'edge' },
        servers: [server('web', 'HTTP', ports.plain, ports.gate), server('tls', 'TLS', 443, passed)],
      }),
    )
    const to = (number: number) => [{ destination: { host: '*.localhost', port: { number } } }]
    await put(
      istio('VirtualService', 'edge', {
        gateways: ['edge'],
        hosts: ['*.localhost'],
        http: [{ route: to(ports.plain) }],
        tls: [{ match: [{ sniHosts: ['*.localhost'] }], route: to(ports.tls) }],
      }),
    )
    const at = (host: string): Promise<string> =>
      new Promise((done) =>
        request({ host: gate.address, port: ports.gate, headers: { host }, agent: false }, (answer) => {
          let body = ''
          answer.on('data', (chunk) => {
            body += chunk
          })
          answer.on('end', () => done(body))
        })
          .on('error', () => done(''))
          .end(),
      )
    for (const name of names) {
      const host = `${name}:${ports.plain}`
      await expect.poll(() => at(host)).toBe(`plain ${host}`)
      await expect.poll(() => at(name)).toBe(`plain ${name}`)
      await expect.poll(() => heard(connect(passed, gate.address), name)).toBe(`tls ${name}`)
    }
  })
})
