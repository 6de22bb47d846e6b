import { isLeft } from 'fp-ts/lib/Either.js'
import type { Entry } from '../model/entry.ts'
import type { Envelope } from '../model/event.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { followEvents } from './followEvents.ts'
import { outputOption, parseWhole } from './options.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { shortName } from './shortName.ts'
import { reportUnanswered } from './unanswered.ts'

type Options = {
  readonly from: number
  readonly follow?: boolean
  readonly output: string
  readonly server: Server
}

/** `rutter events`: the log, one line per entry. */
export const addEvents: AddCommand = (program, cli) => {
  addServerOptions(program.command('events'), cli.io)
    .description('shows the log, an entry a line')
    .option('--from <position>', 'first entry to show', parseWhole(1), 1)
    .option('-f, --follow', 'goes on with new entries as they come')
    .addOption(outputOption('text', 'json'))
    .addHelpText('after', '\nExamples:\n  rutter events --from 17\n  rutter events -f -o json | jq .events')
    .action(cli.action((options: Options) => events(options, cli)))
}

const events = async ({ from, follow, output, server }: Options, { io }: Cli): Promise<number> => {
  const print = (entry: Entry): void =>
    io.out(output === 'json' ? `${JSON.stringify(entry)}\n` : entryLine(entry))
  if (follow === true) return reportUnanswered(io, await followEvents(server, from, print))
  for (let next: number | undefined = from; next !== undefined; ) {
    const answer = await askServer(server, { path: `/api/v1/events?from=${next}` })
    if (isLeft(answer)) return reportUnanswered(io, answer.left)
    const page = answer.right as { readonly items: readonly Entry[]; readonly next?: number }
    for (const entry of page.items) print(entry)
    next = page.next
  }
  return exitCodes.ok
}

const entryLine = ({ position, events: all }: Entry): string => {
  const [first] = all
  if (first === undefined) return `${position}\n`
  const more = all.length === 1 ? '' : ` (and ${all.length - 1} more)`
  return `${position}  ${first.at}  ${first.type} ${aboutOf(first)}${more}  ${first.actor} via ${first.source}\n`
}

const aboutOf = ({ type, data }: Envelope): string => {
  if ('resource' in data) return data.resource === null ? 'meshsettings' : shortName(data.resource)
  const kind = 'kind' in data ? data.kind : type.startsWith('Service') ? 'Service' : 'Instance'
  return `${kind.toLowerCase()}/${data.namespace}/${data.name}`
}
