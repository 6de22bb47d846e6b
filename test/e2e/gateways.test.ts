import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type Server } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GatewayServer } from '../../src/model/istio/gateway.ts'
import type { ServerTls } from '../../src/model/istio/serverTls.ts'
import { authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('Gateways on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-gateways-'))
  const secrets = join(directory, 'secrets')
  const issuer = authority(join(directory, 'servers'))
  const clients = authority(join(directory, 'clients'))
  const client = clients.sign('client', ['DNS:client.example'])
  const stranger = clients.sign('stranger', ['DNS:stranger.example'])
  let mesh: OwnMesh
  let gate: Workload
  let inner: Server
  let port = 0

  const server = (host: string, name: string, tls: ServerTls): GatewayServer => ({
    port: { number: port, name, protocol: 'HTTPS' },
    hosts: [host],
    tls,
  })
  const to = (host: string) => [{ route: [{ destination: { host, port: { number: 9080 } } }] }]

  beforeAll(async () => {
    for (const host of ['simple', 'mutual', 'optional']) {
      const { cert, key } = issuer.sign(host, [`DNS:${host}.example`])
      const at = join(secrets, 'default', host)
      mkdirSync(at, { recursive: true })
      cpSync(cert, join(at, 'tls.crt'))
      cpSync(key, join(at, 'tls.key'))
      cpSync(clients.ca, join(at, 'ca.crt'))
    }
    const own = issuer.sign('inner', ['DNS:passed.example'])
    inner = createTlsServer({ cert: readFileSync(own.cert), key: readFileSync(own.key) }, (socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\npassed'),
    )
    await new Promise<void>((done) => inner.listen(0, '127.0.0.1', done))
    port = await freePort()
    mesh = await startMesh(envoy.path, 'memory', { secrets })
    for (const name of ['gate', 'reviews', 'ratings']) await mesh.put(service(name))
    await mesh.put(service('inner', { ports: [{ name: 'tls', port: 443, protocol: 'HTTPS' }] }))
    await mesh.put(
      instance('inner-1', 'inner', '127.0.0.1', { ports: { tls: (inner.address() as AddressInfo).port } }),
    )
    for (const name of ['reviews', 'ratings'])
      await mesh.workload(`${name}-v1`, { service: name, sidecar: false })
    gate = await mesh.workload('gate', { service: 'gate', type: 'router', labels: { app: 'edge' } })
    const web = { number: 80, name: 'http', protocol: 'HTTP' } as const
    await mesh.put(
      istio('Gateway', 'edge', {
        selector: { app: 'edge' },
        servers: [
          { port: web, hosts: ['plain.example'] },
          { port: web, hosts: ['simple.example'], tls: { httpsRedirect: true } },
          server('simple.example', 'simple', { mode: 'SIMPLE', credentialName: 'simple' }),
          server('mutual.example', 'mutual', {
            mode: 'MUTUAL',
            credentialName: 'mutual',
            subjectAltNames: ['client.example'],
          }),
          server('optional.example', 'optional', { mode: 'OPTIONAL_MUTUAL', credentialName: 'optional' }),
          server('passed.example', 'passed', { mode: 'PASSTHROUGH' }),
        ],
      }),
    )
    await mesh.put(
      istio('VirtualService', 'web', {
        gateways: ['edge'],
        hosts: ['plain.example', 'simple.example', 'mutual.example', 'optional.example'],
        http: to('reviews'),
      }),
    )
    await mesh.settled(
      await mesh.put(
        istio('VirtualService', 'passed', {
          gateways: ['edge'],
          hosts: ['passed.example'],
          tls: [
            {
              match: [{ port, sniHosts: ['passed.example'] }],
              route: [{ destination: { host: 'inner', port: { number: 443 } } }],
            },
          ],
        }),
      ),
    )
  })
  afterAll(async () => {
    await mesh?.stop()
    inner?.close()
    rmSync(directory, { recursive: true })
  })

  /** Status and body of the answer to a request over TLS that verifies, or that there was none. */
  const ask = (servername: string, host = servername, shown?: typeof client, at = port): Promise<string> =>
    new Promise((resolve) => {
      const options: RequestOptions = {
        host: gate.address,
        port: at,
        servername,
        headers: { host },
        agent: false,
        ca: readFileSync(issuer.ca),
        ...(shown && { cert: readFileSync(shown.cert), key: readFileSync(shown.key) }),
      }
      request(options, (answer) => {
        let body = ''
        answer.on('data', (chunk) => {
          body += chunk
        })
        answer.on('end', () => resolve(`${answer.statusCode} ${body}`))
      })
        .on('error', () => resolve('none'))
        .end()
    })

  test('Y24: TLS is ended with the server’s own certificate, and held to callers’ where its mode says so', async () => {
    await expect.poll(() => ask('simple.example'), { timeout: 10_000 }).toBe('200 reviews')
    await expect.poll(() => ask('mutual.example', 'mutual.example', client)).toBe('200 reviews')
    expect(await ask('mutual.example')).toBe('none')
    expect(await ask('mutual.example', 'mutual.example', stranger)).toBe('none')
    expect(await ask('optional.example')).toBe('200 reviews')
    expect(await ask('optional.example', 'optional.example', client)).toBe('200 reviews')
  })

  test('Y24: nobody reaches a server that asks for certificates by the name of one that does not', async () => {
    expect(await ask('simple.example', 'mutual.example')).toBe('404 ')
  })

  test('Y24: TLS is passed on by the name asked for, and closed where nobody has it', async () => {
    expect(await ask('passed.example')).toBe('200 passed')
    expect(await ask('nobody.example')).toBe('none')
  })

  test('Y24: plain text is served or sent to TLS, as the server says', async () => {
    expect(await gate.get('plain.example')).toMatchObject({ status: 200, body: 'reviews' })
    const { status, headers } = await gate.get('simple.example', '/a?b=c')
    expect([status, headers.location]).toEqual([301, 'https://simple.example/a?b=c'])
  })

  test('Y24: connections go by where they come from', async () => {
    const number = await freePort()
    const from = (sourceSubnet: string, host: string) => ({
      match: [{ sourceSubnet }],
      route: [{ destination: { host, port: { number: 9080 } } }],
    })
    await mesh.put(
      istio('Gateway', 'tcp', {
        selector: { app: 'edge' },
        servers: [
          { port: { number, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] },
          {
            port: { number, name: 'tls', protocol: 'TLS' },
            hosts: ['simple.example'],
            tls: { mode: 'SIMPLE', credentialName: 'simple' },
          },
        ],
      }),
    )
    const tcp = [from('10.0.0.0/8', 'ratings'), from('127.0.0.0/8', 'reviews')]
    await mesh.settled(
      await mesh.put(istio('VirtualService', 'tcp', { gateways: ['tcp'], hosts: ['*'], tcp })),
    )
    const answer = async () => (await fetch(`http://${gate.address}:${number}/`)).text()
    await expect.poll(answer).toBe('reviews')
    expect(await ask('simple.example', 'simple.example', undefined, number)).toBe('200 reviews')
    for (const kind of ['VirtualService', 'Gateway']) await mesh.remove(kind, 'tcp')
    await mesh.settled()
  })

  test('Y24: a rule that comes, changes or goes costs others no request', async () => {
    const seen = new Set<string>()
    let going = true
    const asking = (async () => {
      while (going) {
        seen.add(await ask('simple.example'))
        seen.add(`plain ${(await gate.get('plain.example')).status}`)
      }
    })()
    const rule = (host: string) =>
      istio('VirtualService', 'more', { gateways: ['edge'], hosts: ['more.example'], http: to(host) })
    const second = istio('Gateway', 'second', {
      selector: { app: 'edge' },
      servers: [
        {
          port: { number: 80, name: 'http', protocol: 'HTTP' },
          hosts: ['more.example'],
        },
      ],
    })
    const bound = (host: string) => ({ ...rule(host), spec: { ...rule(host).spec, gateways: ['second'] } })
    await mesh.settled(await mesh.put(second))
    for (const host of ['reviews', 'ratings']) {
      await mesh.settled(await mesh.put(bound(host)))
      await expect.poll(async () => (await gate.get('more.example')).body).toBe(host)
    }
    await mesh.settled(await mesh.remove('VirtualService', 'more'))
    await expect.poll(async () => (await gate.get('more.example')).status).toBe(404)
    await mesh.settled(await mesh.remove('Gateway', 'second'))
    going = false
    await asking
    expect([...seen].sort()).toEqual(['200 reviews', 'plain 200'])
  })
})
