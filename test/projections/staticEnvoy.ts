import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { envoyOrSkip } from '../envoyOrSkip.ts'

type Json = Readonly<Record<string, unknown>>

/** The Envoy to ask. */
export const envoy = await envoyOrSkip()

/** Envoy's workers have started within so long. */
const startMs = 20_000

/** A bootstrap that holds the given resources, and one cluster for the ADS that they may name. */
const bootstrap = (directory: string, clusters: readonly Json[], listeners: readonly Json[]): Json => ({
  node: { id: 'test', cluster: 'test' },
  admin: { address: { pipe: { path: join(directory, 'admin.sock') } } },
  dynamic_resources: {
    ads_config: {
      api_type: 'GRPC',
      transport_api_version: 'V3',
      grpc_services: [{ envoy_grpc: { cluster_name: 'ads' } }],
    },
  },
  static_resources: {
    clusters: [
      {
        name: 'ads',
        type: 'STATIC',
        load_assignment: {
          cluster_name: 'ads',
          endpoints: [
            { lb_endpoints: [{ endpoint: { address: { pipe: { path: join(directory, 'no.sock') } } } }] },
          ],
        },
        typed_extension_protocol_options: {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
            '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
            explicit_http_config: { http2_protocol_options: {} },
          },
        },
      },
      ...clusters,
    ],
    listeners,
  },
})

/** What Envoy says about the resources: '' when it takes them, else its reason. */
export const envoyRefusal = async (
  clusters: readonly Json[],
  listeners: readonly Json[],
): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'rutter-envoy-'))
  try {
    const file = join(directory, 'envoy.json')
    await writeFile(file, JSON.stringify(bootstrap(directory, clusters, listeners)))
    await promisify(execFile)(envoy.path, ['--mode', 'validate', '-l', 'error', '-c', file])
    return ''
  } catch (error) {
    return String((error as { stderr?: string }).stderr ?? error)
  } finally {
    await rm(directory, { recursive: true })
  }
}

export type StaticEnvoy = {
  /** The port at which the listener of this name is bound. */
  port(listener: string): Promise<number>
  stop(): Promise<void>
}

/** A running Envoy that has only the given resources. Rejects with its output when it ends before it is live. */
export const startStaticEnvoy = async (
  clusters: readonly Json[],
  listeners: readonly Json[],
): Promise<StaticEnvoy> => {
  const directory = await mkdtemp(join(tmpdir(), 'rutter-envoy-'))
  const file = join(directory, 'envoy.json')
  const { dynamic_resources: _, ...fixed } = bootstrap(directory, clusters, listeners)
  await writeFile(file, JSON.stringify(fixed))
  const args = ['--disable-hot-restart', '--concurrency', '1', '-l', 'info', '-c', file]
  args.push('--file-flush-interval-msec', '20')
  const child = spawn(envoy.path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await live(child)
  const untilMs = performance.now() + startMs
  while (!(await admin(join(directory, 'admin.sock'), '/stats?filter=workers_started')).includes(': 1')) {
    if (performance.now() > untilMs) throw new Error('Envoy does not start its workers')
    await new Promise((done) => setTimeout(done, 5))
  }
  return {
    port: async (listener) => {
      const all = JSON.parse(await admin(join(directory, 'admin.sock'), '/listeners?format=json')) as {
        listener_statuses: {
          name: string
          local_address: { socket_address: { port_value: number } }
        }[]
      }
      const found = all.listener_statuses.find(({ name }) => name === listener)
      if (found === undefined) throw new Error(`no listener ${listener}`)
      return found.local_address.socket_address.port_value
    },
    stop: async () => {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true })
    },
  }
}

const live = (child: ChildProcess): Promise<void> =>
  new Promise((done, fail) => {
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
      if (said.includes('all dependencies initialized. starting workers')) done()
    })
    child.once('exit', () => fail(new Error(said)))
  })

const admin = (socketPath: string, path: string): Promise<string> =>
  new Promise((done, fail) => {
    const asked = request({ socketPath, path }, (answer) => {
      let body = ''
      answer.on('data', (chunk) => {
        body += chunk
      })
      answer.on('end', () => done(body))
    })
    asked.on('error', fail).end()
  })
