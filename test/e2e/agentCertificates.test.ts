import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authority, type Certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { service } from '../reducers/given.ts'
import { figure, startFleet, type TestFleet } from './fleet.ts'
import type { Workload } from './mesh.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]
const halfChanged = 'rutter_certificates_half_changed_total'

describe.skipIf(envoy.skip || nats.skip)('mutual TLS between proxies with agents', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-agent-mutual-'))
  const live = join(directory, 'live')
  const issuer = authority(join(directory, 'authority'))
  const account = 'URI:spiffe://cluster.local/ns/default/sa/default'
  let fleet: TestFleet
  let client: Workload
  let server: Workload

  /** Writes over a file that proxies read, in place. */
  const over = (name: string, from: string): void => writeFileSync(join(live, name), readFileSync(from))
  const overAll = ({ ca, cert, key }: Certificates): void => {
    over('root-cert.pem', ca)
    over('cert-chain.pem', cert)
    over('key.pem', key)
  }

  beforeAll(async () => {
    mkdirSync(live)
    overAll(issuer.sign('first', [account]))
    fleet = await startFleet({ envoy: envoy.path, nats: nats.path })
    const { mesh } = fleet
    await mesh.put({
      apiVersion: 'rutter.dev/v1',
      kind: 'MeshSettings',
      metadata: { name: 'mesh', namespace: 'default' },
      spec: { authPolicy: 'MUTUAL_TLS', certificatesPath: live },
    })
    for (const name of ['client', 'reviews']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client' })
    server = await mesh.workload('reviews', { service: 'reviews' })
    await mesh.settled()
  }, 60_000)
  afterAll(async () => {
    await fleet?.stop()
    rmSync(directory, { recursive: true })
  }, 60_000)

  const mine = issuer.sign('caller', [account])
  /** The name in the certificate that the server shows, or that there was none. */
  const shown = (): Promise<string> =>
    new Promise((resolve) => {
      const identity = { cert: readFileSync(mine.cert), key: readFileSync(mine.key) }
      const socket = connect({ host: server.address, port: 9080, rejectUnauthorized: false, ...identity })
      socket.once('secureConnect', () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
      socket.once('error', () => resolve('none'))
    })
  const asking = (): (() => Promise<readonly number[]>) => {
    const seen = new Set<number>()
    let going = true
    const loops = Array.from({ length: 4 }, async () => {
      while (going) seen.add((await client.get('reviews:9080')).status)
    })
    return async () => {
      going = false
      await Promise.all(loops)
      return [...seen]
    }
  }
  const half = async (): Promise<number> => {
    const agent = fleet.agents.get('reviews')
    if (agent === undefined) throw new Error('no agent')
    return figure(agent, halfChanged)
  }

  test('M8: files are written over under load: a new certificate is shown once whole, and no request is lost', {
    timeout: 60_000,
  }, async () => {
    await expect.poll(async () => (await client.get('reviews:9080')).status, { timeout: 20_000 }).toBe(200)
    await expect.poll(shown, { timeout: 10_000 }).toBe('first')
    const stop = asking()
    const second = issuer.sign('second', [account])
    const before = await half()
    over('cert-chain.pem', second.cert)
    await expect.poll(half, { timeout: 10_000 }).toBeGreaterThan(before)
    expect(await shown()).toBe('first')
    over('key.pem', second.key)
    await expect.poll(shown, { timeout: 10_000 }).toBe('second')
    for (const name of ['third', 'fourth', 'fifth']) {
      overAll(issuer.sign(name, [account]))
      await expect.poll(shown, { timeout: 10_000 }).toBe(name)
    }
    expect(await stop()).toEqual([200])
  })

  test('M8: what was written over while no agent ran is read when one comes', {
    timeout: 60_000,
  }, async () => {
    const agent = fleet.agents.get('reviews')
    if (agent === undefined) throw new Error('no agent')
    await agent.kill()
    overAll(issuer.sign('meanwhile', [account]))
    expect(await shown()).toBe('fifth')
    await agent.start()
    await expect.poll(shown, { timeout: 20_000 }).toBe('meanwhile')
    expect((await client.get('reviews:9080')).status).toBe(200)
  })
})
