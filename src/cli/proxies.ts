import { isLeft } from 'fp-ts/lib/Either.js'
import { stringify } from 'yaml'
import type { ProxyStatus } from '../model/fleet.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { outputOption } from './options.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { table } from './table.ts'
import { reportUnanswered } from './unanswered.ts'

type Options = { readonly output: string; readonly server: Server }
type Fleet = { readonly position: number; readonly proxies: readonly ProxyStatus[] }

/** `rutter proxies`: the fleet, and what it has acknowledged, what is wrong first. */
export const addProxies: AddCommand = (program, cli) => {
  addServerOptions(program.command('proxies'), cli.io)
    .description('shows the fleet: which proxies are synced, pending, rejecting or silent')
    .addOption(outputOption('table', 'wide', 'json', 'yaml'))
    .action(cli.action((options: Options) => proxies(options, cli)))
}

const proxies = async ({ output, server }: Options, { io }: Cli): Promise<number> => {
  const answer = await askServer(server, { path: '/api/v1/proxies' })
  if (isLeft(answer)) return reportUnanswered(io, answer.left, { output })
  if (output === 'json') io.out(`${JSON.stringify(answer.right)}\n`)
  else if (output === 'yaml') io.out(stringify(answer.right))
  else io.out(fleetTable(answer.right as Fleet, output === 'wide'))
  return exitCodes.ok
}

const worstFirst = ['rejected', 'pending', 'silent', 'synced']

const fleetTable = ({ position, proxies: all }: Fleet, wide: boolean): string => {
  const sorted = all.toSorted((a, b) => worstFirst.indexOf(a.state) - worstFirst.indexOf(b.state))
  const rows = sorted.map(({ id, type, state, connected, ackedPosition, rejections }) => [
    id,
    type,
    state,
    connected ? 'yes' : 'no',
    `${ackedPosition}/${position}`,
    ...(wide ? [rejections.map(({ resource, message }) => `${resource}: ${message}`).join('; ')] : []),
  ])
  const head = ['PROXY', 'TYPE', 'STATE', 'CONNECTED', 'ACKED', ...(wide ? ['REJECTIONS'] : [])]
  const reasons = wide ? [] : sorted.flatMap(({ id, rejections }) => rejections.map((one) => reason(id, one)))
  return table(head, rows) + reasons.join('')
}

const reason = (id: string, { resource, message, cause }: ProxyStatus['rejections'][number]): string => {
  const by = cause && ` (caused by ${cause.kind}/${cause.namespace}/${cause.name} at ${cause.position})`
  return `${id} rejects ${resource}: ${message.replace(/\p{Cc}/gu, ' ')}${by ?? ''}\n`
}
