import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, get as httpGet } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MeshSettingsSpec } from '../../src/model/meshSettings.ts'
import type { Resource } from '../../src/model/resource.ts'
import { authority, type Certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type CapturedSidecar, capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { exampleResources } from './exampleResources.ts'
import { figure } from './fleet.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()
const virtualIp = '10.96.0.7'

describe.skipIf(envoy.skip)('mutual TLS between real Envoys', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-mutual-'))
  const live = join(directory, 'live')
  const issuer = authority(join(directory, 'authority'))
  const stranger = authority(join(directory, 'stranger'))
  const account = 'URI:spiffe://cluster.local/ns/default/sa/shared'
  let mesh: OwnMesh
  let client: Workload
  let server: Workload
  let captured: CapturedSidecar
  let probePort = 0
  let own: MeshSettingsSpec = {}
  const apps: { close(): void }[] = []

  /** Moves the files of a certificate into the directory that proxies watch, each whole. */
  const show = ({ ca, cert, key }: Certificates): void => {
    mkdirSync(live, { recursive: true })
    for (const [from, to] of [
      [ca, 'root-cert.pem'],
      [key, 'key.pem'],
      [cert, 'cert-chain.pem'],
    ] as const) {
      cpSync(from, join(directory, to))
      renameSync(join(directory, to), join(live, to))
    }
  }

  /** As in the example, but for files and ports of the test's own. */
  const exampleSettings = (more: MeshSettingsSpec): Resource => {
    const [settings] = exampleResources('mutual-tls/mesh.yaml')
    return {
      ...settings,
      spec: { ...settings?.spec, ...own, certificatesPath: live, ...more },
    } as Resource<'MeshSettings'>
  }

  const asAccount = ({ instance }: Workload, more: Partial<Resource<'Instance'>['spec']>) =>
    mesh.put({ ...instance, spec: { ...instance.spec, ...more } })

  beforeAll(async () => {
    show(issuer.sign('first', [account]))
    const grpc = createHttp2Server((_, response) => response.end('grpc'))
    const tcp = createServer((socket) => socket.on('error', () => {}).end('tcp'))
    const probe = createHttpServer((_, response) => response.end('well'))
    const [grpcPort, tcpPort] = [await freePort(), await freePort()]
    probePort = await freePort()
    for (const [app, port] of [
      [grpc, grpcPort],
      [tcp, tcpPort],
      [probe, probePort],
    ] as const) {
      await new Promise<void>((done) => app.listen(port, '127.0.0.1', done))
      apps.push(app)
    }
    mesh = await startMesh(envoy.path)
    own = await capturePorts()
    await mesh.put(exampleSettings({}))
    for (const name of ['client', 'impostor']) await mesh.put(service(name))
    await mesh.put(
      service('reviews', {
        address: virtualIp,
        ports: [
          { name: 'http', port: 9080 },
          { name: 'grpc', port: 9081 },
          { name: 'tcp', port: 9082 },
        ],
      }),
    )
    client = await mesh.workload('client', { service: 'client' })
    server = await mesh.workload('reviews', { service: 'reviews' })
    await asAccount(server, {
      serviceAccount: 'shared',
      ports: {
        ...server.instance.spec.ports,
        grpc: { port: 9081, app: `127.0.0.1:${grpcPort}` },
        tcp: { port: 9082, app: `127.0.0.1:${tcpPort}` },
      },
      managementPorts: [{ port: probePort, protocol: 'HTTP' }],
    })
    await asAccount(await mesh.workload('impostor', { service: 'impostor' }), { serviceAccount: 'other' })
    captured = await startCapturedSidecar(mesh, envoy.path, '127.0.0.1')
    await mesh.settled()
  })
  afterAll(async () => {
    await captured?.envoy.stop()
    await mesh?.stop()
    for (const app of apps) app.close()
    rmSync(directory, { recursive: true })
  })

  /** What comes back for a TLS connection with these files: the name in the certificate shown, or what went wrong. */
  const shown = (files?: Certificates): Promise<string> =>
    new Promise((resolve) => {
      const identity = files && { cert: readFileSync(files.cert), key: readFileSync(files.key) }
      const at = { host: server.address, port: 9080, rejectUnauthorized: false, ...identity }
      const socket = connect(at, () => socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'))
      // In TLS 1.3 a client learns only with the first answer whether it was taken.
      socket.once('data', () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
      socket.once('error', ({ message }) => resolve(message))
      socket.once('close', () => resolve('closed'))
    })

  test('M5: requests and connections go through', async () => {
    expect(await client.get('reviews:9080')).toMatchObject({ status: 200, body: 'reviews' })
    expect(await client.get('reviews:9081')).toMatchObject({ status: 200, body: 'grpc' })
    await expect.poll(() => captured.say({ address: virtualIp, port: 9082 }, '')).toBe('tcp')
    expect(await captured.get({ address: virtualIp, port: 9080 }, 'reviews:9080')).toMatchObject({
      status: 200,
    })
  })

  test('M5: whoever has no certificate of the mesh is refused', async () => {
    await expect(fetch(`http://${server.address}:9080/`)).rejects.toThrow()
    expect(await shown(issuer.sign('caller', [account]))).toBe('first')
    expect(await shown()).not.toBe('first')
    expect(await shown(stranger.sign('caller', [account]))).not.toBe('first')
  })

  test('M5: a certificate of another account than the service’s is not taken', async () => {
    expect((await client.get('impostor:9080')).status).toBe(503)
  })

  test('Y25: a DestinationRule that forbids the mutual TLS of a port is told so, and its callers are refused', async () => {
    const trafficPolicy = { tls: { mode: 'DISABLE' as const } }
    await mesh.settled(
      await mesh.put(istio('DestinationRule', 'reviews', { host: 'reviews', trafficPolicy })),
    )
    expect((await client.get('reviews:9080')).status).toBe(503)
    const { items } = await mesh.json<{ items: { name: string; diagnostics: { code: string }[] }[] }>(
      '/api/v1/diagnostics',
    )
    const told = items.find(({ name }) => name === 'reviews')?.diagnostics
    expect(told?.map(({ code }) => code)).toEqual(['RUT2109'])
    await mesh.settled(await mesh.remove('DestinationRule', 'reviews'))
    expect((await client.get('reviews:9080')).status).toBe(200)
  })

  test('Y27: names of a ServiceEntry are taken beside its accounts', async () => {
    const named = (subjectAltNames: readonly string[]) =>
      istio('ServiceEntry', 'named', {
        hosts: ['named.example'],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', targetPort: 9080 }],
        endpoints: [{ address: server.address }],
        subjectAltNames,
      })
    await mesh.settled(await mesh.put(named([])))
    expect((await client.get('named.example')).status).toBe(503)
    await mesh.settled(await mesh.put(named([account.slice('URI:'.length)])))
    await expect.poll(async () => (await client.get('named.example')).status).toBe(200)
    await mesh.settled(await mesh.remove('ServiceEntry', 'named'))
  })

  test('M5: a probe needs no certificate', async () => {
    const status = await new Promise((resolve, reject) => {
      httpGet({ host: server.address, port: probePort }, (answer) => resolve(answer.statusCode)).on(
        'error',
        reject,
      )
    })
    expect(status).toBe(200)
  })

  test('M6: a certificate that is renewed is shown without a restart, and no request is lost', async () => {
    const mine = issuer.sign('caller', [account])
    const seen = new Set<number>()
    let going = true
    const asking = (async () => {
      while (going) seen.add((await client.get('reviews:9080')).status)
    })()
    show(issuer.sign('renewed', [account]))
    await expect.poll(() => shown(mine), { timeout: 10_000 }).toBe('renewed')
    going = false
    await asking
    expect([...seen]).toEqual([200])
    expect(await client.get('reviews:9080')).toMatchObject({ status: 200 })
  })

  test('M7: one that is written over is shown once its key is, and no request is lost', async () => {
    const mine = issuer.sign('caller', [account])
    const over = issuer.sign('over', [account])
    const seen = new Set<number>()
    let going = true
    const asking = (async () => {
      while (going) seen.add((await client.get('reviews:9080')).status)
    })()
    const halfBefore = await figure(mesh, 'rutter_certificates_half_changed_total')
    writeFileSync(join(live, 'cert-chain.pem'), readFileSync(over.cert))
    await expect
      .poll(() => figure(mesh, 'rutter_certificates_half_changed_total'), { timeout: 10_000 })
      .toBeGreaterThan(halfBefore)
    expect(await shown(mine)).toBe('renewed')
    writeFileSync(join(live, 'key.pem'), readFileSync(over.key))
    await expect.poll(() => shown(mine), { timeout: 10_000 }).toBe('over')
    going = false
    await asking
    expect([...seen]).toEqual([200])
    expect(await client.get('reviews:9080')).toMatchObject({ status: 200 })
  })

  test('M7: files that come late are read when they come', async () => {
    const late = join(directory, 'late')
    await mesh.put(exampleSettings({ certificatesPath: late }))
    const refusing = async () => {
      const { proxies } = await mesh.json<{ proxies: { state: string }[] }>('/api/v1/proxies')
      return proxies.filter(({ state }) => state === 'rejected').length
    }
    await expect.poll(refusing, { timeout: 10_000 }).toBeGreaterThan(0)
    const mine = issuer.sign('caller', [account])
    const coming = issuer.sign('coming', [account])
    mkdirSync(late)
    cpSync(coming.ca, join(late, 'root-cert.pem'))
    cpSync(coming.cert, join(late, 'cert-chain.pem'))
    cpSync(coming.key, join(late, 'key.pem'))
    await expect.poll(() => shown(mine), { timeout: 15_000 }).toBe('coming')
    await mesh.settled()
    expect(await refusing()).toBe(0)
    expect(await client.get('reviews:9080')).toMatchObject({ status: 200 })
  })

  test('K22: the ports of examples/mutual-tls/port.yaml take mutual TLS and plain text, whatever the mesh says', async () => {
    for (const resource of exampleResources('mutual-tls/port.yaml')) await mesh.put(resource)
    const ratings = await mesh.workload('ratings', { service: 'ratings' })
    const { http } = ratings.instance.spec.ports
    const app = typeof http === 'number' ? undefined : http?.app
    await asAccount(ratings, {
      ports: { http: http ?? 9080, 'http-open': { port: 9090, ...(app !== undefined && { app }) } },
      serviceAccount: 'shared',
    })
    for (const authPolicy of ['NONE', 'MUTUAL_TLS'] as const) {
      await mesh.settled(await mesh.put(exampleSettings({ authPolicy })))
      for (const number of [9080, 9090])
        await expect.poll(async () => (await client.get(`ratings:${number}`)).body).toBe('ratings')
      await expect(fetch(`http://${ratings.address}:9080/`)).rejects.toThrow()
      expect((await fetch(`http://${ratings.address}:9090/`)).status).toBe(200)
    }
  })
})
