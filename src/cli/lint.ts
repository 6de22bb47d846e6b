import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Problem } from '../model/diagnostic.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import { sendFiles } from './applyFiles.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { lintOffline } from './lintOffline.ts'
import { fileOption, outputOption } from './options.ts'
import { placesIn } from './places.ts'
import { type Finding, printFindings, printProblems } from './printFindings.ts'
import type { Server, Unanswered } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { shortName } from './shortName.ts'
import { readTextFiles, type TextFile } from './textFiles.ts'
import { reportUnanswered } from './unanswered.ts'

type Options = {
  readonly file: readonly string[]
  readonly server?: Server
  readonly strict?: boolean
  readonly output: string
}

/** `rutter lint`: 65 for invalid input, 1 for diagnostics of severity error (with --strict for warnings too). */
export const addLint: AddCommand = (program, cli) => {
  addServerOptions(program.command('lint'), cli.io, { onlyIfNamed: true })
    .description('checks configuration, by itself or (with --server or RUTTER_SERVER) against a controller')
    .addOption(fileOption().makeOptionMandatory())
    .option('--strict', 'counts warnings as errors')
    .addOption(outputOption('text', 'json'))
    .addHelpText('after', '\nExamples:\n  rutter lint -f mesh/\n  rutter lint -f rule.yaml --strict -o json')
    .action(cli.action((options: Options) => lint(options, cli)))
}

const lint = async (options: Options, { io }: Cli): Promise<number> => {
  const files = await readTextFiles(options.file, io)
  if (isLeft(files)) {
    io.err(`error: ${files.left}`)
    return exitCodes.badInput
  }
  const { server } = options
  const checked = server ? await lintByServer(server, files.right) : lintOffline(files.right)
  if (isLeft(checked)) {
    if ('_tag' in checked.left) return reportUnanswered(io, checked.left, { files: files.right })
    if (options.output === 'json') io.out(`${JSON.stringify({ problems: checked.left, diagnostics: [] })}\n`)
    printProblems(io, checked.left, files.right)
    return exitCodes.badInput
  }
  const findings = placed(checked.right, files.right)
  if (options.output === 'json') io.out(`${JSON.stringify({ problems: [], diagnostics: findings })}\n`)
  else printFindings(io, findings)
  const grave = findings.some(
    ({ severity }) => severity === 'error' || (options.strict && severity === 'warning'),
  )
  return grave ? exitCodes.findings : exitCodes.ok
}

type Found = readonly (Finding & { readonly key: string })[]

const lintByServer = async (
  server: Server,
  files: readonly TextFile[],
): Promise<Either<Unanswered | readonly Problem[], Found>> => {
  const sent = await sendFiles(server, files, true)
  if (isLeft(sent)) {
    const refused = sent.left._tag === 'Refused' && sent.left.problems.length > 0
    return left(refused ? sent.left.problems : sent.left)
  }
  return right(
    sent.right.items.flatMap(({ resource, diagnostics }) =>
      diagnostics.map((one) => ({ ...one, resource: shortName(resource), key: keyOf(nameOf(resource)) })),
    ),
  )
}

const placed = (found: Found, files: readonly TextFile[]): readonly Finding[] => {
  if (found.length === 0) return []
  const placeOf = placesIn(files)
  return found.map(({ key, ...finding }) => ({ ...finding, ...placeOf(key, finding.path ?? '') }))
}
