import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TrafficPolicy } from '../../src/model/istio/destinationRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { ownNet } from '../ownNet.ts'
import { istio } from '../projections/istio/following.ts'
import { instance, service } from '../reducers/given.ts'
import { type Mesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()
const proxyAddress = `${ownNet}.253.1`

describe.skipIf(envoy.skip)('tunnels of DestinationRules, on a real Envoy', () => {
  let mesh: Mesh
  let gate: Workload
  let port = 0
  let proxy: Server

  beforeAll(async () => {
    port = await freePort()
    mesh = await startMesh(envoy.path)
    // An HTTP proxy that only says what it was asked for.
    proxy = createServer(({ method, headers }, response) => {
      response.writeHead(200)
      response.write(`${method} ${headers.host}\n`)
    })
    proxy.on('connect', ({ method, url }, socket) => {
      socket.on('error', () => {})
      socket.write(`HTTP/1.1 200 OK\r\n\r\n${method} ${url}\n`)
    })
    await new Promise<void>((done) => proxy.listen(port, proxyAddress, done))
    await mesh.put(service('gate'))
    await mesh.put(service('proxy', { ports: [{ name: 'tcp', port: 3128 }] }))
    await mesh.put(instance('proxy-1', 'proxy', proxyAddress, { ports: { tcp: port } }))
    gate = await mesh.workload('gate', { service: 'gate', type: 'router', labels: { app: 'edge' } })
    await mesh.put(
      istio('Gateway', 'edge', {
        selector: { app: 'edge' },
        servers: [{ port: { number: port, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
      }),
    )
    await mesh.put(
      istio('VirtualService', 'out', {
        gateways: ['edge'],
        hosts: ['*'],
        tcp: [{ route: [{ destination: { host: 'proxy', port: { number: 3128 } } }] }],
      }),
    )
  })
  afterAll(async () => {
    await mesh?.stop()
    proxy?.closeAllConnections()
    proxy?.close()
  })

  /** The first line that a connection hears. */
  const heard = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, gate.address)
      socket.setTimeout(5_000, () => socket.destroy(new Error('nothing was heard')))
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        socket.destroy()
        resolve(chunk.toString().trim())
      })
      socket.on('close', () => resolve(''))
    })
  const through = async (tunnel: NonNullable<TrafficPolicy['tunnel']>): Promise<void> => {
    const rule = istio('DestinationRule', 'proxy', { host: 'proxy', trafficPolicy: { tunnel } })
    await mesh.settled(await mesh.put(rule))
  }

  test('FT9: connections go through the host to the target, by CONNECT or POST', async () => {
    await through({ targetHost: 'db.example', targetPort: 5432 })
    await expect.poll(heard).toBe('CONNECT db.example:5432')
    await through({ protocol: 'POST', targetHost: 'other.example', targetPort: 5433 })
    await expect.poll(heard).toBe('POST other.example:5433')
  })
})
