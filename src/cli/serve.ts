import { hostname } from 'node:os'
import { InvalidArgumentError, Option } from 'commander'
import { isLoopback } from '../adapters/http/hostGuard.ts'
import type { CertificateFiles } from '../adapters/readCertificates.ts'
import { type HostPort, hostPortText } from '../agent/bootstrap.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { parseHostPort } from './hostPort.ts'
import { addNatsOptions, type NatsOptions, natsProfileOf } from './natsOptions.ts'
import type { LogPlace } from './openLog.ts'
import { outputOption, parseWhole } from './options.ts'
import { type StartedController, startController } from './startController.ts'
import { stopSignals } from './stopSignals.ts'
import { buildFacts } from './version.ts'

type Options = {
  readonly log: string
  readonly config?: string
  readonly allowEmpty?: boolean
  readonly http: HostPort
  readonly xds: HostPort
  readonly httpTokens?: string
  readonly httpCert?: string
  readonly httpKey?: string
  readonly xdsCert?: string
  readonly xdsKey?: string
  readonly xdsCa?: string
  readonly xdsIdentity?: 'bound' | 'any'
  readonly insecure?: boolean
  readonly secrets?: string
  readonly natsMonitor?: readonly string[]
  readonly replicas?: number
  readonly output: string
} & NatsOptions

/** `rutter serve`: the controller, until SIGTERM or SIGINT. */
export const addServe: AddCommand = (program, cli) => {
  const command = program.command('serve').description('runs the controller')
  command
    .addOption(
      new Option('--log <memory|dir|nats>', 'where the log is kept')
        .env('RUTTER_LOG')
        .default('./rutter-log'),
    )
    .addOption(new Option('--config <dir>', 'a directory of configuration to follow').env('RUTTER_CONFIG'))
    .option('--allow-empty', 'an empty or missing --config directory removes what it held')
    .addOption(address('--http <host:port>', 'HTTP API', '127.0.0.1:8080', 'RUTTER_HTTP'))
    .addOption(address('--xds <host:port>', 'xDS over gRPC', '127.0.0.1:15010', 'RUTTER_XDS'))
    .addOption(
      new Option('--nats-monitor <url[,url…]>', 'monitoring of the servers of NATS, to see how they sync')
        .env('RUTTER_NATS_MONITOR')
        .argParser(parseMonitors),
    )
    .option('--replicas <n>', 'copies of the log in NATS, where it is made', parseWhole(1))
    .addOption(
      new Option('--http-tokens <file>', 'who may ask the HTTP API (see `rutter token`)').env(
        'RUTTER_HTTP_TOKENS',
      ),
    )
    .addOption(
      new Option('--http-cert <file>', 'certificate: the HTTP API goes over TLS').env('RUTTER_HTTP_CERT'),
    )
    .addOption(new Option('--http-key <file>', 'and its key').env('RUTTER_HTTP_KEY'))
    .addOption(new Option('--xds-cert <file>', 'certificate: xDS goes over TLS').env('RUTTER_XDS_CERT'))
    .addOption(new Option('--xds-key <file>', 'and its key').env('RUTTER_XDS_KEY'))
    .addOption(
      new Option('--xds-ca <file>', 'takes only proxies with a certificate that this CA signed').env(
        'RUTTER_XDS_CA',
      ),
    )
    .addOption(
      new Option(
        '--xds-identity <bound|any>',
        "whether a proxy's certificate must name it (default: bound beyond loopback)",
      )
        .env('RUTTER_XDS_IDENTITY')
        .choices(['bound', 'any']),
    )
    .addOption(
      new Option(
        '--secrets <dir>',
        'certificates for ingress and TLS to services: <dir>/<namespace>/<name>/{tls.crt,tls.key,ca.crt,ca.crl}',
      ).env('RUTTER_SECRETS'),
    )
    .option('--insecure', 'allows listening beyond loopback without knowing who asks')
    .addOption(outputOption('text', 'json').default('text', 'text; json prints one line when it serves'))
    .addHelpText(
      'after',
      '\nExamples:\n  rutter serve\n  rutter serve --log /var/lib/rutter --config ./mesh --http 127.0.0.1:9000\n  rutter serve --log nats --nats nats://10.0.0.1:4222,nats://10.0.0.2:4222',
    )
    .action(cli.action((options: Options) => serve(options, cli)))
  addNatsOptions(command, cli.io)
}

const address = (flags: string, what: string, fallback: string, variable: string): Option =>
  new Option(flags, `where the ${what} listens`)
    .env(variable)
    .argParser(parseHostPort)
    .default(parseHostPort(fallback), fallback)

const parseMonitors = (text: string): readonly string[] => {
  const urls = text.split(',').map((url) => url.trim())
  if (urls.every((url) => /^https?:\/\/[^\s/]+\/?$/.test(url))) return urls
  throw new InvalidArgumentError('It must be http://HOST:PORT, several with commas.')
}

