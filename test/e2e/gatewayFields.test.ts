import { createHash, X509Certificate } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { GatewayServer } from '../../src/model/istio/gateway.ts'
import type { ServerTls } from '../../src/model/istio/serverTls.ts'
import { authority, type Certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()
const cipher = 'ECDHE-ECDSA-AES256-GCM-SHA384'
const bound = `${ownNet}.249.1`

describe.skipIf(envoy.skip)('fields of Gateways that other tests do not see, on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-gateway-fields-'))
  const issuer = authority(join(directory, 'servers'))
  const clients = authority(join(directory, 'clients'))
  const client = clients.sign('client', ['DNS:client.example'])
  const other = clients.sign('other', ['DNS:client.example'])
  const shown = issuer.sign(
    'server',
    ['old', 'new', 'several', 'files', 'hash', 'spki'].map((name) => `DNS:${name}.example`),
  )
  let mesh: OwnMesh
  let gate: Workload
  const port = { tls: 0, bound: 0, chosen: 0, known: 0, target: 0, web: 0, tcp: 0 }

  const server = (host: string, tls: ServerTls, more: Partial<GatewayServer> = {}): GatewayServer => ({
    port: { number: port.tls, name: 'https', protocol: 'HTTPS' },
    hosts: [host],
    tls,
    ...more,
  })
  const plain = (number: number, more: Partial<GatewayServer> = {}): GatewayServer => ({
    port: { number, name: 'web', protocol: 'HTTP' },
    hosts: ['*'],
    ...more,
  })

  beforeAll(async () => {
    const at = join(directory, 'secrets', 'default', 'all')
    mkdirSync(at, { recursive: true })
    cpSync(shown.cert, join(at, 'tls.crt'))
    cpSync(shown.key, join(at, 'tls.key'))
    cpSync(clients.ca, join(at, 'ca.crt'))
    for (const name of Object.keys(port) as (keyof typeof port)[]) port[name] = await freePort()
    mesh = await startMesh(envoy.path, 'memory', { secrets: join(directory, 'secrets') })
    for (const name of ['gate', 'reviews']) await mesh.put(service(name))
    await mesh.workload('reviews', { service: 'reviews', sidecar: false })
    gate = await mesh.workload('gate', { service: 'gate', type: 'router', labels: { app: 'edge' } })
    const credentialName = 'all'
    const theirs = new X509Certificate(readFileSync(client.cert))
    const spki = theirs.publicKey.export({ type: 'spki', format: 'der' })
    const mutual = { mode: 'MUTUAL', credentialName } as const
    await mesh.put(
      istio('Gateway', 'edge', {
        selector: { app: 'edge' },
        servers: [
          server(
            'old.example',
            { mode: 'SIMPLE', credentialName, maxProtocolVersion: 'TLSV1_2', cipherSuites: [cipher] },
            { name: 'first' },
          ),
          server('new.example', { mode: 'SIMPLE', credentialName, minProtocolVersion: 'TLSV1_3' }),
          server('several.example', { mode: 'SIMPLE', credentialNames: [credentialName] }),
          server('files.example', {
            mode: 'MUTUAL',
            serverCertificate: shown.cert,
            privateKey: shown.key,
            caCertificates: clients.ca,
            caCrl: clients.revoke('other'),
          }),
          server('hash.example', {
            ...mutual,
            verifyCertificateHash: [theirs.fingerprint256.toLowerCase()],
          }),
          server('spki.example', {
            ...mutual,
            verifyCertificateSpki: [createHash('sha256').update(spki).digest('base64')],
          }),
          plain(port.bound, { bind: bound }),
          plain(port.known, {
            port: { number: port.known, name: 'web', protocol: 'HTTP', targetPort: port.target },
          }),
        ],
      }),
    )
    await mesh.put(
      istio('VirtualService', 'all', {
        gateways: ['edge', 'chosen'],
        hosts: ['*'],
        http: [
          {
            headers: { response: { set: { 'x-server': '%FILTER_CHAIN_NAME%' } } },
            route: [{ destination: { host: 'reviews', port: { number: 9080 } } }],
          },
        ],
      }),
    )
    await mesh.settled()
    // Envoy acknowledges a listener a moment before its workers have it.
    await vi.waitFor(async () => expect((await ask('several.example')).status).toBe(200), 10_000)
  })
  afterAll(async () => {
    await mesh?.stop()
    rmSync(directory, { recursive: true })
  })

  type Heard = { readonly status: number; readonly server?: string }

  /** The answer to a request over TLS that verifies, by whom; none with status 0. */
  const ask = (servername: string, as?: Certificates, more: ConnectionOptions = {}): Promise<Heard> =>
    new Promise((resolve) => {
      const identity = as && { cert: readFileSync(as.cert), key: readFileSync(as.key) }
      request(
        {
          host: gate.address,
          port: port.tls,
          servername,
          headers: { host: servername },
          agent: false,
          ca: readFileSync(issuer.ca),
          ...identity,
          ...more,
        },
        (answer) => {
          answer.resume()
          resolve({ status: answer.statusCode ?? 0, server: String(answer.headers['x-server']) })
        },
      )
        .on('error', () => resolve({ status: 0 }))
        .end()
    })
  /** The version and cipher that a connection to the server gets. */
  const agreed = (servername: string): Promise<readonly unknown[]> =>
    new Promise((resolve, reject) => {
      const socket = connect(
        { host: gate.address, port: port.tls, servername, ca: readFileSync(issuer.ca) },
        () => {
          resolve([socket.getProtocol(), socket.getCipher().name])
          socket.destroy()
        },
      )
      socket.once('error', reject)
    })
  const plainly = (host: string, its: number, path = '/'): Promise<number> =>
    new Promise((resolve) => {
      httpRequest({ host, port: its, path, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
        .on('error', () => resolve(0))
        .end()
    })

  test('FT11: versions of TLS and ciphers are those of the server', async () => {
    expect(await agreed('old.example')).toEqual(['TLSv1.2', cipher])
    expect((await agreed('new.example'))[0]).toBe('TLSv1.3')
    expect(await ask('new.example', undefined, { maxVersion: 'TLSv1.2' })).toEqual({ status: 0 })
  })

  test('FT11: a server has its name and its port’s in logs', async () => {
    expect(await ask('old.example')).toEqual({ status: 200, server: 'first/https' })
    expect(await ask('new.example')).toEqual({ status: 200, server: 'https' })
  })

  test('FT11: certificates are those of files, or of any of several secrets', async () => {
    expect(await ask('several.example')).toMatchObject({ status: 200 })
    expect(await ask('files.example', client)).toMatchObject({ status: 200 })
    expect(await ask('files.example')).toEqual({ status: 0 })
    expect(await ask('files.example', issuer.sign('stranger', ['DNS:client.example']))).toEqual({
      status: 0,
    })
  })

  test('FT11: a certificate that is revoked, or not one of those named, is not taken', async () => {
    expect(await ask('files.example', other)).toEqual({ status: 0 })
    for (const host of ['hash.example', 'spki.example']) {
      expect(await ask(host, client)).toMatchObject({ status: 200 })
      expect(await ask(host, other)).toEqual({ status: 0 })
    }
  })

  test('FT11: a server with an address listens there alone', async () => {
    await expect.poll(() => plainly(bound, port.bound)).toBe(200)
    expect(await plainly(gate.address, port.bound)).toBe(0)
  })

  test('FT11, Y31: what no rule takes goes to the endpoint of its server, requests and connections', async () => {
    const own = createServer((_, response) => response.writeHead(201).end())
    await new Promise<void>((done) => own.listen(0, '127.0.0.1', done))
    onTestFinished(() => void own.close())
    const defaultEndpoint = `127.0.0.1:${(own.address() as AddressInfo).port}`
    const servers = [
      plain(port.web, { defaultEndpoint }),
      plain(port.tcp, { defaultEndpoint, port: { number: port.tcp, name: 'tcp', protocol: 'TCP' } }),
    ]
    await mesh.put(
      istio('VirtualService', 'ends', {
        gateways: ['ends'],
        hosts: ['*'],
        http: [
          {
            match: [{ uri: { prefix: '/reviews' } }],
            route: [{ destination: { host: 'reviews', port: { number: 9080 } } }],
          },
        ],
      }),
    )
    await mesh.settled(await mesh.put(istio('Gateway', 'ends', { selector: { app: 'edge' }, servers })))
    await expect.poll(() => plainly(gate.address, port.web)).toBe(201)
    expect(await plainly(gate.address, port.web, '/reviews')).toBe(200)
    await expect.poll(() => plainly(gate.address, port.tcp)).toBe(201)
    for (const kind of ['VirtualService', 'Gateway']) await mesh.remove(kind, 'ends')
    await mesh.settled()
  })

  test('FT11: a server listens on its targetPort', async () => {
    await expect.poll(() => plainly(gate.address, port.target)).toBe(200)
    expect(await plainly(gate.address, port.known)).toBe(0)
  })

  test('FT11: a Gateway is for the proxies whose labels it selects', async () => {
    const chosen = (app: string) =>
      istio('Gateway', 'chosen', { selector: { app }, servers: [plain(port.chosen)] })
    await mesh.settled(await mesh.put(chosen('other')))
    const { items } = await mesh.json<{ items: { name: string }[] }>(`/api/v1/proxies/${gate.node}/listeners`)
    expect(items.filter(({ name }) => name.endsWith(`_${port.chosen}`))).toEqual([])
    await mesh.settled(await mesh.put(chosen('edge')))
    await expect.poll(() => plainly(gate.address, port.chosen)).toBe(200)
    await mesh.settled(await mesh.put(chosen('other')))
    await expect.poll(() => plainly(gate.address, port.chosen)).toBe(0)
  })
})
