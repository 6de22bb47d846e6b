import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { bootstrap } from '../../src/agent/bootstrap.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { instance, service } from '../reducers/given.ts'
import { startEnvoy } from './envoyHarness.ts'
import { startMesh } from './mesh.ts'

const envoy = await envoyOrSkip()

/** Resolves when the other side has closed the connection. */
const closedBy = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    // A reset is a close too: what was written had not been read.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve() : reject(error),
    )
    socket.once('close', () => resolve())
    socket.once('connect', () => socket.write('hello'))
    socket.resume()
  })

test.skipIf(envoy.skip)(
  'E16: a sidecar with capture acknowledges everything and listens on its ports',
  async () => {
    const mesh = await startMesh(envoy.path)
    onTestFinished(() => mesh.stop())
    const [proxyListenPort, proxyInboundPort] = [await freePort(), await freePort()]
    await mesh.put({
      apiVersion: 'rutter.dev/v1',
      kind: 'MeshSettings',
      metadata: { name: 'mesh', namespace: 'default' },
      spec: { proxyListenPort, proxyInboundPort },
    })
    await mesh.put(
      service('reviews', {
        address: '10.9.0.1',
        ports: [
          { name: 'http', port: 9080 },
          { name: 'grpc', port: 9090 },
          { name: 'tcp', port: 3306 },
          { name: 'mongo', port: 27_017 },
          { name: 'redis', port: 6379 },
        ],
      }),
    )
    await mesh.put(service('plain', { ports: [{ name: 'tcp', port: 5432 }] }))
    await mesh.put(service('outside', { externalName: 'localhost', ports: [{ name: 'https', port: 443 }] }))
    await mesh.put(instance('me', 'reviews', '127.0.0.1', { ports: { http: 9080, tcp: 3306 } }))
    const node = 'sidecar~127.0.0.1~me.default~default.svc.cluster.local'
    const sidecar = await startEnvoy({
      envoy: envoy.path,
      bootstrap: bootstrap({
        node,
        xds: { host: '127.0.0.1', port: mesh.started.xds.port },
        admin: { path: '/moved' },
      }),
    })
    onTestFinished(() => sidecar.stop())
    await mesh.settled()
    const { proxies } = await mesh.json<{ proxies: { id: string; state: string; rejections: unknown[] }[] }>(
      '/api/v1/proxies',
    )
    expect(proxies).toMatchObject([{ id: node, state: 'synced', rejections: [] }])
    const dump = JSON.stringify(await sidecar.configDump())
    for (const name of [
      '0.0.0.0_9080',
      '0.0.0.0_9090',
      '10.9.0.1_3306',
      '10.9.0.1_27017',
      '10.9.0.1_6379',
      '0.0.0.0_5432',
    ])
      expect(dump).toContain(`"${name}"`)
    await closedBy(proxyListenPort)
    await closedBy(proxyInboundPort)
  },
)
