import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ServiceEntrySpec } from '../../src/model/istio/serviceEntry.ts'
import { authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { settings } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type CapturedSidecar, capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('hosts that ServiceEntries declare, on a real Envoy', () => {
  let mesh: OwnMesh
  let client: Workload
  let captured: CapturedSidecar
  let directory = ''
  const servers: Server[] = []
  const ports = { plain: 0, tls: 0, tcp: 0 }
  const { put, remove, clear } = passingResources(() => mesh)

  const listening = async (server: Server, host = '127.0.0.1', port = 0): Promise<number> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(port, host, done))
    return (server.address() as AddressInfo).port
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-entries-'))
    const { cert, key } = authority(directory).sign('cert', ['DNS:a.example', 'DNS:b.example'])
    const files = { cert: readFileSync(cert), key: readFileSync(key) }
    ports.plain = await listening(
      createHttpServer(({ headers }, response) => response.end(`plain ${headers.host}`)),
    )
    ports.tcp = await listening(createServer((socket) => socket.on('error', () => {}).end('tcp')))
    // One port at two addresses: who is reached shows which service a connection was taken for.
    ports.tls = await listening(createTlsServer(files, (socket) => socket.end('first')))
    await listening(
      createTlsServer(files, (socket) => socket.end('second')),
      '127.0.0.3',
      ports.tls,
    )
    mesh = await startMesh(envoy.path)
    await mesh.put(settings({ ...(await capturePorts()), undeclaredOutbound: 'refuse' }))
    await mesh.put(service('client'))
    client = await mesh.workload('client', { service: 'client' })
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

  const entry = (name: string, spec: ServiceEntrySpec) => put(istio('ServiceEntry', name, spec))
  const here = (port: number) => ({ address: '127.0.0.1', port })
  const http = () => [{ number: ports.plain, name: 'http' }]

  test('Y17: by DNS, by endpoints and by where the caller wants, a host is reached, and is not before', async () => {
    const at = `api.example:${ports.plain}`
    expect((await client.get(at)).status).toBe(404)
    const declared: readonly Partial<ServiceEntrySpec>[] = [
      { resolution: 'DNS', endpoints: [{ address: 'localhost' }] },
      { resolution: 'DNS_ROUND_ROBIN', endpoints: [{ address: 'localhost' }] },
      { resolution: 'STATIC', endpoints: [{ address: '127.0.0.1', ports: { http: ports.plain } }] },
    ]
    for (const spec of declared) {
      await entry('api', { hosts: ['api.example'], ports: http(), ...spec })
      expect((await client.get(at)).body).toBe(`plain ${at}`)
      expect((await captured.get(here(ports.plain), at)).body).toBe(`plain ${at}`)
    }
    await entry('api', { hosts: ['*.localhost'], ports: http() })
    const wild = `any.localhost:${ports.plain}`
    expect((await client.get(wild)).body).toBe(`plain ${wild}`)
    expect((await captured.get(here(ports.plain), wild)).body).toBe(`plain ${wild}`)
  })

  test('Y17: connections to subnets and virtual IPs go where their entries say', async () => {
    await entry('net', {
      hosts: ['net.example'],
      addresses: ['127.0.0.0/30'],
      ports: [{ number: ports.tcp, name: 'tcp' }],
    })
    await expect.poll(() => captured.say(here(ports.tcp), '')).toBe('tcp')
    expect(await captured.say({ address: '127.0.0.9', port: ports.tcp }, '')).toBe('')
    await entry('virtual', {
      hosts: ['virtual.example'],
      addresses: ['10.99.0.1'],
      ports: [{ number: 5432, name: 'tcp', targetPort: ports.tcp }],
      resolution: 'STATIC',
      endpoints: [{ address: '127.0.0.1' }],
    })
    await expect.poll(() => captured.say({ address: '10.99.0.1', port: 5432 }, '')).toBe('tcp')
  })

  test('Y17: TLS to several hosts of one port is told apart by the name asked for', async () => {
    const tls = [{ number: ports.tls, name: 'tls', protocol: 'TLS' as const }]
    const at = (address: string) => ({ ports: tls, resolution: 'STATIC' as const, endpoints: [{ address }] })
    await entry('one', { hosts: ['a.example'], ...at('127.0.0.1') })
    await entry('two', { hosts: ['b.example'], ...at('127.0.0.3') })
    const ask = async (servername: string): Promise<string> => {
      const socket = connectTls({
        socket: await captured.connect(here(ports.tls)),
        servername,
        rejectUnauthorized: false,
      })
      return new Promise((done) => {
        let heard = ''
        socket.on('data', (chunk) => {
          heard += chunk
        })
        socket.on('error', () => {})
        socket.on('close', () => done(heard))
      })
    }
    await expect.poll(() => ask('a.example')).toBe('first')
    await expect.poll(() => ask('b.example')).toBe('second')
    expect(await ask('c.example')).toBe('')
  })

  test('Y26: entries of one host are reached together, on the ports of each', async () => {
    const spec = { hosts: ['both.example'], resolution: 'STATIC' as const }
    const at = [{ address: '127.0.0.1' }]
    await entry('both-a', { ...spec, ports: [{ number: 81, name: 'http', targetPort: ports.plain }] })
    expect((await client.get('both.example:81')).status).toBe(503)
    await entry('both-b', {
      ...spec,
      ports: [{ number: 82, name: 'http', targetPort: ports.plain }],
      endpoints: at,
    })
    expect((await client.get('both.example:82')).body).toBe('plain both.example:82')
    await entry('both-c', {
      ...spec,
      ports: [{ number: 81, name: 'http', targetPort: ports.plain }],
      endpoints: at,
    })
    await expect.poll(async () => (await client.get('both.example:81')).body).toBe('plain both.example:81')
    await remove('ServiceEntry', 'both-b')
    await expect.poll(async () => (await client.get('both.example:82')).status).toBe(404)
    expect((await client.get('both.example:81')).body).toBe('plain both.example:81')
  })

  test('Y17: a workload is reached as soon as its entry says where it is', async () => {
    const labels = { app: 'vm' }
    await entry('vm', {
      hosts: ['vm.example'],
      ports: [{ number: 80, name: 'http' }],
      resolution: 'STATIC',
      workloadSelector: { labels },
    })
    expect((await client.get('vm.example')).status).toBe(503)
    await put(istio('WorkloadEntry', 'vm-1', { address: '127.0.0.1', labels, ports: { http: ports.plain } }))
    await expect.poll(async () => (await client.get('vm.example')).body).toBe('plain vm.example')
  })
})
