import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Option } from 'commander'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { envoyProgram } from '../adapters/outsidePrograms/envoyProgram.ts'
import { natsServerProgram } from '../adapters/outsidePrograms/natsServerProgram.ts'
import type { FoundProgram, OutsideProgram } from '../adapters/outsidePrograms/outsideProgram.ts'
import { type HostPort, hostPortText } from '../agent/bootstrap.ts'
import type { AddCommand, Cli } from './cli.ts'
import { type Place, workloadsAt } from './demo/bookinfo.ts'
import { addDemoApp } from './demo/demoApp.ts'
import type { DemoMesh } from './demo/demoMesh.ts'
import { addDemoTraffic } from './demo/demoTraffic.ts'
import { display } from './demo/display.ts'
import { freePlace } from './demo/freePlace.ts'
import { doorAt } from './demo/load.ts'
import { once } from './demo/once.ts'
import { parentGone } from './demo/parentGone.ts'
import { portIsFree } from './demo/portIsFree.ts'
import { startDemoMesh } from './demo/startDemoMesh.ts'
import { startTraffic } from './demo/traffic.ts'
import { exitCodes } from './exitCodes.ts'
import { parseHostPort } from './hostPort.ts'
import type { Io } from './io.ts'
import { outputOption } from './options.ts'
import { stopSignals } from './stopSignals.ts'

type Options = {
  readonly once?: boolean
  readonly nats?: boolean
  readonly http: HostPort
  readonly output: string
}

/** `rutter demo`. */
export const addDemo: AddCommand = (program, cli) => {
  const command = program.command('demo')
  command
    .description('runs a small mesh on this machine: real Envoys, traffic, a controller to try rules on')
    .option('--once', 'runs a scripted traffic shift instead; 0 when traffic went where the rules say')
    .option('--nats', 'over NATS: three servers, two controllers, an agent beside each Envoy')
    .addOption(
      new Option('--http <host:port>', 'where the HTTP API listens')
        .argParser(parseHostPort)
        .default(parseHostPort('8080'), '127.0.0.1:8080, or a free port'),
    )
    .addOption(outputOption('text', 'json'))
    .action(cli.action((options: Options) => demo(options, cli)))
  addDemoApp(command, cli)
  addDemoTraffic(command, cli)
}

const demo = async (options: Options, { io }: Cli): Promise<number> => {
  const signals = stopSignals()
  const orphaned = parentGone()
  try {
    const stop = new AbortController()
    const stopped = Promise.race([signals.first, orphaned.gone])
    stopped.then(() => stop.abort())
    const envoy = await getProgram(envoyProgram, io, stop.signal)
    const nats =
      envoy !== undefined && options.nats === true
        ? await getProgram(natsServerProgram, io, stop.signal)
        : undefined
    if (stop.signal.aborted) return stoppedEarly(await stopped)
    if (envoy === undefined || (options.nats === true && nats === undefined)) return exitCodes.runtimeError
    const place = await freePlace()
    if (isLeft(place)) {
      io.err(`error: ${place.left}`)
      return exitCodes.runtimeError
    }
    const http = await freeHttp(options.http, io)
    const mesh = await startDemoMesh({
      envoy: envoy.path,
      ...(nats && { nats: nats.path }),
      place: place.right,
      http,
      progress: io.err,
      signal: stop.signal,
    }).catch((error: Error) => error)
    if (mesh instanceof Error) {
      if (stop.signal.aborted) return stoppedEarly(await stopped)
      throw mesh
    }
    try {
      const run =
        options.once === true
          ? runOnce(mesh, place.right, envoy, options, io)
          : runLive(mesh, place.right, io)
      const ended = await Promise.race([run.ended, stopped, mesh.broken.then((reason) => ({ reason }))])
      run.stop()
      if (typeof ended === 'number') return ended
      if (typeof ended === 'string') return options.once === true ? stoppedEarly(ended) : exitCodes.ok
      io.err(`error: ${ended.reason}`)
      return exitCodes.runtimeError
    } finally {
      await mesh.stop()
    }
  } finally {
    orphaned.stop()
    signals.release()
  }
}

/** The live demo runs until it is stopped; what was stopped before it had done its work has not passed. */
const stoppedEarly = (signal: 'SIGINT' | 'SIGTERM'): number =>
  signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated

const getProgram = async (
  program: OutsideProgram,
  io: Io,
  signal: AbortSignal,
): Promise<FoundProgram | undefined> => {
  const found = await program.find(io.env)
  if (isRight(found)) return found.right
  const isNamed = Boolean(io.env[program.variable])
  const fetched = isNamed ? found : await program.fetch(io.env, io.err, signal)
  if (isRight(fetched)) return fetched.right
  if (!signal.aborted)
    io.err(`error: the demo needs ${program.name}: ${fetched.left.problem}; ${fetched.left.advice}`)
  return undefined
}

const freeHttp = async (wanted: HostPort, io: Io): Promise<HostPort> => {
  if (wanted.port === 0 || (await portIsFree(wanted))) return wanted
  io.err(`${hostPortText(wanted)} is taken: the HTTP API goes to a free port`)
  return { ...wanted, port: 0 }
}

type Run = { readonly ended: Promise<number>; stop(): void }

const runOnce = (mesh: DemoMesh, place: Place, envoy: FoundProgram, { output }: Options, io: Io): Run => ({
  ended: once(mesh, place, { envoy: envoy.version, output, io }),
  stop: () => {},
})

const showEveryMs = 1_000

const runLive = (mesh: DemoMesh, place: Place, io: Io): Run => {
  for (const line of whatToTry(mesh)) io.err(line)
  const traffic = startTraffic(doorAt(place))
  const { show } = display(io, workloadsAt(place))
  const stop = new AbortController()
  const shown = async (): Promise<number> => {
    while (!stop.signal.aborted) {
      await after(showEveryMs, undefined, { signal: stop.signal }).catch(() => undefined)
      const position = await mesh.position().catch(() => undefined)
      if (!stop.signal.aborted) show(traffic.seen(), position)
    }
    return exitCodes.ok
  }
  return {
    ended: shown(),
    stop: () => {
      stop.abort()
      traffic.stop()
    },
  }
}

/** The examples travel with the package, beside `dist`. */
const examples = (): string => {
  const found = join(dirname(fileURLToPath(import.meta.url)), '..', 'examples', 'demo')
  const near = relative(process.cwd(), found)
  return existsSync(found) && near.startsWith('..') ? found : near || '.'
}

const whatToTry = ({ url, hints }: DemoMesh): readonly string[] => {
  const server = url === 'http://127.0.0.1:8080' ? '' : ` --server ${url}`
  const apply = (file: string): string => `  npx rutter apply -f ${join(examples(), file)}${server}`
  return [
    '',
    `The mesh serves. API and documentation: ${url}/api/docs`,
    'In another terminal try:',
    `${apply('reviews-90-10.yaml')}   # a tenth to v2`,
    `${apply('reviews-50-50.yaml')}   # half to v3`,
    `${apply('reviews-jason.yaml')}   # the user jason sees v2`,
    `${apply('reviews-v1.yaml')}      # all back to v1`,
    `  npx rutter proxies${server}   # what each Envoy has acknowledged`,
    `  npx rutter events -f${server}   # the log`,
    ...hints,
    'Ctrl-C ends it.',
    '',
  ]
}
