import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { MeshSettingsSpec } from '../../src/model/meshSettings.ts'
import { authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { routeRule, service } from '../reducers/given.ts'
import { type CapturedSidecar, capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

const settings = (spec: MeshSettingsSpec) => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'MeshSettings',
  metadata: { name: 'mesh', namespace: 'default' },
  spec,
})

describe.skipIf(envoy.skip)('hosts outside of the mesh, on a real Envoy', () => {
  let mesh: OwnMesh
  let client: Workload
  let captured: CapturedSidecar
  let directory = ''
  const outside: Server[] = []
  const ports = { plain: 0, tls: 0, untrusted: 0, tcp: 0 }
  const { put, clear } = passingResources(() => mesh)

  const outsider = (server: Server): Promise<number> => {
    outside.push(server)
    return listening(server)
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-egress-'))
    const names = ['DNS:localhost', 'DNS:*.localhost']
    const [good, bad] = ['good', 'bad'].map((name) => authority(join(directory, name)).sign('cert', names))
    const answer =
      (text: string): RequestListener =>
      ({ url, headers }, response) =>
        response.end(`${text} ${headers.host} ${url}`)
    const tls = (files: typeof good) => ({
      cert: readFileSync(files?.cert ?? ''),
      key: readFileSync(files?.key ?? ''),
    })
    ports.plain = await outsider(createHttpServer(answer('plain')))
    ports.tls = await outsider(
      createTlsServer(tls(good), (request, response) => {
        const { servername } = request.socket as unknown as { servername: string | false }
        answer(`tls for ${servername}`)(request, response)
      }),
    )
    ports.untrusted = await outsider(createTlsServer(tls(bad), answer('untrusted')))
    ports.tcp = await outsider(createServer((socket) => socket.on('error', () => {}).end('tcp')))
    mesh = await startMesh(envoy.path)
    const trustedCaPath = join(directory, 'good/ca.pem')
    await mesh.put(settings({ ...(await capturePorts()), trustedCaPath, undeclaredOutbound: 'refuse' }))
    await mesh.put(service('client'))
    client = await mesh.workload('client', { service: 'client' })
    captured = await startCapturedSidecar(mesh, envoy.path, '127.0.0.1')
    await mesh.settled()
  })
  afterAll(async () => {
    await captured?.envoy.stop()
    await mesh?.stop()
    for (const server of outside) server.close()
    await rm(directory, { recursive: true })
  })
  afterEach(() => clear())

  const egress = (host: string, port: number, protocol: string): Promise<void> =>
    put({
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'EgressRule',
      metadata: { name: 'out', namespace: 'default' },
      spec: { destination: { service: host }, ports: [{ port, protocol }] },
    } as { kind: string; metadata: { name: string } })

  const here = (port: number) => ({ address: '127.0.0.1', port })
  const answerOf = async (asked: Promise<{ status: number; body: string }>) => {
    const { status, body } = await asked
    return status === 200 ? body : status
  }

  test('J8: a host is reached once it is declared, through the explicit proxy and captured', async () => {
    const at = `localhost:${ports.plain}`
    expect(await answerOf(client.get(at))).toBe(404)
    await egress('localhost', ports.plain, 'HTTP')
    expect(await answerOf(client.get(at, '/a'))).toBe(`plain ${at} /a`)
    expect(await answerOf(captured.get(here(ports.plain), at, '/b'))).toBe(`plain ${at} /b`)
    expect(await answerOf(captured.get(here(ports.plain), 'other.example'))).toBe(404)
  })

  test('J8: a domain with * is reached by whatever name it has, through the explicit proxy and captured', async () => {
    await egress('*.localhost', ports.plain, 'http')
    for (const name of ['a.localhost', 'b.c.localhost']) {
      const at = `${name}:${ports.plain}`
      expect(await answerOf(client.get(at))).toBe(`plain ${at} /`)
      expect(await answerOf(captured.get(here(ports.plain), at))).toBe(`plain ${at} /`)
    }
    expect(await answerOf(client.get(`localhost:${ports.plain}`))).toBe(404)
  })

  test('J8: timeouts, retries, faults and rewrites of rules for the host hold', async () => {
    await egress('localhost', ports.plain, 'HTTP')
    await put(
      routeRule('broken', {
        destination: { service: 'localhost' },
        match: { request: { headers: { uri: { prefix: '/broken' } } } },
        httpFault: { abort: { percent: 100, httpStatus: 418 } },
      }),
    )
    await put(
      routeRule('old', {
        destination: { service: 'localhost' },
        match: { request: { headers: { uri: { prefix: '/old' } } } },
        rewrite: { uri: '/new', authority: 'rewritten.example' },
      }),
    )
    const at = `localhost:${ports.plain}`
    expect(await answerOf(client.get(at, '/broken'))).toBe(418)
    expect(await answerOf(client.get(at, '/old/x'))).toBe('plain rewritten.example /new/x')
    expect(await answerOf(client.get(at, '/'))).toBe(`plain ${at} /`)
  })

  test.each(['localhost', '*.localhost'])(
    'J8: plain requests to an HTTPS port of %s leave as TLS',
    async (host) => {
      const name = host.replace('*', 'a')
      const at = `${name}:${ports.tls}`
      await egress(host, ports.tls, 'HTTPS')
      expect(await answerOf(client.get(at, '/x'))).toBe(`tls for ${name} ${at} /x`)
      expect(await answerOf(captured.get(here(ports.tls), at))).toBe(`tls for ${name} ${at} /`)
    },
  )

  test.each(['localhost', '*.localhost'])(
    'J8: a certificate of another authority is not taken for %s',
    async (host) => {
      await egress(host, ports.untrusted, 'HTTPS')
      const at = `${host.replace('*', 'a')}:${ports.untrusted}`
      expect((await client.get(at)).status).toBe(503)
      expect((await captured.get(here(ports.untrusted), at)).status).toBe(503)
    },
  )

  test('J8: connections to a subnet go through, those to other addresses of the port are undeclared', async () => {
    expect(await captured.say(here(ports.tcp), '')).toBe('')
    await egress('127.0.0.0/30', ports.tcp, 'TCP')
    // Envoy acknowledges a listener a moment before its workers have it.
    await expect.poll(() => captured.say(here(ports.tcp), '')).toBe('tcp')
    expect(await captured.say({ address: '127.0.0.9', port: ports.tcp }, '')).toBe('')
  })
})

test.skipIf(envoy.skip)('J8: what nobody declares passes where the mesh says so', async () => {
  const plain = createHttpServer(({ headers }, response) => response.end(`plain ${headers.host}`))
  const tcp = createServer((socket) => socket.on('error', () => {}).end('tcp'))
  const [plainPort, tcpPort] = [await listening(plain), await listening(tcp)]
  onTestFinished(() => {
    plain.close()
    tcp.close()
  })
  const mesh = await startMesh(envoy.path)
  onTestFinished(() => mesh.stop())
  await mesh.put(settings({ ...(await capturePorts()), undeclaredOutbound: 'passthrough' }))
  await mesh.put(service('port', { ports: [{ name: 'http', port: plainPort }] }))
  const passing = await startCapturedSidecar(mesh, envoy.path, '127.0.0.2')
  onTestFinished(() => passing.envoy.stop())
  await mesh.settled()
  // Envoy acknowledges a listener a moment before its workers have it.
  await expect.poll(() => passing.say({ address: '127.0.0.1', port: tcpPort }, '')).toBe('tcp')
  expect(await passing.get({ address: '127.0.0.1', port: plainPort }, 'other.example')).toMatchObject({
    status: 200,
    body: 'plain other.example',
  })
})
