import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, get } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bootstrap } from '../../src/agent/bootstrap.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { L4Match, RouteRuleSpec } from '../../src/model/routeRule.ts'
import { certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, routeRule, service } from '../reducers/given.ts'
import { type CapturedSidecar, capturePorts, startCapturedSidecar } from './capturedSidecar.ts'
import { startEnvoy } from './envoyHarness.ts'
import { exampleResources } from './exampleResources.ts'
import { type OwnMesh, startMesh } from './mesh.ts'

const envoy = await envoyOrSkip()
const at = (last: number) => `${ownNet}.250.${last}`
const virtualIp = '10.96.0.9'

const listening = async (server: Server, address: string, port: number): Promise<void> => {
  await new Promise<void>((done) => server.listen(port, address, done))
}
const saying = (text: string) =>
  createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end(text),
  )

const mute = async (mesh: OwnMesh): Promise<void> => {
  await mesh.put({
    apiVersion: 'rutter.dev/v1',
    kind: 'MeshSettings',
    metadata: { name: 'mesh', namespace: 'default' },
    spec: { ...(await capturePorts()), accessLog: '', undeclaredOutbound: 'refuse' },
  })
}

describe.skipIf(envoy.skip)('connections on a real Envoy', () => {
  let mesh: OwnMesh
  let captured: CapturedSidecar
  const servers: Server[] = []
  const port = { shared: 0, same: 0, tls: 0, vip: 0 }
  const directory = mkdtempSync(join(tmpdir(), 'rutter-connections-'))

  beforeAll(async () => {
    for (const name of ['shared', 'same', 'tls', 'vip'] as const) port[name] = await freePort()
    const files = certificates(directory)
    const tls = createTlsServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) }, (socket) =>
      socket.on('error', () => {}).end('tls'),
    )
    const http = createHttpServer((_, response) => response.end('web'))
    for (const [server, address, its] of [
      [http, at(1), port.shared],
      [saying('db'), at(2), port.shared],
      [saying('a'), at(3), port.same],
      [saying('b'), at(4), port.same],
      [tls, '127.0.0.1', port.tls],
      [saying('v1'), at(5), port.vip],
      [saying('v2'), at(6), port.vip],
    ] as const) {
      servers.push(server)
      await listening(server, address, its)
    }
    mesh = await startMesh(envoy.path)
    await mute(mesh)
    const tcp = (its: number) => ({ ports: [{ name: 'tcp', port: its }] })
    await mesh.put(service('web', { ports: [{ name: 'http', port: port.shared }] }))
    await mesh.put(instance('web', 'web', at(1), { ports: { http: port.shared } }))
    for (const [name, last, its] of [
      ['db', 2, port.shared],
      ['a', 3, port.same],
      ['b', 4, port.same],
    ] as const) {
      await mesh.put(service(name, tcp(its)))
      await mesh.put(instance(name, name, at(last), { ports: { tcp: its } }))
    }
    await mesh.put(service('out', { ports: [{ name: 'https', port: port.tls }], externalName: 'localhost' }))
    await mesh.put(service('store', { ...tcp(port.vip), address: virtualIp }))
    for (const [version, last] of [
      ['v1', 5],
      ['v2', 6],
    ] as const)
      await mesh.put(instance(version, 'store', at(last), { ports: { tcp: port.vip }, labels: { version } }))
    captured = await startCapturedSidecar(mesh, envoy.path, '127.0.0.1')
    await mesh.settled()
  })
  afterAll(async () => {
    await captured?.envoy.stop()
    await mesh?.stop()
    for (const server of servers) server.close()
    rmSync(directory, { recursive: true })
  })

  /** All that is heard; the caller leaves its side open, as an early end would come before the destination is read. */
  const said = async (address: string, its: number): Promise<string> => {
    const socket = await captured.connect({ address, port: its })
    socket.write('hello\r\n')
    return new Promise((resolve) => {
      let heard = ''
      socket.on('data', (chunk) => {
        heard += chunk
      })
      socket.on('error', () => resolve(heard))
      socket.on('close', () => resolve(heard))
    })
  }

  test('P39: HTTP and TCP on one port number are told apart', async () => {
    const target = { address: at(1), port: port.shared }
    await expect.poll(() => said(at(2), port.shared)).toBe('db')
    expect(await captured.get(target, `web:${port.shared}`)).toMatchObject({ status: 200, body: 'web' })
  })

  test('FT9: a connection that is idle for as long as the rule says ends', async () => {
    const patient = createServer((socket) => socket.on('error', () => {}).resume())
    servers.push(patient)
    const its = await freePort()
    await listening(patient, at(7), its)
    await mesh.put(service('patient', { ports: [{ name: 'tcp', port: its }] }))
    await mesh.put(instance('patient', 'patient', at(7), { ports: { tcp: its } }))
    const tcp = { idleTimeout: '0.2s' }
    const rule = istio('DestinationRule', 'patient', {
      host: 'patient',
      trafficPolicy: { connectionPool: { tcp } },
    })
    await mesh.settled(await mesh.put(rule))
    expect(await said(at(7), its)).toBe('')
    const counted = `tcp.outbound|${its}||patient.default.svc.cluster.local.idle_timeout: 1`
    expect(await captured.envoy.admin('/stats?filter=idle_timeout')).toContain(counted)
  })

  test('P39: of services without addresses on one port each connection reaches the one it was meant for', async () => {
    expect(await said(at(3), port.same)).toBe('a')
    expect(await said(at(4), port.same)).toBe('b')
  })

  test('P39: TLS to a host outside goes by the server that it names', async () => {
    const answer = async (servername: string): Promise<string> => {
      const socket = await captured.connect({ address: '127.0.0.1', port: port.tls })
      return new Promise((resolve) => {
        const secure = tlsConnect({ socket, servername, rejectUnauthorized: false })
        secure.on('data', (chunk) => resolve(String(chunk)))
        secure.on('error', () => resolve(''))
        secure.on('close', () => resolve(''))
      })
    }
    expect(await answer('localhost')).toBe('tls')
    expect(await answer('elsewhere.example')).toBe('')
  })

  const rule = async (name: string, tcp: L4Match, more: Partial<RouteRuleSpec>): Promise<void> => {
    await mesh.settled(
      await mesh.put(routeRule(name, { destination: { name: 'store' }, match: { tcp }, ...more })),
    )
    onTestFinished(async () => {
      await mesh.settled(await mesh.remove('RouteRule', name))
    })
  }
  const all = (version: string) => ({ route: [{ labels: { version } }] })

  test('P39: rules send connections by who makes them and where they go, the first that takes them', async () => {
    // The harness's connections are from 127.0.0.1.
    await rule('from', { sourceSubnet: ['127.0.0.0/30'] }, { ...all('v2'), precedence: 1 })
    await rule('to', { destinationSubnet: [`${virtualIp}/32`] }, all('v1'))
    const heard = async (times: number) => {
      const seen = new Set<string>()
      for (let i = 0; i < times; i += 1) seen.add(await said(virtualIp, port.vip))
      return [...seen]
    }
    await expect.poll(() => heard(6)).toEqual(['v2'])
    await mesh.settled(
      await mesh.put(
        routeRule('from', {
          destination: { name: 'store' },
          precedence: 1,
          match: { tcp: { sourceSubnet: ['10.0.0.0/8'] } },
          ...all('v2'),
        }),
      ),
    )
    await expect.poll(() => heard(6)).toEqual(['v1'])
  })

  test('Y23: tcp routes go by where connections come from, in their order', async () => {
    await mesh.put(
      istio('DestinationRule', 'store', {
        host: 'store',
        subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
      }),
    )
    const routes = (...subnets: readonly string[]) =>
      mesh.put(
        istio('VirtualService', 'store', {
          hosts: ['store'],
          tcp: subnets.map((sourceSubnet, i) => ({
            match: [{ sourceSubnet }],
            route: [{ destination: { host: 'store', subset: `v${i + 1}` } }],
          })),
        }),
      )
    await mesh.settled(await routes('127.0.0.0/8', '127.0.0.1'))
    await expect.poll(() => said(virtualIp, port.vip)).toBe('v1')
    await mesh.settled(await routes('10.0.0.0/8', '127.0.0.0/30'))
    await expect.poll(() => said(virtualIp, port.vip)).toBe('v2')
    for (const kind of ['VirtualService', 'DestinationRule']) await mesh.remove(kind, 'store')
    await mesh.settled()
  })

  /** Puts the rules of an example, for one test. */
  const example = async (file: string): Promise<void> => {
    for (const resource of exampleResources(`connections/${file}`)) {
      await mesh.settled(await mesh.put(resource))
      onTestFinished(async () => {
        await mesh.settled(await mesh.remove(resource.kind, resource.metadata.name))
      })
    }
  }

  test('K22: examples/connections/subnets.yaml sends connections by who makes them, else where they go', async () => {
    await example('subnets.yaml')
    await expect.poll(() => said(virtualIp, port.vip)).toBe('v2')
    const [first] = exampleResources('connections/subnets.yaml') as readonly Resource<'RouteRule'>[]
    const elsewhere = { tcp: { sourceSubnet: ['10.0.0.0/8'] } }
    await mesh.settled(await mesh.put({ ...first, spec: { ...first?.spec, match: elsewhere } }))
    await expect.poll(() => said(virtualIp, port.vip)).toBe('v1')
  })

  test('P39, K22: weights share out connections, as in examples/connections/weights.yaml', async () => {
    await example('weights.yaml')
    let second = 0
    for (let i = 0; i < 200; i += 1) if ((await said(virtualIp, port.vip)) === 'v2') second += 1
    expect(second / 2).toBeGreaterThan(65)
    expect(second / 2).toBeLessThan(95)
  })
})

