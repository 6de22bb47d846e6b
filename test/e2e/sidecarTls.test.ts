import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ServerTls } from '../../src/model/istio/serverTls.ts'
import type { SidecarIngress } from '../../src/model/sidecar.ts'
import { authority, type Certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('TLS of the ingress of a Sidecar on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-sidecar-tls-'))
  const issuer = authority(join(directory, 'servers'))
  const clients = authority(join(directory, 'clients'))
  const shown = issuer.sign('server', ['IP:127.0.0.1'])
  const client = clients.sign('client', ['DNS:client.example'])
  const stranger = issuer.sign('stranger', ['DNS:stranger.example'])
  const port = { simple: 0, mutual: 0, optional: 0, raw: 0, bare: 0 }
  let mesh: OwnMesh
  let app: Server

  beforeAll(async () => {
    app = createServer(({ url, headers }, answer) =>
      answer.end(
        url === '/caller'
          ? headers['x-forwarded-client-cert']
          : String(headers['x-request-id'] !== undefined),
      ),
    )
    await new Promise<void>((done) => {
      app.listen(0, '127.0.0.1', done)
    })
    for (const name of ['simple', 'mutual', 'optional', 'raw', 'bare'] as const) port[name] = await freePort()
    mesh = await startMesh(envoy.path)
    await mesh.put(service('reviews'))
    await mesh.workload('reviews', { service: 'reviews' })
    const files = { serverCertificate: shown.cert, privateKey: shown.key }
    const at = (number: number, tls: ServerTls, protocol: 'HTTPS' | 'TLS' = 'HTTPS'): SidecarIngress => ({
      port: { number, protocol },
      bind: '127.0.0.1',
      captureMode: 'NONE',
      defaultEndpoint: `127.0.0.1:${(app.address() as AddressInfo).port}`,
      tls,
    })
    await mesh.put(
      istio('Sidecar', 'reviews', {
        ingress: [
          at(port.simple, { mode: 'SIMPLE', ...files }),
          at(port.mutual, { mode: 'MUTUAL', ...files, caCertificates: clients.ca }),
          at(port.optional, { mode: 'OPTIONAL_MUTUAL', ...files, caCertificates: clients.ca }),
          at(port.raw, { mode: 'SIMPLE', ...files }, 'TLS'),
          at(port.bare, { mode: 'MUTUAL', ...files }),
        ],
      }),
    )
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    app?.closeAllConnections()
    app?.close()
    rmSync(directory, { recursive: true })
  })

  /** What the application says to a request that forges who called: whether it saw a request id, which proxies give what
   *  they route by request; at `/caller` by whose certificate it was called; what went wrong else. */
  const ask = (its: number, as?: Certificates, path = '/'): Promise<string> =>
    new Promise((resolve) => {
      const identity = as && { cert: readFileSync(as.cert), key: readFileSync(as.key) }
      const headers = { 'x-forwarded-client-cert': 'Subject="CN=admin"' }
      const place = { host: '127.0.0.1', port: its, path, agent: false, headers }
      request({ ...place, ca: readFileSync(issuer.ca), ...identity }, (answer) => {
        let body = ''
        answer.on('data', (chunk) => {
          body += chunk
        })
        answer.on('end', () => resolve(body))
      })
        .on('error', () => resolve('refused'))
        .end()
    })

  test('Y39: TLS is ended before the application, and HTTPS is routed by request', async () => {
    await expect.poll(() => ask(port.simple)).toBe('true')
    expect(await ask(port.raw)).toBe('false')
  })

  test('Y39: MUTUAL takes callers whose certificate its caCertificates have signed', async () => {
    await expect.poll(() => ask(port.mutual, client)).toBe('true')
    expect(await ask(port.mutual, stranger)).toBe('refused')
    expect(await ask(port.mutual)).toBe('refused')
  })

  test('Y48: where callers are asked for a certificate the application is told theirs, and never what they say', async () => {
    for (const its of [port.mutual, port.optional])
      await expect
        .poll(() => ask(its, client, '/caller'))
        .toMatch(/^Hash=[0-9a-f]{64};Cert="[^"]*";Subject="CN=client";URI=;DNS=client\.example$/)
    for (const its of [port.optional, port.simple])
      await expect.poll(() => ask(its, undefined, '/caller')).toBe('')
  })

  test('Y39: a port whose callers nothing would verify is not served', async () => {
    expect(await ask(port.bare, client)).toBe('refused')
  })
})
