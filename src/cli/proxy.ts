import { Argument } from 'commander'
import { isLeft } from 'fp-ts/lib/Either.js'
import { stringify } from 'yaml'
import { type XdsType, xdsTypes } from '../model/xds.ts'
import type { ShownResource } from '../ports.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { atOption, outputOption } from './options.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { table } from './table.ts'
import { reportUnanswered } from './unanswered.ts'

type Options = { readonly output: string; readonly server: Server; readonly at?: string }

/** `rutter proxy`: what one proxy should have, whether it is connected or not. */
export const addProxy: AddCommand = (program, cli) => {
  addServerOptions(program.command('proxy'), cli.io)
    .description('shows the configuration that a proxy should have')
    .argument('<node>', 'its node id, such as sidecar~10.1.0.7~reviews-v2-a~default.svc.cluster.local')
    .addArgument(new Argument('[type]').choices([...xdsTypes, 'all']).default('all'))
    .addOption(atOption())
    .addOption(outputOption('table', 'json', 'yaml'))
    .action(cli.action((node: string, type: string, options: Options) => proxy(node, type, options, cli)))
}

const proxy = async (
  node: string,
  type: string,
  { at, server, output }: Options,
  { io }: Cli,
): Promise<number> => {
  const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`
  const answer = await askServer(server, {
    path: `/api/v1/proxies/${encodeURIComponent(node)}/${type}${query}`,
  })
  if (isLeft(answer)) return reportUnanswered(io, answer.left, { output })
  if (output === 'json') io.out(`${JSON.stringify(answer.right)}\n`)
  else if (output === 'yaml') io.out(stringify(answer.right, { lineWidth: 0 }))
  else io.out(namesTable(type, answer.right as Record<string, readonly ShownResource[]>))
  return exitCodes.ok
}

const namesTable = (type: string, answer: Readonly<Record<string, readonly ShownResource[]>>): string => {
  const shown = type === 'all' ? xdsTypes : [type as XdsType]
  const rows = shown.flatMap((one) =>
    (answer[type === 'all' ? one : 'items'] ?? []).map((resource) => [
      one,
      String(resource['name'] ?? resource['cluster_name'] ?? ''),
      summary[one](resource),
    ]),
  )
  return table(['TYPE', 'NAME', 'WHAT'], rows)
}

type Json = Readonly<Record<string, unknown>>

const lengthAt = (value: unknown): number => (Array.isArray(value) ? value.length : 0)

/** One line that tells resources of a type apart. Of secrets the names say all that may be said. */
const summary: Readonly<Record<XdsType, (resource: Json) => string>> = {
  clusters: ({ type, lb_policy: policy = 'ROUND_ROBIN' }) => `${type ?? 'STATIC'} ${policy}`,
  endpoints: ({ endpoints }) => {
    const groups = (Array.isArray(endpoints) ? endpoints : []) as Json[]
    return `${groups.reduce((sum, group) => sum + lengthAt(group['lb_endpoints']), 0)} endpoints`
  },
  listeners: ({ address }) => {
    const socket = ((address as Json | undefined)?.['socket_address'] ?? {}) as Json
    return `${socket['address'] ?? ''}:${socket['port_value'] ?? ''}`
  },
  routes: ({ virtual_hosts: hosts }) => {
    const all = (Array.isArray(hosts) ? hosts : []) as Json[]
    return `${all.length} virtual hosts, ${all.reduce((sum, host) => sum + lengthAt(host['routes']), 0)} routes`
  },
  secrets: () => '',
}
