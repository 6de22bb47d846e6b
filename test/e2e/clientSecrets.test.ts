import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ClientTls, DestinationRuleSpec } from '../../src/model/istio/destinationRule.ts'
import type { ServiceEntrySpec } from '../../src/model/istio/serviceEntry.ts'
import { authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()
const address = `${ownNet}.253.1`

describe.skipIf(envoy.skip)('secrets of TLS to services on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-client-secrets-'))
  const secrets = join(directory, 'secrets')
  const servers = authority(join(directory, 'servers'))
  const others = authority(join(directory, 'others'))
  const clients = authority(join(directory, 'clients'))
  const shown = servers.sign('bank', ['DNS:bank.example', 'DNS:a.localhost'])
  let mesh: OwnMesh
  let client: Workload
  let stranger: Workload
  let gate: Workload
  let bank: Server
  let bankPort = 0
  let connections = 0
  const { put, clear } = passingResources(() => mesh)

  const secret = (name: string, files: Readonly<Record<string, string>>): void => {
    const at = join(secrets, 'default', name)
    mkdirSync(at, { recursive: true })
    for (const [file, from] of Object.entries(files)) cpSync(from, join(at, file))
  }
  const pair = (name: string) => {
    const { cert, key } = clients.sign(name, [`DNS:${name}.example`])
    return { 'tls.crt': cert, 'tls.key': key }
  }
  const selected = { workloadSelector: { labels: { app: 'client' } } }
  const rule = (tls: ClientTls, more: Partial<DestinationRuleSpec> = selected): Promise<void> =>
    put(istio('DestinationRule', 'bank', { host: 'bank', trafficPolicy: { tls }, ...more }))
  const bankServer = (): Server =>
    createServer(
      {
        cert: readFileSync(shown.cert),
        key: readFileSync(shown.key),
        ca: readFileSync(clients.ca),
        requestCert: true,
        rejectUnauthorized: false,
      },
      ({ socket }, response) => {
        const { authorized } = socket as TLSSocket
        const { subject } = (socket as TLSSocket).getPeerCertificate()
        response.setHeader('connection', 'close')
        response.end(authorized ? `${subject.CN}` : 'nobody')
      },
    )
  /** Whose certificate the bank was shown, or the status of what is no answer of it. */
  const asked = async (who = client, host = 'bank:9080'): Promise<string> => {
    const { status, body } = await who.get(host)
    return status === 200 ? body : `${status}`
  }
  const told = async (): Promise<readonly string[]> => {
    const { items } = await mesh.json<{
      items: { kind: string; diagnostics: { code: string; path: string }[] }[]
    }>('/api/v1/diagnostics')
    return items
      .filter(({ kind }) => kind === 'DestinationRule')
      .flatMap(({ diagnostics }) => diagnostics)
      .filter(({ code }) => code !== 'RUT2109')
      .map(({ code, path }) => `${code} ${path}`)
  }
  const simple: ClientTls = { mode: 'SIMPLE', sni: 'bank.example', credentialName: 'vault' }
  const mutual: ClientTls = { ...simple, mode: 'MUTUAL' }

  beforeAll(async () => {
    secret('vault', { ...pair('client'), 'ca.crt': servers.ca })
    secret('wrong', { ...pair('client'), 'ca.crt': others.ca })
    secret('roots', { 'ca.crt': servers.ca })
    bank = bankServer()
    bank.on('connection', () => {
      connections += 1
    })
    bankPort = await freePort()
    await new Promise<void>((done) => bank.listen(bankPort, address, done))
    mesh = await startMesh(envoy.path, 'memory', { secrets })
    for (const name of ['client', 'stranger', 'gate', 'bank']) await mesh.put(service(name))
    await mesh.put(instance('bank-1', 'bank', address, { ports: { http: bankPort } }))
    client = await mesh.workload('client', { service: 'client', labels: { app: 'client' } })
    stranger = await mesh.workload('stranger', { service: 'stranger', labels: { app: 'stranger' } })
    gate = await mesh.workload('gate', { service: 'gate', type: 'router' })
    const web = { number: 80, name: 'http', protocol: 'HTTP' } as const
    await mesh.put(istio('Gateway', 'edge', { servers: [{ port: web, hosts: ['edge.example'] }] }))
    const route = [{ destination: { host: 'bank', port: { number: 9080 } } }]
    await mesh.settled(
      await mesh.put(
        istio('VirtualService', 'edge', { gateways: ['edge'], hosts: ['edge.example'], http: [{ route }] }),
      ),
    )
  })
  afterAll(async () => {
    await mesh?.stop()
    bank?.close()
    rmSync(directory, { recursive: true })
  })
  afterEach(clear)

  test('Y46: a server is verified by the authorities of a secret, and by no others', async () => {
    await rule(simple)
    expect(await asked()).toBe('nobody')
    await rule({ ...simple, credentialName: 'wrong' })
    expect(await asked()).toBe('503')
    await rule({ ...simple, credentialName: 'wrong', caCertCredentialName: 'roots' })
    expect(await asked()).toBe('nobody')
    await rule({ ...simple, sni: 'other.example' })
    expect(await asked()).toBe('503')
    await rule({ ...simple, sni: 'other.example', subjectAltNames: ['bank.example'] })
    expect(await asked()).toBe('nobody')
    await rule({ ...simple, credentialName: 'wrong', insecureSkipVerify: true })
    expect(await asked()).toBe('nobody')
  })

  test('Y46: without a name the request’s authority is asked for and expected', async () => {
    const route = (authority: string) =>
      istio('VirtualService', 'bank', {
        hosts: ['bank'],
        http: [{ rewrite: { authority }, route: [{ destination: { host: 'bank' } }] }],
      })
    await put(route('bank.example'))
    await rule({ mode: 'SIMPLE', credentialName: 'vault' })
    expect(await asked()).toBe('nobody')
    await put(route('other.example'))
    expect(await asked()).toBe('503')
  })

  test('Y46: MUTUAL shows the certificate of the secret, with an authority of it, of another, or unverified', async () => {
    await rule(mutual)
    expect(await asked()).toBe('client')
    await rule({ ...mutual, credentialName: 'wrong' })
    expect(await asked()).toBe('503')
    await rule({ ...mutual, credentialName: 'wrong', caCertCredentialName: 'roots' })
    expect(await asked()).toBe('client')
    await rule({ ...mutual, credentialName: 'wrong', insecureSkipVerify: true })
    expect(await asked()).toBe('client')
  })

  test('Y46: what is replaced is shown, and trusted, without a restart and at no request’s cost', async () => {
    secret('turning', { ...pair('first'), 'ca.crt': servers.ca })
    await rule({ ...mutual, credentialName: 'turning' })
    await expect.poll(() => asked()).toBe('first')
    const seen = new Set<string>()
    let going = true
    const asking = (async () => {
      while (going) seen.add(await asked())
    })()
    secret('turning', pair('second'))
    await expect.poll(() => asked(), { timeout: 10_000 }).toBe('second')
    going = false
    await asking
    expect([...seen].filter((one) => one !== 'first' && one !== 'second')).toEqual([])
    secret('turning', { 'ca.crt': others.ca })
    await expect.poll(() => asked(), { timeout: 10_000 }).toBe('503')
    secret('turning', { 'ca.crt': servers.ca })
    await expect.poll(() => asked(), { timeout: 10_000 }).toBe('second')
  })

  test('Y46: by a secret that is not there nobody is reached, which is told, until it comes', async () => {
    const at = '/spec/trafficPolicy/tls/credentialName'
    await rule({ ...mutual, credentialName: 'late' })
    const before = connections
    expect(await asked()).toBe('503')
    expect(await told()).toEqual([`RUT2051 ${at}`])
    // Without authorities nothing is verified, and so nobody reached.
    secret('late', pair('late'))
    await expect.poll(told, { timeout: 10_000 }).toEqual([`RUT2051 ${at}`])
    expect(await asked()).toBe('503')
    secret('late', { 'ca.crt': servers.ca })
    await expect.poll(() => asked(), { timeout: 10_000 }).toBe('late')
    expect(await told()).toEqual([])
    expect(connections).toBeGreaterThan(before)
  })

  test('Y46: connections that are no requests are begun so too, and closed without the secret', async () => {
    const number = await freePort()
    await put(
      service('safe', { ports: [{ name: 'tcp', port: 9443 }] }),
      instance('safe-1', 'safe', address, { ports: { tcp: bankPort } }),
      istio('Gateway', 'tcp', {
        servers: [{ port: { number, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
      }),
      istio('VirtualService', 'tcp', {
        gateways: ['tcp'],
        hosts: ['*'],
        tcp: [{ route: [{ destination: { host: 'safe', port: { number: 9443 } } }] }],
      }),
    )
    const through = async (tls: ClientTls): Promise<string> => {
      await put(istio('DestinationRule', 'safe', { host: 'safe', trafficPolicy: { tls } }))
      return fetch(`http://${gate.address}:${number}/`).then(
        (answer) => answer.text(),
        () => 'none',
      )
    }
    expect(await through(mutual)).toBe('client')
    expect(await through({ ...mutual, credentialName: 'absent' })).toBe('none')
    expect(await through({ ...mutual, credentialName: 'wrong' })).toBe('none')
  })

  test('Y46: hosts that a request names, or that its caller looked up, too', async () => {
    const [local, port] = [bankServer(), await freePort()]
    onTestFinished(() => void local.close())
    await new Promise<void>((done) => local.listen(port, '127.0.0.1', done))
    const entry = (name: string, host: string, spec: Omit<ServiceEntrySpec, 'hosts'>) =>
      put(
        istio('ServiceEntry', name, { hosts: [host], ...spec }),
        istio('DestinationRule', name, {
          host,
          ...selected,
          trafficPolicy: { tls: { mode: 'MUTUAL', credentialName: 'vault' } },
        }),
      )
    await entry('looked-up', '*.localhost', {
      ports: [{ number: port, name: 'http' }],
      resolution: 'DYNAMIC_DNS',
    })
    expect(await asked(client, `a.localhost:${port}`)).toBe('client')
    expect(await asked(client, `b.localhost:${port}`)).toBe('503')
    const ports = [{ number: 9444, name: 'tcp' }]
    await entry('called', 'db.test', { addresses: ['240.0.0.1'], ports, resolution: 'NONE' })
    const { configs = [] } = (await client.envoy?.configDump('?resource=dynamic_active_clusters')) ?? {}
    const clusters = configs.map((one) => one['cluster'] as { readonly name: string })
    expect(clusters.find(({ name }) => name === 'outbound|9444||db.test')).toMatchObject({
      type: 'ORIGINAL_DST',
      transport_socket: { name: 'envoy.transport_sockets.tls' },
    })
  })

  test.each([
    ['there', 'vault', 'client'],
    ['not there', 'absent', '503'],
  ])(
    'Y46: an Envoy that starts with a rule is served with it, its secret %s',
    async (_, credentialName, answer) => {
      await rule({ ...mutual, credentialName })
      const more = await mesh.workload('more', { service: 'client', labels: { app: 'client' } })
      await mesh.settled()
      expect(await asked(more)).toBe(answer)
      await more.stop()
      await mesh.remove('Instance', 'more')
    },
  )

  test('Y46: only whom the rule selects gets the secret, and proxies at the edge; no key is in an answer', async () => {
    /** Whether the secret is known of it to the controller, and to its Envoy. */
    const names = async ({ node, envoy: its }: Workload): Promise<readonly boolean[]> => {
      const texts = [await mesh.json(`/api/v1/proxies/${node}/all`), await its?.configDump()].map((one) =>
        JSON.stringify(one),
      )
      expect(texts[0]).not.toContain('PRIVATE KEY')
      return texts.map((text) => text.includes('default/vault'))
    }
    await rule(mutual)
    expect(await asked()).toBe('client')
    expect(await names(client)).toEqual([true, true])
    for (const one of [stranger, gate]) expect(await names(one)).toEqual([false, false])
    await rule(mutual, {})
    expect(await told()).toEqual(['RUT2101 /spec/trafficPolicy/tls/credentialName'])
    expect(await asked(gate, 'edge.example')).toBe('client')
    const before = connections
    for (const one of [client, stranger]) expect(await asked(one)).toBe('503')
    expect(connections).toBe(before)
    expect(await names(stranger)).toEqual([false, false])
    expect(await names(gate)).toEqual([true, true])
  })
})
