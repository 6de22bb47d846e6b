import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { InvalidArgumentError, Option } from 'commander'
import { isLeft } from 'fp-ts/lib/Either.js'
import { isLoopback } from '../adapters/http/hostGuard.ts'
import { envoyProgram } from '../adapters/outsidePrograms/envoyProgram.ts'
import { type BootstrapOptions, type HostPort, hostPortText } from '../agent/bootstrap.ts'
import { parseNodeId } from '../codecs/nodeId.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { parseHostPort } from './hostPort.ts'
import { addNatsOptions, type NatsOptions, natsProfileOf } from './natsOptions.ts'
import { parseDuration } from './options.ts'
import { parseAdmin, parseIpPort, parseIps, parseLabels, parseNode, resolvePath } from './proxyOptions.ts'
import { startAgent } from './startAgent.ts'
import { stopSignals } from './stopSignals.ts'

type Options = {
  readonly node: string
  /** False for `--no-envoy`. */
  readonly envoy?: string | false
  readonly state: string
  readonly httpProxy?: HostPort
  readonly ips?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly admin?: BootstrapOptions['admin']
  readonly http?: HostPort
  readonly insecure?: boolean
  readonly secrets?: string
  readonly parentShutdownTime: number
} & NatsOptions

/** `rutter agent`: feeds and supervises one Envoy, until SIGTERM or SIGINT. SIGHUP restarts Envoy hot; SIGUSR2 lets go of it. */
export const addAgent: AddCommand = (program, cli) => {
  const command = program
    .command('agent')
    .description('feeds the Envoy beside it from a mesh in NATS, and keeps it running')
    .requiredOption(
      '--node <id>',
      'node id, such as sidecar~10.1.0.7~reviews-v2-a~default.svc.cluster.local',
      parseNode,
    )
    .requiredOption('--state <dir>', 'holds what must outlive the agent', resolvePath)
    .option('--envoy <path>', 'the binary (default: as `rutter check` finds it)')
    .option('--no-envoy', 'somebody else supervises Envoy')
    .option('--http-proxy <ip:port>', 'where its explicit HTTP proxy listens', parseIpPort)
    .option('--labels <k=v,…>', 'labels of the proxy', parseLabels)
    .option('--ips <ip,…>', 'addresses of its workload beside the one in its node id', parseIps)
    .option('--admin <host:port|path>', "Envoy's admin (default: a Unix socket in the state)", parseAdmin)
    .option('--http <host:port>', "the agent's own health and figures", parseHostPort)
    .addOption(
      new Option(
        '--secrets <dir>',
        'certificates for its listeners and clusters: <dir>/<namespace>/<name>/{tls.crt,tls.key,ca.crt,ca.crl}',
      ).env('RUTTER_SECRETS'),
    )
    .addOption(
      new Option(
        '--parent-shutdown-time <duration>',
        'at a hot restart, how long the Envoy before finishes what it has under way',
      )
        .argParser(parseWholeSeconds)
        .default(60_000, '60s'),
    )
    .option('--insecure', 'allows listening beyond loopback')
    .addHelpText(
      'after',
      '\nSIGHUP restarts Envoy hot, SIGUSR2 ends the agent and leaves Envoy to the next one.\n\nExample:\n  rutter agent --node sidecar~10.1.0.7~web~default.svc.cluster.local --nats nats://10.0.0.1:4222 --state /var/lib/rutter',
    )
    .action(cli.action((options: Options) => agent(options, cli)))
  addNatsOptions(command, cli.io)
}

const agent = async (options: Options, { io }: Cli): Promise<number> => {
  const identity = parseNodeId(options.node)
  if (isLeft(identity)) throw new Error(identity.left)
  const exposed = [options.http, options.admin].find(
    (one): one is HostPort => one !== undefined && 'host' in one && !isLoopback(one.host),
  )
  if (exposed !== undefined && options.insecure !== true) {
    io.err(
      `error: ${hostPortText(exposed)} is reached from beyond this machine by anybody; --insecure allows it`,
    )
    return exitCodes.usage
  }
  const envoy = await envoyOf(options, io.env)
  if (envoy instanceof Error) {
    io.err(`error: ${envoy.message}`)
    return exitCodes.runtimeError
  }
  const signals = stopSignals()
  const stopping = new AbortController()
  void signals.first.then(() => stopping.abort())
  const wishes = new Set<() => void>()
  try {
    const { httpProxy, labels, ips, admin, http, state, mesh, secrets, parentShutdownTime } = options
    const started = await startAgent(
      {
        mesh,
        identity: identity.right,
        metadata: {
          ...(httpProxy && { httpProxy: { address: httpProxy.host, port: httpProxy.port } }),
          ...(labels && { labels }),
          ...(ips && { ips }),
        },
        profile: natsProfileOf(
          options,
          { type: 'agent', identity: identity.right },
          `rutter-agent ${options.node}`,
        ),
        state,
        envoy,
        ...(admin && { admin }),
        ...(http && { http }),
        ...(secrets && { secrets }),
        parentShutdownMs: parentShutdownTime,
        notice: io.err,
      },
      stopping.signal,
    )
    if (started.url !== undefined) io.err(`health and figures on ${started.url}`)
    const restart = (): void => {
      io.err('SIGHUP: restarting Envoy hot')
      started.restartEnvoy().catch((error: Error) => io.err(`cannot restart Envoy: ${error.message}`))
    }
    process.on('SIGHUP', restart)
    wishes.add(() => process.off('SIGHUP', restart))
    const letGo = new Promise<'SIGUSR2'>((resolve) => {
      const listener = (): void => resolve('SIGUSR2')
      process.once('SIGUSR2', listener)
      wishes.add(() => process.off('SIGUSR2', listener))
    })
    const how = await Promise.race([signals.first, letGo])
    if (how === 'SIGUSR2') {
      io.err('SIGUSR2: closing, Envoy goes on')
      await started.release()
    } else {
      io.err(`${how}: draining Envoy and closing (once more to leave at once)`)
      await started.stop()
    }
    return exitCodes.ok
  } finally {
    for (const undo of wishes) undo()
    signals.release()
  }
}

/** Envoy takes whole seconds. */
const parseWholeSeconds = (text: string): number => {
  const ms = parseDuration(text)
  if (ms >= 1_000 && ms <= 3_600_000 && ms % 1_000 === 0) return ms
  throw new InvalidArgumentError('It must be whole seconds, from 1s to 1h.')
}

const envoyOf = async ({ envoy }: Options, env: NodeJS.ProcessEnv): Promise<string | undefined | Error> => {
  if (envoy === false) return undefined
  if (typeof envoy === 'string') {
    const path = resolvePath(envoy)
    const isProgram = await access(path, constants.X_OK).then(
      async () => (await stat(path)).isFile(),
      () => false,
    )
    return isProgram ? path : new Error(`${path} is no program; name the binary of Envoy with --envoy`)
  }
  const found = await envoyProgram.find(env)
  return isLeft(found) ? new Error(`${found.left.problem}; ${found.left.advice}`) : found.right.path
}