test.skipIf(envoy.skip)('P39: a router takes requests and connections at the ports of services', async () => {
  const [web, store, app] = [await freePort(), await freePort(), await freePort()]
  const http = createHttpServer(({ headers }, response) => response.end(`web for ${headers.host}`))
  const tcp = saying('store')
  await listening(http, at(7), app)
  await listening(tcp, at(8), app)
  const mesh = await startMesh(envoy.path)
  onTestFinished(async () => {
    await mesh.stop()
    http.close()
    tcp.close()
  })
  await mute(mesh)
  await mesh.put(service('web', { ports: [{ name: 'http', port: web }] }))
  await mesh.put(service('store', { ports: [{ name: 'tcp', port: store }], address: virtualIp }))
  await mesh.put(instance('web', 'web', at(7), { ports: { http: app } }))
  await mesh.put(instance('store', 'store', at(8), { ports: { tcp: app } }))
  const router = await startEnvoy({
    envoy: envoy.path,
    bootstrap: bootstrap({
      node: 'router~127.0.0.3~router.default~default.svc.cluster.local',
      xds: { host: '127.0.0.1', port: mesh.started.xds.port },
      admin: { path: '/moved/by/the/harness' },
    }),
  })
  onTestFinished(() => router.stop())
  await mesh.settled()
  const asked = (host: string): Promise<string> =>
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port: web, headers: { host } }, (answer) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += chunk
        })
        answer.on('end', () => resolve(text === '' ? String(answer.statusCode) : text))
      }).on('error', ({ message }) => resolve(message))
    })
  // Envoy acknowledges a listener a moment before its workers have it.
  await expect.poll(() => asked('nobody')).toBe('404')
  expect(await asked(`web:${web}`)).toBe(`web for web:${web}`)
  const heard = await new Promise<string>((resolve, reject) => {
    const socket = connect(store, '127.0.0.1')
    socket.on('data', (chunk) => resolve(String(chunk)))
    socket.on('error', reject)
  })
  expect(heard).toBe('store')
})
