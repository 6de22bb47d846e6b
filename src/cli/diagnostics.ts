import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { ResourceName } from '../model/resource.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { atOption, outputOption } from './options.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { table } from './table.ts'
import { reportUnanswered } from './unanswered.ts'

type Options = { readonly output: string; readonly server: Server; readonly at?: string }
type Answer = {
  readonly items: readonly (ResourceName & { readonly diagnostics: readonly Diagnostic[] })[]
  readonly reports: readonly { readonly source: string; readonly diagnostics: readonly Diagnostic[] }[]
}

/** `rutter diagnostics`: all that is the matter now; 1 when any of it is an error. */
export const addDiagnostics: AddCommand = (program, cli) => {
  addServerOptions(program.command('diagnostics'), cli.io)
    .description(
      'shows what is the matter with any resource, or with a registry; 1 when any of it is an error',
    )
    .addOption(atOption())
    .addOption(outputOption('table', 'json'))
    .action(cli.action((options: Options) => diagnostics(options, cli)))
}

const diagnostics = async ({ output, server, at }: Options, { io }: Cli): Promise<number> => {
  const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`
  const answer = await askServer(server, { path: `/api/v1/diagnostics${query}` })
  if (isLeft(answer)) return reportUnanswered(io, answer.left, { output })
  const { items, reports } = answer.right as Answer
  const all = [
    ...reports.map(({ source, diagnostics: found }) => ({ about: source, found })),
    ...items.map(({ kind, namespace, name, diagnostics: found }) => ({
      about: `${kind.toLowerCase()}/${namespace}/${name}`,
      found,
    })),
  ].flatMap(({ about, found }) => found.map((one) => ({ about, ...one })))
  if (output === 'json') io.out(`${JSON.stringify(answer.right)}\n`)
  else if (all.length === 0) io.err('nothing is the matter')
  else {
    const rows = all.map(({ about, severity, code, message }) => [severity, code, about, message])
    io.out(table(['SEVERITY', 'CODE', 'RESOURCE', 'MESSAGE'], rows))
  }
  return all.some(({ severity }) => severity === 'error') ? exitCodes.findings : exitCodes.ok
}