const placeOf = (options: Options): LogPlace => {
  const { log, mesh, replicas, natsMonitor: monitors } = options
  if (log !== 'nats') return log
  return {
    profile: natsProfileOf(options, { type: 'controller' }, `rutter-controller ${hostname()}-${process.pid}`),
    mesh,
    ...(replicas === undefined ? {} : { replicas }),
    ...(monitors === undefined ? {} : { monitors }),
  }
}

/** Beyond loopback proxies show certificates, and people tokens, which must not go in clear. */
const wrongAddresses = (options: Options): string | undefined => {
  const { http, httpTokens, httpCert, xds, xdsCa } = options
  if (options.insecure === true) return undefined
  const open = (place: HostPort, cure: string): string =>
    `${hostPortText(place)} is reached from beyond this machine by anybody; ${cure}, --insecure allows it`
  if (!isLoopback(http.host) && httpTokens === undefined)
    return open(http, '--http-tokens with --http-cert asks for tokens')
  if (!isLoopback(http.host) && httpCert === undefined)
    return `tokens for ${hostPortText(http)} would go in clear; --http-cert has them encrypted, --insecure allows it`
  return !isLoopback(xds.host) && xdsCa === undefined
    ? open(xds, '--xds-ca asks for certificates')
    : undefined
}

const wrongTls = ({
  httpCert,
  httpKey,
  xdsCert,
  xdsKey,
  xdsCa,
  xdsIdentity,
}: Options): string | undefined => {
  if ((httpCert === undefined) !== (httpKey === undefined)) return '--http-cert and --http-key go together'
  if ((xdsCert === undefined) !== (xdsKey === undefined)) return '--xds-cert and --xds-key go together'
  if (xdsCa !== undefined && xdsCert === undefined)
    return '--xds-ca needs --xds-cert and --xds-key: without them xDS is not over TLS'
  if (xdsIdentity === 'bound' && xdsCa === undefined)
    return '--xds-identity bound needs --xds-ca: without it proxies show no certificates'
  return undefined
}

const xdsTlsOf = ({ xdsCert: cert, xdsKey: key, xdsCa: ca }: Options): CertificateFiles | undefined =>
  cert === undefined || key === undefined ? undefined : { cert, key, ...(ca === undefined ? {} : { ca }) }

/** Beyond loopback whoever has a certificate could be any proxy otherwise. */
const isBound = ({ xds, xdsCa, xdsIdentity }: Options): boolean =>
  (xdsIdentity ?? (xdsCa === undefined || isLoopback(xds.host) ? 'any' : 'bound')) === 'bound'

const httpTlsOf = ({ httpCert: cert, httpKey: key }: Options): CertificateFiles | undefined =>
  cert === undefined || key === undefined ? undefined : { cert, key }

const serve = async (options: Options, { io }: Cli): Promise<number> => {
  const wrong = wrongAddresses(options) ?? wrongTls(options)
  if (wrong !== undefined) {
    io.err(`error: ${wrong}`)
    return exitCodes.usage
  }
  const [xdsTls, httpTls] = [xdsTlsOf(options), httpTlsOf(options)]
  const signals = stopSignals()
  try {
    let lost: ((reason: Error) => void) | undefined
    const broken = new Promise<Error>((resolve) => {
      lost = resolve
    })
    const started = await startController({
      log: placeOf(options),
      ...(options.config === undefined ? {} : { config: options.config }),
      allowEmpty: options.allowEmpty === true,
      http: options.http,
      xds: options.xds,
      ...(xdsTls === undefined ? {} : { xdsTls }),
      xdsBound: isBound(options),
      ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
      ...(httpTls === undefined ? {} : { httpTls }),
      ...(options.httpTokens === undefined ? {} : { httpTokens: options.httpTokens }),
      version: buildFacts.version,
      notice: io.err,
      lost: (reason) => lost?.(reason),
    })
    tell(started, options, io)
    const reason = await Promise.race([broken, signals.first])
    if (reason instanceof Error) io.err(`error: the controller cannot go on: ${reason.message}`)
    else io.err(`${reason}: closing (once more to leave at once)`)
    await started.close()
    return reason instanceof Error ? exitCodes.runtimeError : exitCodes.ok
  } finally {
    signals.release()
  }
}

const tell = (
  { controller, http, xds }: StartedController,
  { xds: asked, log, output }: Options,
  io: Cli['io'],
) => {
  const xdsAt = hostPortText({ host: asked.host, port: xds.port })
  const { position } = controller.snapshot()
  io.err(`serving ${http.url} and xDS on ${xdsAt}; the log ${log} ends at ${position}`)
  if (output === 'json') io.out(`${JSON.stringify({ http: http.url, xds: xdsAt, log, position })}\n`)
}
