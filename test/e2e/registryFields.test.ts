import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import type { Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MeshSettingsSpec } from '../../src/model/meshSettings.ts'
import type { Resource } from '../../src/model/resource.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { instance, service } from '../reducers/given.ts'
import { type Answer, type Mesh, startMesh, type Workload } from './mesh.ts'
import { passingResources } from './passingResources.ts'

const envoy = await envoyOrSkip()
const at = (last: number) => `${ownNet}.251.${last}`

describe.skipIf(envoy.skip)('fields of services, instances and settings, on a real Envoy', () => {
  let mesh: Mesh
  let client: Workload
  let port = 0
  const { put, clear } = passingResources(() => mesh)
  const servers: Server[] = []

  const listening = async (server: Server, address: string): Promise<void> => {
    servers.push(server)
    await new Promise<void>((done) => server.listen(port, address, done))
  }

  beforeAll(async () => {
    port = await freePort()
    for (const last of [1, 2])
      await listening(
        createServer((_, response) => response.end(`${last}`)),
        at(last),
      )
    await listening(
      createHttp2Server((_, response) => response.end('http2')),
      at(3),
    )
    mesh = await startMesh(envoy.path)
    await mesh.put(service('client'))
    client = await mesh.workload('client', { service: 'client', labels: { app: 'client' } })
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const server of servers) server.close()
  })
  afterEach(() => clear())

  const settings = (spec: MeshSettingsSpec) => ({
    apiVersion: 'rutter.dev/v1',
    kind: 'MeshSettings',
    metadata: { name: 'mesh', namespace: 'default' },
    spec,
  })
  const here = (name: string, of: string | readonly string[], last: number, more = {}) =>
    instance(name, '', at(last), { service: of, ports: { http: port }, ...more })
  const bodies = async (authority: string, times = 1): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {}
    const answers: Answer[] = []
    for (let i = 0; i < times; i += 1) answers.push(await client.get(authority))
    for (const { status, body } of answers) {
      const seen = status === 200 ? body : `${status}`
      counts[seen] = (counts[seen] ?? 0) + 1
    }
    return counts
  }

  test('FT4: a service is called by its hostname, its address and its ports', async () => {
    const ports = [
      { name: 'http', port: 9080 },
      { name: 'web', port: 80, protocol: 'HTTP' as const },
    ]
    await put(
      service('shop', { hostname: 'shop.example', address: '10.96.0.3', ports }),
      here('shop', 'shop', 1, { ports: { http: port, web: { port } } }),
    )
    for (const authority of ['shop.example:9080', 'shop.example', '10.96.0.3:9080', '10.96.0.3'])
      expect(await bodies(authority)).toEqual({ 1: 1 })
    expect(await bodies('shop.default:9080')).toEqual({ 404: 1 })
  })

  test('FT4: a port speaks what its protocol says, or its name', async () => {
    await put(
      service('named', { ports: [{ name: 'grpc-x', port: 1 }] }),
      service('said', { ports: [{ name: 'x', port: 2, protocol: 'HTTP2' }] }),
      instance('named', 'named', at(3), { ports: { 'grpc-x': port } }),
      instance('said', 'said', at(3), { ports: { x: port } }),
    )
    expect(await bodies('named:1')).toEqual({ http2: 1 })
    expect(await bodies('said:2')).toEqual({ http2: 1 })
  })

  test('FT4: a service outside of the mesh is found by DNS', async () => {
    const outside = createServer((_, response) => response.end('outside'))
    servers.push(outside)
    await new Promise<void>((done) => outside.listen(0, '127.0.0.1', done))
    const { port: its } = outside.address() as { port: number }
    await put(service('out', { externalName: 'localhost', ports: [{ name: 'http', port: its }] }))
    expect(await bodies(`out:${its}`)).toEqual({ outside: 1 })
  })

  test('FT4: an instance is behind each of its services, and where its ports say', async () => {
    await put(service('a'), service('b'), here('both', ['a', 'b'], 1))
    expect(await bodies('a:9080')).toEqual({ 1: 1 })
    expect(await bodies('b:9080')).toEqual({ 1: 1 })
  })

  test('FT4: weights of instances share out requests', async () => {
    await put(service('a'), here('heavy', 'a', 1, { weight: 9 }), here('light', 'a', 2, { weight: 1 }))
    const counts = await bodies('a:9080', 300)
    expect(counts[1] ?? 0).toBeGreaterThan(240)
    expect(counts[2] ?? 0).toBeGreaterThan(10)
  })

  test('FT4: a zone is told to Envoy with its endpoints', async () => {
    await put(service('a'), here('zoned', 'a', 1, { zone: 'eu-1a' }))
    await bodies('a:9080')
    const clusters = (await client.envoy?.admin('/clusters')) ?? ''
    expect(clusters).toMatch(new RegExp(`${at(1)}:${port}::zone::eu-1a`))
  })

  test('FT5: the domain of the mesh ends the names of services', async () => {
    await put(settings({ domain: 'b.example' }), service('a'), here('a', 'a', 1))
    expect(await bodies('a.default.svc.b.example:9080')).toEqual({ 1: 1 })
  })

  test('FT5: how long a connection may take to come about is told to Envoy', async () => {
    await put(settings({ connectTimeout: '0.25s' }), service('a'), here('a', 'a', 1))
    await bodies('a:9080')
    const dump = JSON.stringify(await client.envoy?.configDump('?resource=dynamic_active_clusters'))
    expect(dump).toContain('"connect_timeout":"0.250s"')
  })

  test('FT5: every sidecar has an HTTP proxy where the settings say', async () => {
    const proxyHttpPort = await freePort()
    await put(settings({ proxyHttpPort, proxyListenPort: 0 }), service('a'), here('a', 'a', 1))
    const { items } = await mesh.json<{ items: { name: string; address: unknown }[] }>(
      `/api/v1/proxies/sidecar~10.9.9.9~x.default~default.svc.cluster.local/listeners`,
    )
    expect(items.find(({ name }) => name === 'http_proxy')?.address).toEqual({
      socket_address: { address: '127.0.0.1', port_value: proxyHttpPort },
    })
  })

  test.each([
    ['ids', (ours: boolean) => ({ ids: [ours ? client.node : 'other'] })],
    ['types', (ours: boolean) => ({ types: [ours ? 'sidecar' : 'router'] as const })],
    ['labels', (ours: boolean) => ({ labels: { app: ours ? 'client' : 'other' } })],
    ['all', (ours: boolean) => (ours ? { all: true as const } : { ids: ['other'] })],
  ])('FT13: a raw resource is for the proxies that %s names', async (what, proxies) => {
    // What is named no more stays for a while, so each is another.
    const name = `raw-${what}`
    const raw = (ours: boolean): Resource<'EnvoyResource'> => ({
      apiVersion: 'rutter.dev/v1',
      kind: 'EnvoyResource',
      metadata: { name, namespace: 'default' },
      spec: {
        proxies: proxies(ours),
        resource: { '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster', name },
      },
    })
    const has = async () => (await client.envoy?.admin('/clusters'))?.includes(`${name}::`)
    await put(raw(false))
    expect(await has()).toBe(false)
    await put(raw(true))
    await expect.poll(has).toBe(true)
  })
})
