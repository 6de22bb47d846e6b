import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { GatewayServer } from '../../src/model/istio/gateway.ts'
import type { ServerTls } from '../../src/model/istio/serverTls.ts'
import { authority, type Certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('what TLS of Gateways offers and asks, on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-gateway-tls-'))
  const issuer = authority(join(directory, 'servers'))
  const clients = authority(join(directory, 'clients'))
  const client = clients.sign('client', ['DNS:client.example'])
  const stranger = issuer.sign('stranger', ['DNS:stranger.example'])
  const names = [
    'plain',
    'alpn',
    'curve',
    'lenient',
    'asking',
    'letting',
    'apart',
    'mixed',
    'pair',
    'verified',
  ]
  const subjects = names.map((name) => `DNS:${name}.example`)
  const shown = issuer.sign('server', subjects)
  const shownRsa = issuer.sign('server-rsa', subjects, 'rsa')
  let mesh: OwnMesh
  let gate: Workload
  let port = 0

  const secret = (name: string, files: Readonly<Record<string, string>>): void => {
    const at = join(directory, 'secrets', 'default', name)
    mkdirSync(at, { recursive: true })
    for (const [file, from] of Object.entries(files)) cpSync(from, join(at, file))
  }
  const server = (name: string, tls: ServerTls): GatewayServer => ({
    port: { number: port, name: 'https', protocol: 'HTTPS' },
    hosts: [`${name}.example`],
    tls,
  })

  beforeAll(async () => {
    secret('both', { 'tls.crt': shown.cert, 'tls.key': shown.key, 'ca.crt': clients.ca })
    // Of its own authorities nobody's certificate is: what is apart has to go before them.
    secret('wrong', { 'tls.crt': shown.cert, 'tls.key': shown.key, 'ca.crt': issuer.ca })
    secret('authorities', { 'ca.crt': clients.ca })
    port = await freePort()
    mesh = await startMesh(envoy.path, 'memory', { secrets: join(directory, 'secrets') })
    for (const name of ['gate', 'reviews']) await mesh.put(service(name))
    await mesh.workload('reviews', { service: 'reviews', sidecar: false })
    gate = await mesh.workload('gate', { service: 'gate', type: 'router', labels: { app: 'edge' } })
    const simple = { mode: 'SIMPLE', credentialName: 'both' } as const
    const mutual = { mode: 'MUTUAL', credentialName: 'both' } as const
    const files = { serverCertificate: shown.cert, privateKey: shown.key }
    const ofRsa = { serverCertificate: shownRsa.cert, privateKey: shownRsa.key }
    await mesh.put(
      istio('Gateway', 'edge', {
        selector: { app: 'edge' },
        servers: [
          server('plain', simple),
          server('alpn', { ...simple, alpnProtocols: ['http/1.1', 'acme'] }),
          server('curve', { ...simple, ecdhCurves: ['P-384', 'secp384r1', 'P-384'] }),
          server('lenient', { ...mutual, subjectAltNames: ['other.example'], insecureSkipVerify: true }),
          server('asking', { ...mutual, mode: 'OPTIONAL_MUTUAL' }),
          server('letting', { ...mutual, mode: 'OPTIONAL_MUTUAL', insecureSkipVerify: true }),
          server('apart', { ...mutual, credentialName: 'wrong', caCertCredentialName: 'authorities' }),
          server('mixed', { mode: 'MUTUAL', ...files, caCertCredentialName: 'authorities' }),
          server('pair', { mode: 'SIMPLE', tlsCertificates: [ofRsa, files] }),
          server('verified', {
            mode: 'MUTUAL',
            tlsCertificates: [{ ...files, caCertificates: clients.ca }],
          }),
        ],
      }),
    )
    const route = [{ destination: { host: 'reviews', port: { number: 9080 } } }]
    await mesh.put(
      istio('VirtualService', 'all', { gateways: ['edge'], hosts: ['*.example'], http: [{ route }] }),
    )
    await mesh.settled()
    // Envoy acknowledges a listener a moment before its workers have it.
    await vi.waitFor(async () => expect(await ask('plain')).toBe(200), 10_000)
  })
  afterAll(async () => {
    await mesh?.stop()
    rmSync(directory, { recursive: true })
  })

  /** The status of the answer to a request over TLS that verifies; 0: there is none. */
  const ask = (name: string, as?: Certificates): Promise<number> =>
    new Promise((resolve) => {
      request(
        {
          host: gate.address,
          port,
          servername: `${name}.example`,
          headers: { host: `${name}.example` },
          agent: false,
          ca: readFileSync(issuer.ca),
          ...(as && { cert: readFileSync(as.cert), key: readFileSync(as.key) }),
        },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        },
      )
        .on('error', () => resolve(0))
        .end()
    })
  /** What `read` finds of a connection to the server; rejects where there is none. */
  const agreed = <A>(name: string, more: ConnectionOptions, read: (socket: TLSSocket) => A): Promise<A> =>
    new Promise((resolve, reject) => {
      const servername = `${name}.example`
      const socket = connect(
        { host: gate.address, port, servername, ca: readFileSync(issuer.ca), ...more },
        () => {
          resolve(read(socket))
          socket.destroy()
        },
      )
      socket.once('error', reject)
    })

  test('FT11: alpnProtocols are offered in place of what HTTP speaks, the first that callers have', async () => {
    const chosen = (name: string, ...ALPNProtocols: string[]) =>
      agreed(name, { ALPNProtocols }, ({ alpnProtocol }) => alpnProtocol)
    expect(await chosen('plain', 'h2', 'http/1.1')).toBe('h2')
    expect(await chosen('alpn', 'h2', 'http/1.1')).toBe('http/1.1')
    expect(await chosen('alpn', 'acme')).toBe('acme')
    expect(await ask('alpn')).toBe(200)
  })

  test('FT11: of ecdhCurves one is agreed on, and a caller without any of them is refused', async () => {
    const curve = (name: string, ecdhCurve: string) =>
      agreed(name, { ecdhCurve }, (socket) => (socket.getEphemeralKeyInfo() as { name?: string }).name)
    expect(await curve('curve', 'prime256v1:secp384r1')).toBe('secp384r1')
    expect(await curve('plain', 'prime256v1')).toBe('prime256v1')
    await expect(curve('curve', 'prime256v1')).rejects.toThrow()
  })

  test('FT11: with insecureSkipVerify a certificate that fails is let through; MUTUAL still asks for one', async () => {
    expect(await ask('lenient', stranger)).toBe(200)
    expect(await ask('lenient', client)).toBe(200)
    expect(await ask('lenient')).toBe(0)
    expect(await ask('asking', stranger)).toBe(0)
    expect(await ask('letting', stranger)).toBe(200)
    expect(await ask('letting')).toBe(200)
  })

  test('FT11: caCertCredentialName has the authorities, before the secret of the certificate or beside files', async () => {
    for (const name of ['apart', 'mixed']) {
      expect(await ask(name, client)).toBe(200)
      expect(await ask(name, stranger)).toBe(0)
      expect(await ask(name)).toBe(0)
    }
  })

  test('FT11: of two tlsCertificates the one is shown whose serverCertificate and privateKey are of the sort that the caller takes', async () => {
    const kind = (ciphers: string) =>
      agreed('pair', { ciphers, maxVersion: 'TLSv1.2' }, (socket) => socket.getCipher().name)
    for (const cipher of ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256'])
      expect(await kind(cipher)).toBe(cipher)
  })

  test('FT11: caCertificates of tlsCertificates are those that callers are verified by', async () => {
    expect(await ask('verified', client)).toBe(200)
    expect(await ask('verified', stranger)).toBe(0)
    expect(await ask('verified')).toBe(0)
  })
})
