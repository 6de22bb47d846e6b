import { type IncomingHttpHeaders, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { bootstrap } from '../../src/agent/bootstrap.ts'
import type { ProxyMetadata } from '../../src/model/proxy.ts'
import { freePort } from '../freePort.ts'
import { startEnvoy, type TestEnvoy } from './envoyHarness.ts'
import type { OwnMesh } from './mesh.ts'

export type Target = { readonly address: string; readonly port: number }

/** A sidecar that takes connections as if iptables had captured them. */
export type CapturedSidecar = {
  readonly node: string
  readonly envoy: TestEnvoy
  /** A connection that its caller meant for `target`. */
  connect(target: Target): Promise<Socket>
  /** A request over such a connection. */
  get(
    target: Target,
    authority: string,
    path?: string,
  ): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }>
  /** All that comes back over such a connection for `text` until it ends; '' where it is closed. */
  say(target: Target, text: string): Promise<string>
}

/** Ports of capture for a mesh's settings, free as of now. */
export const capturePorts = async () => ({
  proxyListenPort: await freePort(),
  proxyInboundPort: await freePort(),
})

const proxyProtocol = {
  name: 'envoy.filters.listener.proxy_protocol',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol',
  },
}

/** Starts the Envoy of a sidecar at `ip`, IPv6 too, in a mesh whose settings name free ports. Where iptables would keep a
 *  connection's destination, here the PROXY protocol names it: its listener filter stands in the capture listener
 *  of `direction`, which is the generated one otherwise. */
export const startCapturedSidecar = async (
  mesh: OwnMesh,
  envoyPath: string,
  ip: string,
  direction: 'Outbound' | 'Inbound' = 'Outbound',
  metadata: ProxyMetadata = {},
): Promise<CapturedSidecar> => {
  const node = `sidecar~${ip}~captured.default~default.svc.cluster.local`
  const listener = `virtual${direction}`
  const start = (): Promise<TestEnvoy> =>
    startEnvoy({
      envoy: envoyPath,
      bootstrap: bootstrap({
        node,
        metadata,
        xds: { host: '127.0.0.1', port: mesh.started.xds.port },
        admin: { path: '/moved/by/the/harness' },
      }),
    })
  // What it reports of itself counts once it is there.
  const reporting = Object.keys(metadata).length > 0 ? await start() : undefined
  const { items } = await mesh.json<{ items: readonly Record<string, unknown>[] }>(
    `/api/v1/proxies/${node}/listeners`,
  )
  const generated = items.find(({ name }) => name === listener)
  if (generated === undefined) throw new Error(`no ${listener}`)
  const position = await mesh.put({
    apiVersion: 'rutter.dev/v1',
    kind: 'EnvoyResource',
    metadata: { name: 'capture', namespace: 'default' },
    spec: {
      proxies: { ids: [node] },
      resource: {
        ...generated,
        '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
        listener_filters: [proxyProtocol],
      },
    },
  })
  const envoy = reporting ?? (await start())
  if (reporting !== undefined) await mesh.settled(position)
  const { address } = generated as { address: { socket_address: { port_value: number } } }
  const open = ({ address: to, port }: Target): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const [family, loopback] = to.includes(':') ? ['TCP6', '::1'] : ['TCP4', '127.0.0.1']
      const socket = connect(address.socket_address.port_value, loopback)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        socket.write(`PROXY ${family} ${loopback} ${to} 1 ${port}\r\n`)
        resolve(socket)
      })
    })
  return {
    node,
    envoy,
    connect: open,
    get: async (target, authority, path = '/') => {
      const socket = await open(target)
      return new Promise((resolve, reject) => {
        const asked = request(
          { createConnection: () => socket, path, headers: { host: authority, connection: 'close' } },
          (answer) => {
            let body = ''
            answer.on('data', (chunk) => {
              body += chunk
            })
            answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }))
          },
        )
        asked.on('error', reject)
        asked.end()
      })
    },
    say: async (target, text) => {
      const socket = await open(target)
      return new Promise((resolve, reject) => {
        let heard = ''
        socket.on('data', (chunk) => {
          heard += chunk
        })
        // Closed before all was written is closed too.
        socket.on('error', (error: NodeJS.ErrnoException) =>
          ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? resolve(heard) : reject(error),
        )
        socket.on('close', () => resolve(heard))
        socket.end(text)
      })
    },
  }
}
