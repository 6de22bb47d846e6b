import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findKeptEnvoys } from '../../adapters/envoy/keptEnvoy.ts'
import { hostPortText } from '../../agent/bootstrap.ts'
import { subjectToken } from '../../model/subjectToken.ts'
import { nodeOf, registryAt, reviewsRule, type Workload, workloadsAt } from './bookinfo.ts'
import { controllerDoors } from './controllerDoors.ts'
import type { DemoMesh, DemoParts } from './demoMesh.ts'
import { freePorts } from './freePorts.ts'
import { type KeptProcess, keepRunning } from './keepRunning.ts'
import { type NatsServer, natsServers } from './natsServers.ts'

/** Starting is given up after so long. */
const startLimitMs = 60_000
/** Envoys have that long to acknowledge. */
const acknowledgeLimitMs = 30_000
/** An agent drains its Envoy for 45 s at most. */
const graceMs = 60_000
/** What people kill to see what happens is started again so often. */
const mostRestarts = 20

const controllerNames = ['controller-1', 'controller-2']

/** The clustered shape: three servers of NATS, two controllers, and an agent for each Envoy, all of them processes of
 *  their own with logins of their own, which are started again when they end. Rejects when they do not come up within
 *  a minute, or one of them ends before. */
export const clusteredMesh = async (parts: DemoParts): Promise<DemoMesh> => {
  const { nats = '', place, directory, will, toStop, progress, broke, signal } = parts
  let isUp = false
  let failure: string | undefined
  const start = (name: string, program: string, args: readonly string[]): KeptProcess =>
    keepRunning({
      name,
      program,
      args,
      log: join(directory, `${name}.log`),
      will,
      restarts: () => (isUp ? mostRestarts : 0),
      notice: progress,
      gaveUp: (reason) => {
        failure = reason
        broke(reason)
      },
    })
  const rutter = (name: string, ...args: readonly string[]): KeptProcess =>
    start(name, process.execPath, [program(), ...args])
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    const deadlineMs = performance.now() + startLimitMs
    while (!(await holds().catch(() => false))) {
      signal.throwIfAborted()
      if (failure !== undefined) throw new Error(failure)
      if (performance.now() > deadlineMs) throw new Error(`${what} after ${startLimitMs / 1000} s`)
      await after(50)
    }
  }

  const workloads = workloadsAt(place)
  await writeLogins(directory, workloads)
  const servers = await natsServers(directory, ['nats-1', 'nats-2', 'nats-3'])
  progress(`Starting ${servers.length} servers of NATS …`)
  const running = servers.map(({ name, file }) => start(name, nats, ['--config', file]))
  toStop.push(() => Promise.all(running.map((one) => one.stop(graceMs))))
  await until('NATS is not healthy', async () => (await Promise.all(servers.map(isHealthy))).every(Boolean))

  progress(`Starting ${controllerNames.length} controllers …`)
  const toNats = (login: string) => [
    `--nats=${servers.map(({ url }) => url).join(',')}`,
    `--nats-nkey=${join(directory, 'credentials', `${login}.nk`)}`,
  ]
  const urls = await freeUrls(parts)
  const controllers = controllerNames.map((name, index) =>
    rutter(
      name,
      'serve',
      '--log=nats',
      ...toNats('controller'),
      `--nats-monitor=${servers.map(({ monitor }) => monitor).join(',')}`,
      `--http=${urls[index]?.slice('http://'.length)}`,
      '--xds=127.0.0.1:0',
    ),
  )
  toStop.push(() => Promise.all(controllers.map((one) => one.stop(graceMs))))
  await until('the controllers are not ready', async () =>
    (await Promise.all(urls.map((url) => answers(`${url}/readyz`)))).every(Boolean),
  )
  const doors = controllerDoors(urls)
  await doors.apply([...registryAt(place), reviewsRule({ v1: 100 })])

  progress(`Starting ${workloads.length} agents, each with an Envoy …`)
  const agents = workloads.map((workload) => {
    const { name, address } = workload
    const node = nodeOf(workload)
    const state = join(directory, name)
    const agent = rutter(
      `${name}-agent`,
      'agent',
      `--node=${node}`,
      ...toNats(`agent.${subjectToken(node)}`),
      `--envoy=${parts.envoy}`,
      `--state=${state}`,
      `--http-proxy=${address}:${place.httpProxyPort}`,
    )
    return async () => {
      await agent.stop(graceMs)
      await endEnvoys(join(state, 'envoy'))
    }
  })
  toStop.push(() => Promise.all(agents.map((stop) => stop())))
  await until('not every Envoy has its configuration', async () => {
    const proxies = await doors.proxies()
    return proxies.length === workloads.length && proxies.every(({ state }) => state === 'synced')
  })
  isUp = true

  return {
    url: urls[0] ?? '',
    hints: [
      `  npx rutter proxies --server ${urls[1]}   # either controller knows the whole fleet`,
      ...[controllers[0], running[0]].map(
        (one, index) =>
          `  kill -9 ${one?.pid()}   # ${index === 0 ? 'a controller' : 'a server of NATS'}: no request fails, and it is started again`,
      ),
      `  tail ${join(directory, '*.log')}   # what each of them says`,
    ],
    position: doors.position,
    apply: async (resource) => {
      const position = await doors.apply([resource])
      const waited = await doors.wait(position, acknowledgeLimitMs)
      if (waited.pending + waited.rejected + waited.silent > 0)
        throw new Error(`not every Envoy has taken position ${position}: ${JSON.stringify(waited)}`)
      return position
    },
  }
}

/** The rutter that this is. */
const program = (): string => process.argv[1] ?? ''

const writeLogins = (directory: string, workloads: readonly Workload[]): Promise<unknown> => {
  const agents = workloads.map((workload) => `--agent=${nodeOf(workload)}`)
  const out = join(directory, 'credentials')
  return promisify(execFile)(process.execPath, [
    program(),
    'nats-config',
    '--nkeys',
    '--mesh=default',
    `--out=${out}`,
    ...agents,
  ])
}

/** Where the controllers' HTTP APIs go: the first where it was asked for. */
const freeUrls = async ({ http }: DemoParts): Promise<readonly string[]> => {
  const ports = await freePorts(controllerNames.length)
  return ports.map((port, index) =>
    index === 0 && http.port !== 0 ? `http://${hostPortText(http)}` : `http://127.0.0.1:${port}`,
  )
}

/** Healthy is a server that knows a leader. */
const isHealthy = ({ monitor }: NatsServer): Promise<boolean> => answers(`${monitor}/healthz`)

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  )

/** Ends the Envoys that an agent left when it was killed. */
const endEnvoys = async (directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true })
  await Promise.all(
    findKeptEnvoys(directory).map((envoy) => {
      envoy.signal('SIGTERM')
      return envoy.exited
    }),
  )
}
