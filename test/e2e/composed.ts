import { type ChildProcess, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'

/** What is read of a service of docker-compose.yml. */
export type ComposeService = {
  readonly image: string
  readonly command: readonly string[]
  readonly volumes?: readonly string[]
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string }>>
  readonly network_mode?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

export type ComposeFile = {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly networks: Readonly<Record<string, unknown>>
}

/** The compose file at the top of the repository. */
export const composeFile = (): ComposeFile =>
  parse(readFileSync(resolve('docker-compose.yml'), 'utf8'), { merge: true })

/** A service that runs as a plain process. */
export type Composed = {
  readonly child: ChildProcess
  said(): string
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

/** Runs services of the compose file as plain processes on this machine: their very commands, with what a container
 *  would have of its own (address, loopback, volumes, programs) in another place. */
export type Composition = {
  start(service: string): Composed
  /** The health check of a service, as its container would run it; true when it passes. */
  healthy(service: string): Promise<boolean>
  /** Runs `rutter` in the container of a service, as `docker compose exec` does. */
  exec(service: string, args: readonly string[]): Composed
  /** Ends what still runs, agents in order so that their Envoys end too, and removes all files. */
  stop(): Promise<void>
}

/** The programs that images hold. */
export type Programs = { readonly envoy: string; readonly natsServer: string }

export const composed = ({ services }: ComposeFile, programs: Programs): Composition => {
  const directory = mkdtempSync(join(tmpdir(), 'rc-'))
  const running = new Set<Composed>()

  const serviceOf = (name: string): ComposeService => {
    const found = services[name]
    if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
    return found
  }

  /** Its own address: its first network's, or that of the service whose network it shares. */
  const addressOf = (name: string): string | undefined => {
    const { networks, network_mode } = serviceOf(name)
    if (network_mode?.startsWith('service:')) return addressOf(network_mode.slice('service:'.length))
    if (networks === undefined || Array.isArray(networks)) return undefined
    return Object.values(networks)[0]?.ipv4_address
  }

  /** Networks of containers go to 127.77, each container's own loopback to 127.78. */
  const placed = (service: string, text: string): string => {
    const last = addressOf(service)?.split('.').at(-1)
    const names = Object.keys(services).filter((name) => addressOf(name) !== undefined)
    return text
      .replaceAll('127.0.0.1', last === undefined ? '127.0.0.1' : `127.78.0.${last}`)
      .replaceAll(/(?<![\d.])10(\.|=2E)77\1/g, '127$177$1')
      .replaceAll(/(?<=\/\/)([a-z0-9-]+)(?=:\d)/g, (host) =>
        names.includes(host) ? (addressOf(host) ?? host).replace(/^10\./, '127.') : host,
      )
  }

  /** The root of a container's files, with its volumes in place; what they hold is placed as arguments are. */
  const rootOf = (service: string): string => {
    const root = join(directory, service)
    if (existsSync(root)) return root
    mkdirSync(root)
    for (const volume of serviceOf(service).volumes ?? []) {
      const [source = '', target = ''] = volume.split(':')
      const at = join(root, target)
      mkdirSync(dirname(at), { recursive: true })
      if (source.startsWith('./')) {
        cpSync(resolve(source), at, { recursive: true })
        for (const file of filesIn(at)) writeFileSync(file, placed(service, readFileSync(file, 'utf8')))
      } else {
        const kept = join(directory, 'volumes', source)
        mkdirSync(kept, { recursive: true })
        symlinkSync(kept, at)
      }
    }
    return root
  }

  const argumentsOf = (service: string, args: readonly string[]): readonly string[] => {
    const root = rootOf(service)
    const targets = (serviceOf(service).volumes ?? []).map((volume) => volume.split(':')[1] ?? '')
    const moved = (argument: string): string => {
      const [, option = '', path = ''] = /^(-[^=]*=)?(\/.*)$/.exec(argument) ?? []
      if (path === '/usr/local/bin/envoy') return option + programs.envoy
      const inVolume = targets.some((target) => path === target || path.startsWith(`${target}/`))
      // A directory that leads to volumes is there as well.
      return inVolume || targets.some((target) => path !== '' && target.startsWith(`${path}/`))
        ? option + join(root, path)
        : argument
    }
    return args.map((argument) => moved(placed(service, argument)))
  }

  const run = (program: string, args: readonly string[]): Composed => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    const ended = new Promise<number | string>((done) => {
      child.on('close', (code, signal) => done(code ?? signal ?? 'unknown'))
      child.on('error', (error) => done(error.message))
    })
    const one: Composed = { child, said: () => said, ended }
    running.add(one)
    void ended.then(() => running.delete(one))
    return one
  }

  const rutter = (service: string, args: readonly string[]): Composed =>
    run(process.execPath, [resolve('dist/rutter.mjs'), ...argumentsOf(service, args)])

  return {
    start: (service) => {
      const { image, command } = serviceOf(service)
      return image.startsWith('nats:')
        ? run(programs.natsServer, argumentsOf(service, command))
        : rutter(service, command)
    },
    healthy: async (service) => {
      const [, ...test] = serviceOf(service).healthcheck?.test ?? []
      const [program = '', ...args] = argumentsOf(service, test)
      return (await run(program, args).ended) === 0
    },
    exec: (service, args) => rutter(service, args),
    stop: async () => {
      // Nobody calls any more: Envoys have drained at once.
      const agents = [...running].filter(({ child }) => child.spawnargs.includes('agent'))
      for (const one of running) one.child.kill(agents.includes(one) ? 'SIGTERM' : 'SIGKILL')
      await Promise.all([...running].map(({ ended }) => ended))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const filesIn = (path: string): readonly string[] =>
  statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => filesIn(join(path, name))) : [path]
