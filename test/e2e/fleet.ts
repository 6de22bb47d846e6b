import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NatsPlace, type NatsServers, startNats } from '../adapters/nats/natsHarness.ts'
import { freePort } from '../freePort.ts'
import { type Beside, type Mesh, meshBehind } from './mesh.ts'
import { type RutterProcess, startRutter } from './rutterProcess.ts'

/** A process of Rutter that may be killed and started again with the same arguments. */
export type Restartable = {
  readonly url: string
  readonly process: RutterProcess
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>
  /** Starts it again, with `more` arguments; resolves once it answers. */
  start(more?: readonly string[]): Promise<void>
}

/** Servers of NATS, controllers and agents, each a process of its own. */
export type TestFleet = {
  readonly servers: NatsServers
  readonly controllers: readonly Restartable[]
  /** By the names of their workloads. */
  readonly agents: ReadonlyMap<string, Restartable & { readonly state: string }>
  readonly mesh: Mesh
  stop(): Promise<void>
}

/** How a login is given: by arguments, or by variables. */
export type Login = { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv }

/** Starts servers of NATS and controllers; workloads of the mesh get an agent and its Envoy. Requests of the mesh go to
 *  the first controller that runs. */
export const startFleet = async (options: {
  readonly envoy: string
  readonly nats: string
  readonly nodes?: number
  readonly controllers?: number
  /** Where the servers of NATS run. */
  readonly places?: readonly NatsPlace[]
  /** More lines for the configuration of these servers. */
  readonly natsExtra?: string
  /** As whom the agent of a node, or a controller, comes to them. */
  readonly login?: (node?: string) => Login
  /** Further arguments of the agents. */
  readonly agentArgs?: readonly string[]
}): Promise<TestFleet> => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-fleet-'))
  const servers = await startNats(options.nats, {
    nodes: options.nodes ?? 1,
    ...(options.places && { places: options.places }),
    ...(options.natsExtra && { extra: options.natsExtra }),
  })
  const nats = ['--nats', servers.urls.join(',')]
  const login = options.login ?? (() => ({ args: [], env: {} }))
  const starting = await Promise.allSettled(
    Array.from({ length: options.controllers ?? 2 }, async () => {
      const http = `127.0.0.1:${await freePort()}`
      const doors = ['--http', http, '--xds', '127.0.0.1:0']
      const { args, env } = login()
      const serve = ['serve', '--log', 'nats', ...nats, ...args, ...doors]
      return restartable(serve, env, `http://${http}`, /serving http/)
    }),
  )
  const controllers = starting.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = starting.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(controllers.map((controller) => controller.kill()))
    await servers.stop()
    throw failed.reason
  }
  const agents = new Map<string, Restartable & { readonly state: string }>()

  const beside: Beside = async ({ name, node, httpProxy: { address, port } }) => {
    const state = join(directory, name)
    const http = `127.0.0.1:${await freePort()}`
    const proxy = ['--http-proxy', `${address}:${port}`]
    const where = ['--node', node, '--state', state, '--envoy', options.envoy, '--http', http]
    const { args, env } = login(node)
    const agent = await restartable(
      ['agent', ...where, ...proxy, ...nats, ...args, ...(options.agentArgs ?? [])],
      env,
      `http://${http}`,
      /^ready:/m,
    )
    agents.set(name, {
      ...agent,
      state,
      get process() {
        return agent.process
      },
    })
    return {
      stop: async () => {
        const { process: running } = agent
        running.child.kill('SIGTERM')
        await running.ended
      },
    }
  }
  const running = (): Restartable => {
    const found = controllers.find(
      ({ process: { child } }) => child.exitCode === null && child.signalCode === null,
    )
    if (found === undefined) throw new Error('no controller runs')
    return found
  }
  const mesh = meshBehind(() => running().url, beside)
  return {
    servers,
    controllers,
    agents,
    mesh,
    stop: async () => {
      await mesh.stop()
      await Promise.all(controllers.map((controller) => controller.kill()))
      await servers.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const restartable = async (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  url: string,
  says: RegExp,
): Promise<Restartable> => {
  let running = startRutter(args, { env })
  await running.says(says)
  return {
    url,
    get process() {
      return running
    },
    kill: async () => {
      running.child.kill('SIGKILL')
      await running.ended
    },
    start: async (more = []) => {
      running = startRutter([...args, ...more], { env })
      await running.says(says)
    },
  }
}

/** The figure `name` that a controller or an agent shows at `/metrics`. */
export const figure = async ({ url }: Pick<Restartable, 'url'>, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  if (line === undefined) throw new Error(`there is no figure ${name}`)
  return Number(line.slice(name.length + 1))
}
