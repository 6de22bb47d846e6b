import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SidecarSpec } from '../../src/model/sidecar.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('the ingress of a Sidecar on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-ingress-'))
  const servers: Server[] = []
  const held: ServerResponse[] = []
  let mesh: OwnMesh
  let client: Workload
  let server: Workload
  let port = 0

  const listening = async (at: string | number, text: string): Promise<Server> => {
    const app = createServer((request, response) => {
      if (request.url === '/held') held.push(response)
      else response.end(text)
    })
    servers.push(app)
    await new Promise<void>((done) => {
      if (typeof at === 'string') app.listen(at, done)
      else app.listen(at, '127.0.0.1', done)
    })
    return app
  }

  beforeAll(async () => {
    port = ((await listening(0, 'port')).address() as AddressInfo).port
    await listening(join(directory, 'app.sock'), 'socket')
    mesh = await startMesh(envoy.path)
    for (const name of ['client', 'reviews']) await mesh.put(service(name))
    client = await mesh.workload('client', { service: 'client' })
    server = await mesh.workload('reviews', { service: 'reviews', labels: { app: 'reviews' } })
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    for (const app of servers) {
      app.closeAllConnections()
      app.close()
    }
    rmSync(directory, { recursive: true })
  })

  const sidecar = async (spec: SidecarSpec): Promise<void> =>
    mesh.settled(
      await mesh.put(
        istio('Sidecar', 'reviews', { workloadSelector: { labels: { app: 'reviews' } }, ...spec }),
      ),
    )
  const answer = async () => (await client.get('reviews:9080')).body

  test('Y29: what comes to a port goes where its ingress says, and back when the Sidecar goes', async () => {
    expect(await answer()).toBe('reviews')
    const at = { number: 9080, name: 'http', protocol: 'HTTP' as const }
    await sidecar({ ingress: [{ port: at, defaultEndpoint: `127.0.0.1:${port}` }] })
    await expect.poll(answer).toBe('port')
    await sidecar({ ingress: [{ port: at, defaultEndpoint: `unix://${join(directory, 'app.sock')}` }] })
    await expect.poll(answer).toBe('socket')
    const other = await freePort()
    await sidecar({
      ingress: [
        { port: at, defaultEndpoint: `127.0.0.1:${port}` },
        {
          port: { number: other },
          bind: '127.0.0.1',
          captureMode: 'NONE',
          defaultEndpoint: `127.0.0.1:${port}`,
        },
      ],
    })
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${other}/`)).text()).toBe('port')
    await mesh.settled(await mesh.remove('Sidecar', 'reviews'))
    await expect.poll(answer).toBe('reviews')
  })

  test('Y29: connections to the application are limited', async () => {
    const endpoint = { port: { number: 9080 }, defaultEndpoint: `127.0.0.1:${port}` }
    const connectionPool = { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } }
    for (const spec of [
      { ingress: [{ ...endpoint, connectionPool }] },
      { ingress: [endpoint], inboundConnectionPool: connectionPool },
    ]) {
      await sidecar(spec)
      const statuses: number[] = []
      const asking = Array.from({ length: 8 }, async () => {
        const response = await fetch(`http://${server.address}:9080/held`)
        statuses.push(response.status)
      })
      await expect.poll(() => statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(4)
      const letGo = setInterval(() => {
        for (const response of held.splice(0)) response.end()
      }, 10)
      await Promise.all(asking)
      clearInterval(letGo)
      expect(statuses).toContain(200)
    }
  })
})
