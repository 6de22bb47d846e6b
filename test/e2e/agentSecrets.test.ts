import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { ownNet } from '../ownNet.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { figure, startFleet, type TestFleet } from './fleet.ts'
import type { Workload } from './mesh.ts'
import { secretsDirectory } from './secretsDirectory.ts'
import { type TlsCaller, tlsCaller } from './tlsCaller.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

describe.skipIf(envoy.skip || nats.skip)('certificates of an ingress with an agent', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-agent-tls-'))
  const secrets = secretsDirectory(directory)
  const keys: string[] = []
  let fleet: TestFleet
  let gate: Workload
  let caller: TlsCaller

  /** Keys begin alike; the second line of a PEM file is the key's own. */
  const secret = (certificate: string): void => {
    const lines = readFileSync(secrets.write('shop', certificate, 'DNS:shop.example'), 'utf8').split('\n')
    keys.push(lines[2] ?? '')
  }

  beforeAll(async () => {
    secret('shop')
    fleet = await startFleet({
      envoy: envoy.path,
      nats: nats.path,
      agentArgs: ['--secrets', secrets.path],
    })
    const { mesh } = fleet
    for (const name of ['gate', 'reviews']) await mesh.put(service(name))
    gate = await mesh.workload('gate', { service: 'gate', type: 'ingress' })
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1', sidecar: false })
  }, 60_000)
  afterAll(async () => {
    await fleet?.stop()
    rmSync(directory, { recursive: true })
  }, 60_000)

  const filesBelow = (path: string): readonly string[] =>
    readdirSync(path).flatMap((name) => {
      const at = join(path, name)
      const found = statSync(at, { throwIfNoEntry: false })
      if (found?.isDirectory()) return filesBelow(at)
      return found?.isFile() ? [at] : []
    })

  test('T40: are shown as they are replaced, and no key is anywhere but with the agent', {
    timeout: 60_000,
  }, async () => {
    const said: Uint8Array[] = []
    const connection = await connect({ servers: [...fleet.servers.urls] })
    onTestFinished(() => connection.close())
    connection.subscribe('>', { callback: (_, { data }) => void said.push(data.slice()) })
    await connection.flush()
    const port = await freePort()
    caller = tlsCaller(gate.address, port, secrets.issuer.ca)
    await fleet.mesh.put({
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'IngressRule',
      metadata: { name: 'shop', namespace: 'default' },
      spec: {
        destination: { name: 'reviews' },
        match: { request: { headers: { authority: { exact: 'shop.example' } } } },
        tlsSecret: 'shop.default',
        port,
      },
    })
    await fleet.mesh.settled()
    // The gate is new: that it is there may be heard a moment later than that it has a rule.
    await expect.poll(() => caller.shown('shop.example'), { timeout: 30_000 }).toBe('shop')
    expect(await caller.get('shop.example')).toBe('200 reviews v1')

    const seen = new Set<string>()
    let going = true
    const asking = (async () => {
      while (going) seen.add(await caller.get('shop.example'))
    })()
    secret('renewed')
    await expect.poll(() => caller.shown('shop.example'), { timeout: 30_000 }).toBe('renewed')
    going = false
    await asking
    expect([...seen]).toEqual(['200 reviews v1'])

    await connection.flush()
    expect(said.length).toBeGreaterThan(0)
    const agent = fleet.agents.get('gate')
    if (agent === undefined) throw new Error('no agent')
    expect(await figure(agent, 'rutter_secrets')).toBe(1)
    const answers = await Promise.all(
      fleet.controllers.map(async ({ url }) =>
        (await fetch(`${url}/api/v1/proxies/${gate.node}/all`)).text(),
      ),
    )
    expect(answers[0]).toContain('default/shop')
    const texts = [
      ...said.map((data) => Buffer.from(data).toString('latin1')),
      ...answers,
      ...[agent.state, fleet.servers.directory]
        .flatMap(filesBelow)
        .map((file) => readFileSync(file, 'latin1')),
    ]
    expect(keys.map((key) => key.length > 40)).toEqual([true, true])
    for (const text of texts)
      for (const key of ['PRIVATE KEY', ...keys]) expect(text.includes(key)).toBe(false)
  })

  test('T40: are asked for by name where they are not there, until they come', async () => {
    const agent = fleet.agents.get('gate')
    if (agent === undefined) throw new Error('no agent')
    await fleet.mesh.put({
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'IngressRule',
      metadata: { name: 'late', namespace: 'default' },
      spec: { destination: { name: 'reviews' }, tlsSecret: 'late.default', port: await freePort() },
    })
    const lines = (): readonly string[] => agent.process.err().trim().split('\n')
    await expect
      .poll(lines, { timeout: 30_000 })
      .toContainEqual(expect.stringMatching(/has no usable secret default\/late$/))
    secrets.write('late', 'late', 'DNS:late.example')
    await expect.poll(() => lines().at(-1), { timeout: 30_000 }).toMatch(/^(?!.*usable secret).*ready/)
  }, 60_000)

  test('T40: are shown to servers that a rule lets its workload call, once they are there and as they are replaced', async () => {
    const { cert, key } = secrets.issuer.sign('bank', ['DNS:bank.example'])
    const bank = createServer(
      {
        cert: readFileSync(cert),
        key: readFileSync(key),
        ca: readFileSync(secrets.issuer.ca),
        requestCert: true,
      },
      ({ socket }, response) =>
        response
          .setHeader('connection', 'close')
          .end(`${(socket as TLSSocket).getPeerCertificate().subject.CN}`),
    )
    onTestFinished(() => void bank.close())
    const [address, port] = [`${ownNet}.253.1`, await freePort()]
    await new Promise<void>((done) => bank.listen(port, address, done))
    const { mesh, agents } = fleet
    for (const name of ['bank', 'shop']) await mesh.put(service(name))
    await mesh.put(instance('bank-1', 'bank', address, { ports: { http: port } }))
    const shop = await mesh.workload('shop', { service: 'shop', labels: { app: 'shop' } })
    const tls = { mode: 'MUTUAL', credentialName: 'pin', sni: 'bank.example' } as const
    const workloadSelector = { labels: { app: 'shop' } }
    await mesh.settled(
      await mesh.put(
        istio('DestinationRule', 'bank', { host: 'bank', workloadSelector, trafficPolicy: { tls } }),
      ),
    )
    const agent = agents.get('shop')
    if (agent === undefined) throw new Error('no agent')
    const said = (): string => agent.process.err()
    await expect
      .poll(said, { timeout: 30_000 })
      .toMatch(/has no usable secret default\/pin, default\/pin\/ca$/m)
    expect((await shop.get('bank:9080')).status).toBe(503)
    const asked = async () => (await shop.get('bank:9080')).body
    const written = [secrets.write('pin', 'before', 'DNS:before.example')]
    cpSync(secrets.issuer.ca, join(secrets.path, 'default/pin/ca.crt'))
    await expect.poll(asked, { timeout: 30_000 }).toBe('before')
    written.push(secrets.write('pin', 'after', 'DNS:after.example'))
    await expect.poll(asked, { timeout: 30_000 }).toBe('after')
    for (const file of [agent.state, fleet.servers.directory].flatMap(filesBelow))
      for (const path of written)
        expect(readFileSync(file, 'latin1')).not.toContain(readFileSync(path, 'utf8').split('\n')[2])
    expect(agents.get('gate')?.process.err()).not.toContain('default/pin')
  }, 60_000)

  test('T40: are shown also by an agent and an Envoy that start anew when nobody is there to ask', async () => {
    const agent = fleet.agents.get('gate')
    const [server] = fleet.servers.servers
    if (agent === undefined || server === undefined) throw new Error('no agent')
    for (const controller of fleet.controllers) await controller.kill()
    await server.kill()
    agent.process.child.kill('SIGTERM')
    expect(await agent.process.ended).toBe(0)
    secret('again')
    await agent.start()
    await expect.poll(() => caller.shown('shop.example'), { timeout: 30_000 }).toBe('again')
    expect(await caller.get('shop.example')).toBe('200 reviews v1')
  }, 90_000)
})
