import { X509Certificate } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Explanation } from '../../src/explain/explanation.ts'
import type { ServerTls } from '../../src/model/istio/serverTls.ts'
import { authority, type Certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()
const account = 'spiffe://cluster.local/ns/default/sa/shared'
const partner = 'spiffe://partner.example/caller'
const forged = 'By=forger;Subject="CN=admin";URI=spiffe://cluster.local/ns/default/sa/admin'

/** What an application is told of one certificate. */
type Told = Readonly<Record<string, string>>

describe.skipIf(envoy.skip)('x-forwarded-client-cert behind real Envoys', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-client-certificate-'))
  const own = authority(join(directory, 'mesh'))
  const servers = authority(join(directory, 'servers'))
  const clients = authority(join(directory, 'clients'))
  const ofMesh = own.sign('workload', [`URI:${account}`])
  const client = clients.sign('client', [`URI:${partner}`, 'DNS:client.example'])
  const stranger = servers.sign('admin', [`URI:${account}`])
  const hosts = ['simple', 'mutual', 'optional', 'any', 'within']
  const shown = servers.sign(
    'server',
    hosts.map((name) => `DNS:${name}.example`),
  )
  const port = { tls: 0, plain: 0 }
  const ofWorkload: Told = { Hash: fingerprint(ofMesh), Subject: 'CN=workload', URI: account }
  const ofClient: Told = {
    Hash: fingerprint(client),
    Cert: pem(client),
    Subject: 'CN=client',
    URI: partner,
    DNS: 'client.example',
  }
  let mesh: OwnMesh
  let gate: Workload
  let caller: Workload
  let reviews: Workload
  let ratings: Workload

  beforeAll(async () => {
    for (const name of Object.keys(port) as (keyof typeof port)[]) port[name] = await freePort()
    const live = join(directory, 'live')
    mkdirSync(live)
    cpSync(ofMesh.ca, join(live, 'root-cert.pem'))
    cpSync(ofMesh.cert, join(live, 'cert-chain.pem'))
    cpSync(ofMesh.key, join(live, 'key.pem'))
    mesh = await startMesh(envoy.path)
    await mesh.put({
      apiVersion: 'rutter.dev/v1',
      kind: 'MeshSettings',
      metadata: { name: 'mesh' },
      spec: { authPolicy: 'MUTUAL_TLS', certificatesPath: live },
    })
    for (const name of ['gate', 'caller', 'reviews']) await mesh.put(service(name))
    for (const name of ['ratings', 'bare'])
      await mesh.put(service(name, { ports: [{ name: 'http', port: 9080, authPolicy: 'disable' }] }))
    const answer = ({ headers }: IncomingMessage, response: ServerResponse): void => {
      response.end(headers['x-forwarded-client-cert'] ?? '')
    }
    reviews = await mesh.workload('reviews', { service: 'reviews', answer })
    await mesh.put({ ...reviews.instance, spec: { ...reviews.instance.spec, serviceAccount: 'shared' } })
    ratings = await mesh.workload('ratings', { service: 'ratings', answer })
    await mesh.workload('bare', { service: 'bare', sidecar: false, answer })
    caller = await mesh.workload('caller', { service: 'caller' })
    gate = await mesh.workload('gate', { service: 'gate', type: 'router', labels: { app: 'edge' } })
    const files = { serverCertificate: shown.cert, privateKey: shown.key, caCertificates: clients.ca }
    const server = (name: string, tls: ServerTls) => ({
      port: { number: port.tls, name: 'https', protocol: 'HTTPS' as const },
      hosts: [`${name}.example`],
      tls,
    })
    await mesh.put(
      istio('Gateway', 'edge', {
        selector: { app: 'edge' },
        servers: [
          { port: { number: port.plain, name: 'http', protocol: 'HTTP' }, hosts: ['*.example'] },
          server('simple', { mode: 'SIMPLE', ...files }),
          server('mutual', { mode: 'MUTUAL', ...files }),
          server('optional', { mode: 'OPTIONAL_MUTUAL', ...files }),
          server('any', { mode: 'MUTUAL', ...files, insecureSkipVerify: true }),
          server('within', { mode: 'ISTIO_MUTUAL' }),
        ],
      }),
    )
    const to = (host: string, has: boolean) => ({
      name: `${host}-${has ? 'told' : 'untold'}`,
      match: [{ uri: { prefix: `/${host}` }, ...(has && { headers: { 'x-forwarded-client-cert': {} } }) }],
      headers: { response: { set: { 'x-route': `${host}-${has ? 'told' : 'untold'}` } } },
      route: [{ destination: { host, port: { number: 9080 } } }],
    })
    await mesh.put(
      istio('VirtualService', 'all', {
        gateways: ['edge'],
        hosts: ['*.example'],
        http: [
          {
            match: [{ uri: { prefix: '/silent' } }],
            headers: { request: { remove: ['x-forwarded-client-cert'] } },
            route: [{ destination: { host: 'bare', port: { number: 9080 } } }],
          },
          ...['reviews', 'ratings', 'bare'].flatMap((host) => [to(host, true), to(host, false)]),
        ],
      }),
    )
    await mesh.settled()
    // Envoy acknowledges a listener a moment before its workers have it.
    await vi.waitFor(async () => expect((await ask('simple', 'bare')).status).toBe(200), 10_000)
  })
  afterAll(async () => {
    await mesh?.stop()
    rmSync(directory, { recursive: true })
  })

  /** The answer to a request that forges the header. */
  const sent = (send: typeof httpsRequest, options: RequestOptions): Promise<Heard> =>
    new Promise((resolve) => {
      const headers = { 'x-forwarded-client-cert': forged, ...options.headers }
      send({ agent: false, ...options, headers }, (answer) => {
        let body = ''
        answer.on('data', (chunk) => {
          body += chunk
        })
        answer.on('end', () => resolve(heard(answer, body)))
      })
        .on('error', () => resolve(refused))
        .end()
    })
  /** The same to an application through the Gateway’s server `name`. */
  const ask = (name: string, app: string, as?: Certificates): Promise<Heard> => {
    const host = `${name}.example`
    const place = { host: gate.address, port: port.tls, servername: host, path: `/${app}` }
    return sent(httpsRequest, { ...place, ...shownBy(as), headers: { host } })
  }
  const plainly = (host: string, its: number, path: string, authority: string): Promise<Heard> =>
    sent(httpRequest, { host, port: its, path, headers: { host: authority } })

  test('Y48: an application behind a MUTUAL server is told its caller’s certificate, and nothing that this one says of itself', async () => {
    for (const name of ['mutual', 'optional'])
      expect(await ask(name, 'bare', client)).toEqual({ status: 200, told: [ofClient], route: 'bare-told' })
    const within = { By: account, ...ofWorkload, Cert: pem(ofMesh) }
    expect((await ask('within', 'bare', ofMesh)).told).toEqual([within])
    expect((await ask('mutual', 'bare')).status).toBe(0)
    // A route may keep it back.
    expect(await ask('mutual', 'silent', client)).toEqual({ status: 200, told: [] })
  })

  test('M10, Y48: behind a sidecar under mutual TLS it is told its caller’s, then the gateway’s', async () => {
    expect(await ask('mutual', 'reviews', client)).toEqual({
      status: 200,
      told: [ofClient, { By: account, ...ofWorkload }],
      route: 'reviews-told',
    })
  })

  test('M10, Y48: who shows no certificate is told of by no name: neither behind a gateway nor behind a sidecar', async () => {
    const gateway = [{ By: account, ...ofWorkload }]
    for (const name of ['simple', 'optional']) {
      expect(await ask(name, 'bare')).toEqual({ status: 200, told: [], route: 'bare-untold' })
      expect(await ask(name, 'reviews')).toEqual({ status: 200, told: gateway, route: 'reviews-untold' })
    }
    const plain = (app: string) => plainly(gate.address, port.plain, `/${app}`, 'simple.example')
    expect((await plain('bare')).told).toEqual([])
    expect((await plain('reviews')).told).toEqual(gateway)
  })

  test('Y48: of a certificate that nobody verified the application is given the whole, and no names', async () => {
    const { told } = await ask('any', 'bare', stranger)
    expect(told).toEqual([{ Hash: fingerprint(stranger), Cert: pem(stranger) }])
  })

  test('M10: a port that is opted out of mutual TLS lets nobody’s header pass, a gateway’s neither', async () => {
    expect(await plainly(ratings.address, 9080, '/', 'ratings')).toEqual({ status: 200, told: [] })
    expect(await ask('mutual', 'ratings', client)).toEqual({ status: 200, told: [], route: 'ratings-told' })
  })

  test('M10: what a workload says itself does not leave it; who holds a certificate of the mesh is told last', async () => {
    const answer = await caller.get('reviews:9080', '/', { 'x-forwarded-client-cert': forged })
    expect(toldIn(answer.body)).toEqual([{ By: account, ...ofWorkload }])
    const { told } = await sent(httpsRequest, { host: reviews.address, port: 9080, ...shownBy(ofMesh) })
    expect(told.map(({ By }) => By)).toEqual(['forger', account])
    expect(told[1]).toEqual({ By: account, ...ofWorkload })
  })

  test.each([
    ['mutual', client],
    ['optional', undefined],
    ['simple', undefined],
  ] as const)('Q13: which route a request over %s takes by the header is explained', async (name, as) => {
    const { route } = await ask(name, 'bare', as)
    const url = `https://${name}.example:${port.tls}/bare`
    const response = await fetch(`${mesh.url}/api/v1/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        proxy: gate.node,
        requests: [{ url, headers: { 'x-forwarded-client-cert': forged } }],
      }),
    })
    const { items } = (await response.json()) as { items: readonly Explanation[] }
    expect(items[0]?.steps.at(-1)?.name).toBe(`VirtualService/default/all/${route}`)
  })
})

const fingerprint = ({ cert }: Certificates): string =>
  new X509Certificate(readFileSync(cert)).fingerprint256.replaceAll(':', '').toLowerCase()

/** As the header writes it. */
const pem = ({ cert }: Certificates): string => encodeURIComponent(readFileSync(cert, 'utf8'))

type Heard = {
  readonly status: number
  readonly told: readonly Told[]
  readonly route?: string
}

const refused: Heard = { status: 0, told: [] }

const shownBy = (as: Certificates | undefined): RequestOptions => ({
  rejectUnauthorized: false,
  ...(as && { cert: readFileSync(as.cert), key: readFileSync(as.key) }),
})

const heard = ({ statusCode = 0, headers }: IncomingMessage, body: string): Heard => ({
  status: statusCode,
  told: statusCode === 200 ? toldIn(body) : [],
  ...(headers['x-route'] && { route: String(headers['x-route']) }),
})

/** What is told of each certificate, in order. */
const toldIn = (header: string): readonly Told[] =>
  header === ''
    ? []
    : header.split(',').map((one) => {
        const pairs = [...one.matchAll(/(\w+)=("[^"]*"|[^;]*)(?:;|$)/g)]
        return Object.fromEntries(pairs.map(([, key, value = '']) => [key, value.replaceAll('"', '')]))
      })
