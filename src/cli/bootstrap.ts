import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type BootstrapOptions, bootstrap, type HostPort } from '../agent/bootstrap.ts'
import type { AddCommand } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { parseHostPort } from './hostPort.ts'
import { outputOption } from './options.ts'
import { parseAdmin, parseIpPort, parseIps, parseLabels, parseNode, resolvePath } from './proxyOptions.ts'

type Options = {
  readonly node: string
  readonly xds: HostPort
  readonly httpProxy?: HostPort
  readonly ips?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly admin?: BootstrapOptions['admin']
  readonly xdsCa?: string
  readonly xdsCert?: string
  readonly xdsKey?: string
  readonly output: string
}

/** `rutter bootstrap`. */
export const addBootstrap: AddCommand = (program, { io, action }) => {
  program
    .command('bootstrap')
    .description('prints the bootstrap of an Envoy that connects to a controller without an agent')
    .requiredOption(
      '--node <id>',
      'node id, such as sidecar~10.1.0.7~reviews-v2-a~default.svc.cluster.local',
      parseNode,
    )
    .requiredOption('--xds <host:port>', "the controller's xDS server", parseHostPort)
    .option('--http-proxy <ip:port>', 'where its explicit HTTP proxy listens', parseIpPort)
    .option('--labels <k=v,…>', 'labels of the proxy', parseLabels)
    .option('--ips <ip,…>', 'addresses of its workload beside the one in its node id', parseIps)
    .option(
      '--admin <host:port|path>',
      'its admin (default: a Unix socket in the temporary directory)',
      parseAdmin,
    )
    .option('--xds-ca <file>', 'asks the controller for a certificate that this CA signed', resolvePath)
    .option('--xds-cert <file>', 'certificate that the proxy shows to the controller', resolvePath)
    .option('--xds-key <file>', 'and its key', resolvePath)
    .addOption(outputOption('yaml', 'json'))
    .addHelpText(
      'after',
      '\nExample:\n  rutter bootstrap --node sidecar~127.0.0.1~web~default.svc.cluster.local --xds 127.0.0.1:15010 > envoy.yaml\n  envoy -c envoy.yaml',
    )
    .action(
      action(async (options: Options) => {
        const wrong = wrongTls(options)
        if (wrong !== undefined) {
          io.err(`error: ${wrong}`)
          return exitCodes.usage
        }
        const made = bootstrap(bootstrapOptions(options))
        io.out(options.output === 'json' ? `${JSON.stringify(made, null, 2)}\n` : bootstrapYaml(made))
        return exitCodes.ok
      }),
    )
}

/** A bootstrap as YAML with every text in quotes: Envoy's reader takes a bare `n`, `on` or `1.0` for something else. */
export const bootstrapYaml = (made: object): string =>
  stringify(made, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 })

/** The path of a proxy's admin where none is given: short, as paths of Unix sockets must be (107 bytes on Linux). */
export const defaultAdminPath = (nodeId: string): string =>
  join(tmpdir(), `rutter-${createHash('sha256').update(nodeId).digest('hex').slice(0, 12)}.sock`)

const bootstrapOptions = ({
  node: id,
  xds,
  httpProxy,
  labels: given,
  ips,
  ...options
}: Options): BootstrapOptions => {
  const { admin: adminAt = { path: defaultAdminPath(id) }, xdsCa: ca, xdsCert: cert, xdsKey: key } = options
  return {
    node: id,
    xds,
    admin: adminAt,
    metadata: {
      ...(httpProxy && { httpProxy: { address: httpProxy.host, port: httpProxy.port } }),
      ...(given && { labels: given }),
      ...(ips && { ips }),
    },
    ...(ca === undefined ? {} : { tls: { ca, ...(cert && { cert }), ...(key && { key }) } }),
  }
}

const wrongTls = ({ xdsCa, xdsCert, xdsKey }: Options): string | undefined => {
  if ((xdsCert === undefined) !== (xdsKey === undefined)) return '--xds-cert and --xds-key go together'
  if (xdsCert !== undefined && xdsCa === undefined)
    return '--xds-cert needs --xds-ca: without it xDS is not over TLS'
  return undefined
}
