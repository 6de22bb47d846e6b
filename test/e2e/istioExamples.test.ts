import { mkdtempSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { Agent, createServer as createHttpServer, request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Resource } from '../../src/model/resource.ts'
import { authority, type Certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { instance, service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()
const root = 'examples/istio'

describe.skipIf(envoy.skip)('the examples of Istio’s dialect on real Envoys', () => {
  let mesh: OwnMesh
  let gate: Workload
  let client: Workload
  const directory = mkdtempSync(join(tmpdir(), 'rutter-examples-'))
  const servers: Server[] = []
  let bank: Certificates
  const mirrored: string[] = []
  const made = new Map<string, Resource>()

  beforeAll(async () => {
    const issuer = authority(join(directory, 'issuer'))
    bank = issuer.sign('bank', ['DNS:bank.localhost'])
    const { cert, key, ca } = issuer.sign('client', ['DNS:client.example'])
    const credential = join(directory, 'secrets/default/client-credential')
    await mkdir(credential, { recursive: true })
    for (const [file, from] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca }))
      await copyFile(from, join(credential, file))
    mesh = await startMesh(envoy.path, 'memory', { secrets: join(directory, 'secrets') })
    const ports: Readonly<Record<string, number>> = {
      productpage: 9080,
      reviews: 9080,
      ratings: 9080,
      httpbin: 8000,
      helloworld: 5000,
      tornado: 8888,
      gate: 9080,
      client: 9080,
    }
    for (const [name, port] of Object.entries(ports))
      await mesh.put(service(name, { ports: [{ name: 'http', port }] }))
    await mesh.put(service('tcp-echo', { ports: [{ name: 'tcp', port: 9000 }] }))
    const versions = { productpage: 1, reviews: 3, ratings: 1, httpbin: 2, helloworld: 2 }
    for (const [name, most] of Object.entries(versions))
      for (let i = 1; i <= most; i += 1)
        await mesh.workload(`${name}-v${i}`, {
          service: name,
          version: `v${i}`,
          sidecar: false,
          answer: ({ url, headers }, response) => {
            if (headers.host?.includes('-shadow')) mirrored.push(`v${i}`)
            if (url === '/held') setTimeout(() => response.end(`v${i}`), 300)
            else response.end(`v${i}`)
          },
        })
    const tornado = createHttpServer()
    tornado.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello')
    })
    await placed(tornado, 'tornado', 'v1', 'http')
    for (const version of ['v1', 'v2'])
      await placed(
        createServer((socket) => socket.on('error', () => {}).end(version)),
        'tcp-echo',
        version,
        'tcp',
      )
    gate = await mesh.workload('gate', {
      service: 'gate',
      type: 'router',
      labels: { istio: 'ingressgateway' },
    })
    client = await mesh.workload('client', { service: 'client', labels: { app: 'client' } })
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const server of servers) server.close()
    await rm(directory, { recursive: true })
  })
  afterEach(async () => {
    for (const { kind, metadata } of made.values()) await mesh.remove(kind, metadata.name)
    made.clear()
    mirrored.length = 0
    await mesh.settled()
  })

  const placed = async (server: Server, of: string, version: string, name: string): Promise<void> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    await mesh.put(
      instance(`${of}-${version}`, of, '127.0.0.1', { labels: { version }, ports: { [name]: port } }),
    )
  }

  /** Puts every document of an example, as it stands, and expects that there is nothing to say against any. */
  const apply = async (...files: readonly string[]): Promise<void> => {
    let position = 0
    for (const file of files)
      for (const document of parseAllDocuments(await readFile(join(root, file), 'utf8'))) {
        const resource = document.toJS() as Resource
        position = await mesh.put(resource)
        made.set(`${resource.kind}/${resource.metadata.name}`, resource)
      }
    await mesh.settled(position)
    const { items } = await mesh.json<{ items: { kind: string; name: string; diagnostics: unknown }[] }>(
      '/api/v1/diagnostics',
    )
    expect(items.filter(({ kind, name }) => made.has(`${kind}/${name}`))).toEqual([])
  }

  const agent = new Agent({ keepAlive: false })
  /** A request from outside to a port of the gate other than 80. */
  const outside = (port: number, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ agent, host: gate.address, port, path, headers: { host: 'any.example' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })
  /** All that comes over a connection to the gate. */
  const heard = (port: number, text = ''): Promise<string> =>
    new Promise((resolve) => {
      let all = ''
      const socket = connect(port, gate.address)
      socket.on('data', (chunk) => {
        all += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(all))
      socket.write(text)
    })
  const shares = async (count: number, ask: () => Promise<string>): Promise<Record<string, number>> => {
    const seen: Record<string, number> = {}
    for (let i = 0; i < count; i += 10)
      for (const answer of await Promise.all(Array.from({ length: 10 }, ask)))
        seen[answer] = (seen[answer] ?? 0) + 1
    return seen
  }
  const reviews = async (headers = {}) => (await client.get('reviews:9080', '/', headers)).body
  const all = 'bookinfo/destination-rule-all.yaml'
  const jason = { 'end-user': 'jason' }

  const effects: Readonly<Record<string, () => Promise<void>>> = {
    'bookinfo/gateway.yaml': async () => {
      await apply('bookinfo/gateway.yaml')
      await expect.poll(() => outside(8080, '/productpage').catch(() => 0)).toBe(200)
      expect(await outside(8080, '/api/v1/products/7')).toBe(200)
      expect(await outside(8080, '/reviews')).toBe(404)
    },
    [all]: async () => {
      await apply(all)
      expect(Object.keys(await shares(60, () => reviews())).sort()).toEqual(['v1', 'v2', 'v3'])
    },
    'bookinfo/virtual-service-all-v1.yaml': async () => {
      await apply(all, 'bookinfo/virtual-service-all-v1.yaml')
      expect(await shares(30, () => reviews())).toEqual({ v1: 30 })
    },
    'bookinfo/virtual-service-reviews-test-v2.yaml': async () => {
      await apply(all, 'bookinfo/virtual-service-reviews-test-v2.yaml')
      expect([await reviews(jason), await reviews()]).toEqual(['v2', 'v1'])
    },
    'bookinfo/virtual-service-reviews-90-10.yaml': async () => {
      await apply(all, 'bookinfo/virtual-service-reviews-90-10.yaml')
      const { v1 = 0, v2 = 0 } = await shares(500, () => reviews())
      expect(v1 + v2).toBe(500)
      expect(v2 / 500).toBeCloseTo(0.1, 0.9)
    },
    'bookinfo/virtual-service-reviews-50-v3.yaml': async () => {
      await apply(all, 'bookinfo/virtual-service-reviews-50-v3.yaml')
      const { v1 = 0, v3 = 0 } = await shares(300, () => reviews())
      expect(v1 + v3).toBe(300)
      expect(v1).toBeGreaterThan(90)
      expect(v3).toBeGreaterThan(90)
    },
    'bookinfo/virtual-service-ratings-test-delay.yaml': async () => {
      await apply(all, 'bookinfo/virtual-service-ratings-test-delay.yaml')
      const { status, ms } = await client.get('ratings:9080', '/', jason)
      expect(status).toBe(200)
      // Envoy's timers may fire some milliseconds early.
      expect(ms).toBeGreaterThanOrEqual(1_990)
    },
    'bookinfo/virtual-service-ratings-test-abort.yaml': async () => {
      await apply(all, 'bookinfo/virtual-service-ratings-test-abort.yaml')
      expect((await client.get('ratings:9080', '/', jason)).status).toBe(500)
      expect((await client.get('ratings:9080', '/')).status).toBe(200)
    },
    'bookinfo/service-entry-details.yaml': async () => {
      const books = createHttpServer((_, response) => response.end('books'))
      await new Promise<void>((done) => books.listen(18_080, '127.0.0.1', done))
      onTestFinished(() => void books.close())
      expect((await client.get('books.example.com')).status).toBe(404)
      await apply('bookinfo/service-entry-details.yaml')
      expect((await client.get('books.example.com')).body).toBe('books')
    },
    'httpbin/gateway.yaml': async () => {
      await apply('httpbin/gateway.yaml')
      await expect.poll(async () => (await gate.get('httpbin.example.com', '/status/200')).status).toBe(200)
      expect((await gate.get('httpbin.example.com', '/headers')).status).toBe(404)
      expect((await gate.get('other.example.com', '/status/200')).status).toBe(404)
    },
    'httpbin/mirror.yaml': async () => {
      await apply('httpbin/mirror.yaml')
      expect(await shares(10, async () => (await client.get('httpbin:8000')).body)).toEqual({ v1: 10 })
      await vi.waitFor(() => expect(mirrored).toEqual(Array.from({ length: 10 }, () => 'v2')), 10_000)
    },
    'httpbin/circuit-breaker.yaml': async () => {
      await apply('httpbin/circuit-breaker.yaml')
      const seen = await shares(20, async () => String((await client.get('httpbin:8000', '/held')).status))
      expect(seen['503']).toBeGreaterThan(0)
      expect(seen['200']).toBeGreaterThan(0)
    },
    'httpbin/sidecar.yaml': async () => {
      await apply('httpbin/sidecar.yaml')
      expect((await client.get('httpbin:8000')).status).toBe(200)
      expect((await client.get('reviews:9080')).status).toBe(404)
    },
    'helloworld/gateway.yaml': async () => {
      await apply('helloworld/gateway.yaml')
      await expect.poll(async () => (await gate.get('any.example', '/hello')).status).toBe(200)
      expect((await gate.get('any.example', '/')).status).toBe(404)
    },
    'helloworld/90-10.yaml': async () => {
      await apply('helloworld/gateway.yaml', 'helloworld/90-10.yaml')
      for (const ask of [
        async () => (await gate.get('helloworld.example.com', '/hello')).body,
        async () => (await client.get('helloworld:5000', '/hello')).body,
      ]) {
        await expect.poll(async () => ['v1', 'v2'].includes(await ask())).toBe(true)
        const { v1 = 0, v2 = 0 } = await shares(300, ask)
        expect(v1 + v2).toBe(300)
        expect(v1).toBeGreaterThan(210)
        expect(v2).toBeGreaterThan(0)
      }
    },
    'tcp-echo/all-v1.yaml': async () => {
      await apply('tcp-echo/all-v1.yaml')
      await expect.poll(() => heard(31_400)).toBe('v1')
      expect(await shares(20, () => heard(31_400))).toEqual({ v1: 20 })
    },
    'names/service-entry-dynamic-dns.yaml': async () => {
      const named = createHttpServer(({ headers }, response) => response.end(headers.host))
      await new Promise<void>((done) => named.listen(18_081, '127.0.0.1', done))
      onTestFinished(() => void named.close())
      expect((await client.get('a.localhost:18081')).status).toBe(404)
      await apply('names/service-entry-dynamic-dns.yaml')
      for (const host of ['a.localhost:18081', 'b.localhost:18081'])
        expect((await client.get(host)).body).toBe(host)
    },
    'tls/client-credential.yaml': async () => {
      const files = { cert: bank.cert, key: bank.key, ca: bank.ca }
      const [cert, key, ca] = await Promise.all(Object.values(files).map((file) => readFile(file)))
      const asking = { cert, key, ca, requestCert: true, rejectUnauthorized: true }
      const named = createHttpsServer(asking, ({ socket }, response) =>
        response.end((socket as TLSSocket).getPeerCertificate().subject.CN),
      )
      await new Promise<void>((done) => named.listen(18_443, '127.0.0.1', done))
      onTestFinished(() => void named.close())
      await apply('tls/client-credential.yaml')
      expect((await client.get('bank.localhost:18082')).body).toBe('client')
    },
    'tcp-echo/20-v2.yaml': async () => {
      await apply('tcp-echo/all-v1.yaml', 'tcp-echo/20-v2.yaml')
      await expect.poll(() => heard(31_400)).toBe('v2')
      const { v1 = 0, v2 = 0 } = await shares(200, () => heard(31_400))
      expect(v1 + v2).toBe(200)
      expect(v1).toBeGreaterThan(v2)
    },
    'websockets/gateway.yaml': async () => {
      await apply('websockets/gateway.yaml')
      const asked = `GET /ws HTTP/1.1\r\nHost: ws.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
      await expect.poll(() => heard(15_002, asked)).toMatch(/^HTTP\/1.1 101[\s\S]*hello$/)
    },
  }

  test('K22: every example of Istio’s dialect is among these', async () => {
    const found = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.yaml'))
    expect(found.sort()).toEqual(Object.keys(effects).sort())
  })

  test.each(Object.keys(effects))(
    'K22, Y24: examples/istio/%s does what it says, with nothing to say against it',
    (file) => effects[file]?.(),
  )
})
