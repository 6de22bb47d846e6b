import { isLeft } from 'fp-ts/lib/Either.js'
import { keyOf, nameOf } from '../model/resourceName.ts'
import type { Written } from '../model/write.ts'
import { sendFiles } from './applyFiles.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { fileOption, outputOption, timeoutOption } from './options.ts'
import { placesIn } from './places.ts'
import { type Finding, printFindings } from './printFindings.ts'
import { reportUnread } from './reportUnread.ts'
import type { Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { shortName } from './shortName.ts'
import { readTextFiles, type TextFile } from './textFiles.ts'
import { reportUnanswered } from './unanswered.ts'
import { askWait, waitedExitCode, waitedText } from './waited.ts'

type Options = {
  readonly file: readonly string[]
  readonly server: Server
  readonly output: string
  readonly dryRun?: boolean
  readonly wait?: boolean
  readonly timeout: number
}

/** `rutter apply`: all documents of all files, or none. */
export const addApply: AddCommand = (program, cli) => {
  addServerOptions(program.command('apply'), cli.io)
    .description('applies configuration, all of it or none')
    .addOption(fileOption().makeOptionMandatory())
    .option('--dry-run', 'says what would happen, and changes nothing')
    .option('--wait', 'waits until every proxy concerned has acknowledged it')
    .addOption(timeoutOption())
    .addOption(outputOption('text', 'json'))
    .addHelpText(
      'after',
      '\nExamples:\n  rutter apply -f mesh/\n  rutter apply -f reviews-90-10.yaml --wait\n  cat rule.yaml | rutter apply -f -',
    )
    .action(cli.action((options: Options) => apply(options, cli)))
}

const apply = async (options: Options, { io }: Cli): Promise<number> => {
  const files = await readTextFiles(options.file, io)
  if (isLeft(files)) return reportUnread(io, files.left, options.output)
  const sent = await sendFiles(options.server, files.right, options.dryRun === true)
  if (isLeft(sent)) return reportUnanswered(io, sent.left, { output: options.output, files: files.right })
  const written = sent.right
  if (options.output !== 'json')
    io.out(written.items.map((item) => line(item, options.dryRun === true)).join(''))
  printFindings(io, findingsIn(written, files.right))
  if (options.wait !== true || options.dryRun === true) {
    if (options.output === 'json') io.out(`${JSON.stringify(written)}\n`)
    return exitCodes.ok
  }
  const waited = await askWait(options.server, written.position, options.timeout)
  if (isLeft(waited)) return reportUnanswered(io, waited.left, { output: options.output })
  if (options.output === 'json') io.out(`${JSON.stringify({ ...written, wait: waited.right })}\n`)
  io.err(waitedText(waited.right))
  return waitedExitCode(waited.right)
}

const line = ({ outcome, position, resource }: Written['items'][number], dryRun: boolean): string => {
  if (outcome === 'unchanged') return `${shortName(resource)} unchanged at ${position}\n`
  return dryRun
    ? `${shortName(resource)} would be applied\n`
    : `${shortName(resource)} applied at ${position}\n`
}

const findingsIn = ({ items }: Written, files: readonly TextFile[]): readonly Finding[] => {
  if (items.every(({ diagnostics }) => diagnostics.length === 0)) return []
  const placeOf = placesIn(files)
  return items.flatMap(({ resource, diagnostics }) =>
    diagnostics.map((diagnostic) => ({
      ...diagnostic,
      resource: shortName(resource),
      ...placeOf(keyOf(nameOf(resource)), diagnostic.path ?? ''),
    })),
  )
}
