import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../../freePort.ts'

export type NatsServer = {
  /** As it calls itself in the cluster: `n1` … */
  readonly name: string
  readonly url: string
  readonly monitorUrl: string
  readonly pid: number
  /** All that it has logged. */
  said(): string
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  freeze(): void
  thaw(): void
  /** Starts it again on the same ports and the same files, after `kill`. */
  restart(): Promise<void>
}

export type NatsServers = {
  /** Holds all their files. */
  readonly directory: string
  readonly urls: readonly string[]
  readonly servers: readonly NatsServer[]
  named(name: string): NatsServer
  /** Resolves once every server is healthy and, in a cluster, they have a leader. */
  ready(): Promise<void>
  /** Kills what still runs and removes its files. */
  stop(): Promise<void>
}

export type NatsSettings = {
  /** 1 unless given; 3 makes a cluster. */
  readonly nodes?: number
  /** As in the server's configuration; `always` unless given. */
  readonly syncInterval?: string
  /** More lines for the server's configuration. */
  readonly extra?: string
  /** Where each server runs; on loopback unless given. */
  readonly places?: readonly NatsPlace[]
}

/** An address that others reach a server at, and what a program there is started by. */
export type NatsPlace = { readonly host: string; readonly command: readonly string[] }

const loopback: NatsPlace = { host: '127.0.0.1', command: [] }

/** Real nats-servers with JetStream, each with files of its own. */
export const startNats = async (path: string, settings: NatsSettings = {}): Promise<NatsServers> => {
  const { nodes = 1, syncInterval = 'always', extra = '', places = [] } = settings
  const directory = mkdtempSync(join(tmpdir(), 'rutter-nats-'))
  const ports = await freePorts(nodes * 3)
  const names = Array.from({ length: nodes }, (_, i) => `n${i + 1}`)
  const placeOf = (i: number): NatsPlace => places[i] ?? loopback
  const routes = names.map((_, i) => `nats://${placeOf(i).host}:${ports[i * 3 + 2]}`)
  const servers = names.map((name, i) => {
    const [port = 0, monitor = 0, route = 0] = ports.slice(i * 3)
    const { host, command } = placeOf(i)
    const cluster = `cluster { name: rutter, listen: "${host}:${route}", routes: [${routes.join(', ')}] }`
    const file = join(directory, `${name}.conf`)
    writeFileSync(
      file,
      [
        `server_name: ${name}`,
        `listen: "${host}:${port}"`,
        `http: "${host}:${monitor}"`,
        `jetstream { store_dir: "${join(directory, name)}", sync_interval: ${syncInterval}, max_mem: 256MB, max_file: 4GB }`,
        ...(nodes > 1 ? [cluster] : []),
        extra,
      ].join('\n'),
    )
    return serverOf([...command, path, '-c', file], file, name, `${host}:${port}`, `${host}:${monitor}`)
  })
  const ready = async () => {
    for (const server of servers) await healthy(server, nodes)
  }
  const all: NatsServers = {
    directory,
    urls: servers.map(({ url }) => url),
    servers,
    named: (name) => {
      const found = servers.find((one) => one.name === name)
      if (found === undefined) throw new Error(`no server is called ${name}`)
      return found
    },
    ready,
    stop: async () => {
      await Promise.all(servers.map((one) => one.kill()))
      rmSync(directory, { recursive: true, force: true })
    },
  }
  try {
    await Promise.all(servers.map((one) => one.restart()))
    await ready()
    return all
  } catch (error) {
    await all.stop()
    throw error
  }
}

const serverOf = (
  [program = '', ...args]: readonly string[],
  file: string,
  name: string,
  at: string,
  monitorAt: string,
): NatsServer => {
  const log = `${file}.log`
  let child: ChildProcess | undefined
  let gone: Promise<void> = Promise.resolve()
  const running = (): ChildProcess => {
    if (child === undefined) throw new Error(`${name} does not run`)
    return child
  }
  return {
    name,
    said: () => readFileSync(log, 'utf8'),
    url: `nats://${at}`,
    monitorUrl: `http://${monitorAt}`,
    get pid() {
      return running().pid ?? 0
    },
    kill: async () => {
      child?.kill('SIGKILL')
      await gone
    },
    freeze: () => void running().kill('SIGSTOP'),
    thaw: () => void running().kill('SIGCONT'),
    restart: async () => {
      const output = openSync(log, 'a')
      const started = spawn(program, args, { stdio: ['ignore', output, output] })
      child = started
      gone = new Promise((resolve) => {
        const over = () => {
          if (child === started) child = undefined
          resolve()
        }
        started.once('exit', over).once('error', over)
      })
    },
  }
}

const healthy = async (server: NatsServer, nodes: number): Promise<void> => {
  for (let i = 0; i < 600; i += 1) {
    const health = await asked(`${server.monitorUrl}/healthz`)
    if (health?.['status'] === 'ok' && (nodes === 1 || (await hasLeader(server, nodes)))) return
    await pause(50)
  }
  throw new Error(`${server.name} does not come up: ${server.said().slice(-2000)}`)
}

const hasLeader = async ({ monitorUrl }: NatsServer, nodes: number): Promise<boolean> => {
  const meta = (await asked(`${monitorUrl}/jsz`))?.['meta_cluster'] as Record<string, unknown> | undefined
  return meta?.['cluster_size'] === nodes && typeof meta['leader'] === 'string' && meta['leader'] !== ''
}

const asked = async (url: string): Promise<Record<string, unknown> | undefined> => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    return (await answer.json()) as Record<string, unknown>
  } catch {
    return undefined
  }
}
