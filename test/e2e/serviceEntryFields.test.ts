import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ServiceEntrySpec } from '../../src/model/istio/serviceEntry.ts'
import { authority } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { settings } from '../projections/anyMesh.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()
const at = (last: number) => `${ownNet}.254.${last}`

describe.skipIf(envoy.skip)('fields of ServiceEntries that other tests do not see, on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  let directory = ''
  let port = 0
  const servers: Server[] = []
  const { put, clear } = passingResources(() => mesh)

  const listening = async (server: Server, last: number): Promise<void> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(port, at(last), done))
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-entries-'))
    const issuer = authority(join(directory, 'issuer'))
    const shown = issuer.sign('server', ['DNS:a.example', 'URI:spiffe://cluster.local/ns/default/sa/shared'])
    const live = join(directory, 'live')
    mkdirSync(live)
    const mine = issuer.sign('client', ['URI:spiffe://cluster.local/ns/default/sa/client'])
    cpSync(mine.ca, join(live, 'root-cert.pem'))
    cpSync(mine.key, join(live, 'key.pem'))
    cpSync(mine.cert, join(live, 'cert-chain.pem'))
    port = await freePort()
    for (const last of [1, 2])
      await listening(
        createHttpServer((_, response) => response.end(`${last}`)),
        last,
      )
    await listening(
      createHttpsServer({ cert: readFileSync(shown.cert), key: readFileSync(shown.key) }, (_, response) =>
        response.end('secure'),
      ),
      3,
    )
    mesh = await startMesh(envoy.path)
    await mesh.put(service('client'))
    client = await mesh.workload('client', { service: 'client' })
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const server of servers) server.close()
    await rm(directory, { recursive: true })
  })
  afterEach(() => clear())

  const entry = (spec: Partial<ServiceEntrySpec>): Promise<void> =>
    put(
      istio('ServiceEntry', 'entry', {
        hosts: ['a.example'],
        ports: [{ number: 80, name: 'http', targetPort: port }],
        resolution: 'STATIC',
        endpoints: [{ address: at(1) }],
        ...spec,
      }),
    )
  const seen = async (): Promise<string | number> => {
    const { status, body } = await client.get('a.example')
    return status === 200 ? body : status
  }

  test('FT10: exportTo says which namespaces get it', async () => {
    await entry({ exportTo: ['other'] })
    expect(await seen()).toBe(404)
    await entry({ exportTo: ['.'] })
    expect(await seen()).toBe('1')
  })

  test('FT10: an endpoint has its weight and its place', async () => {
    await entry({
      endpoints: [
        { address: at(1), weight: 9, locality: 'eu/eu-1/rack-2' },
        { address: at(2), weight: 1, locality: 'us' },
      ],
    })
    let first = 0
    for (let i = 0; i < 200; i += 1) if ((await seen()) === '1') first += 1
    expect(first).toBeGreaterThan(155)
    expect(first).toBeLessThan(200)
    const clusters = (await client.envoy?.admin('/clusters')) ?? ''
    for (const [what, value] of [
      ['region', 'eu'],
      ['zone', 'eu-1'],
      ['sub_zone', 'rack-2'],
    ])
      expect(clusters).toContain(`${at(1)}:${port}::${what}::${value}\n`)
  })

  test('FT10: within the mesh its endpoints show the certificates of their accounts, and outside none', async () => {
    await put(settings({ authPolicy: 'MUTUAL_TLS', certificatesPath: join(directory, 'live') }))
    const as = (location: ServiceEntrySpec['location'], serviceAccount: string) =>
      entry({ ...(location && { location }), endpoints: [{ address: at(3), serviceAccount }] })
    await as('MESH_INTERNAL', 'shared')
    await expect.poll(seen).toBe('secure')
    await as('MESH_INTERNAL', 'other')
    expect(await seen()).toBe(503)
    await as('MESH_EXTERNAL', 'shared')
    expect(await seen()).not.toBe('secure')
    await entry({ location: 'MESH_EXTERNAL' })
    expect(await seen()).toBe('1')
  })

  test('FT10: TLS that a policy adds verifies the names that the entry says', async () => {
    const tls = {
      mode: 'SIMPLE',
      caCertificates: join(directory, 'issuer', 'ca.pem'),
      sni: 'b.example',
    } as const
    await put(istio('DestinationRule', 'rule', { host: 'a.example', trafficPolicy: { tls } }))
    const endpoints = [{ address: at(3) }]
    await entry({ endpoints })
    expect(await seen()).toBe(503)
    await entry({ endpoints, subjectAltNames: ['a.example'] })
    expect(await seen()).toBe('secure')
  })

  test.each(['labels', 'matchLabels'] as const)('FT10: workloads are selected by %s', async (field) => {
    const workload = (name: string, last: number, labels: Readonly<Record<string, string>>) =>
      put(istio('WorkloadEntry', name, { address: at(last), labels }))
    await entry({ endpoints: [], workloadSelector: { [field]: { app: 'a' } } })
    expect(await seen()).toBe(503)
    await workload('one', 1, { app: 'b' })
    expect(await seen()).toBe(503)
    await workload('two', 2, { app: 'a', version: 'v2' })
    expect(await seen()).toBe('2')
  })
})
