import { type Command, Option } from 'commander'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { certificateFiles } from '../adapters/secrets/certificateFiles.ts'
import { secretFiles } from '../adapters/secrets/secretFiles.ts'
import type { Problem } from '../model/diagnostic.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import type { SecretCheck } from '../model/secret.ts'
import { sendFiles } from './applyFiles.ts'
import type { AddCommand, Cli } from './cli.ts'
import { diagnosticPages } from './diagnosticPages.ts'
import { exitCodes } from './exitCodes.ts'
import { explainCode } from './explainCode.ts'
import { lintOffline } from './lintOffline.ts'
import { fileOption, outputOption } from './options.ts'
import { placesIn } from './places.ts'
import { type Finding, printFindings, printProblems } from './printFindings.ts'
import { reportUnread } from './reportUnread.ts'
import { sarif } from './sarif.ts'
import type { Server, Unanswered } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { shortName } from './shortName.ts'
import { readTextFiles, type TextFile } from './textFiles.ts'
import { reportUnanswered } from './unanswered.ts'

type Options = {
  readonly file?: readonly string[]
  readonly explain?: string
  readonly secrets?: string
  readonly server?: Server
  readonly strict?: boolean
  readonly output: string
}

/** `rutter lint`: 65 for invalid input, 1 for diagnostics of severity error (with --strict for warnings too); with
 *  `--explain` the page of a code, 64 where there is none. */
export const addLint: AddCommand = (program, cli) => {
  addServerOptions(program.command('lint'), cli.io, { onlyIfNamed: true })
    .description('checks configuration, by itself or (with --server or RUTTER_SERVER) against a controller')
    .addOption(fileOption())
    .option('--strict', 'counts warnings as errors')
    .addOption(new Option('--secrets <dir>', 'where certificates are, as for serve').env('RUTTER_SECRETS'))
    .addOption(outputOption('text', 'json', 'sarif'))
    .addOption(
      new Option('--explain <code>', 'prints what a code means, an example and its cure').conflicts('file'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  rutter lint -f mesh/\n  rutter lint -f rule.yaml --strict -o sarif\n  rutter lint --explain RUT2005',
    )
    .action(cli.action((options: Options, command: Command) => lint(options, command, cli)))
}

const lint = async (options: Options, command: Command, { io }: Cli): Promise<number> => {
  if (options.explain !== undefined) return explainCode(options.explain, io)
  if (options.file === undefined) return command.error('error: say with -f what is to be checked')
  const files = await readTextFiles(options.file, io)
  if (isLeft(files)) return reportUnread(io, files.left, options.output)
  const { server } = options
  const checked = server
    ? await lintByServer(server, files.right)
    : lintOffline(files.right, await secretsIn(options.secrets), certificateFiles(Date.now))
  if (isLeft(checked)) {
    if ('_tag' in checked.left) return reportUnanswered(io, checked.left, { files: files.right })
    if (options.output !== 'text') io.out(machineReadable(options.output, checked.left, []))
    printProblems(io, checked.left, files.right)
    return exitCodes.badInput
  }
  const findings = placed(checked.right, files.right)
  if (options.output !== 'text') io.out(machineReadable(options.output, [], findings))
  else printFindings(io, findings)
  const grave = findings.some(
    ({ severity }) => severity === 'error' || (options.strict && severity === 'warning'),
  )
  return grave ? exitCodes.findings : exitCodes.ok
}

const machineReadable = (
  form: string,
  problems: readonly Problem[],
  diagnostics: readonly Finding[],
): string =>
  form === 'sarif'
    ? `${JSON.stringify(sarif(problems, diagnostics, diagnosticPages()), null, 2)}\n`
    : `${JSON.stringify({ problems, diagnostics })}\n`

/** What is the matter with the secrets in the files of `directory` as they are now. */
const secretsIn = async (directory: string | undefined): Promise<SecretCheck> => {
  if (directory === undefined) return () => ({ kind: 'unseen', message: 'lint looks with --secrets' })
  const secrets = await secretFiles(directory, { changed: () => {}, nowMs: Date.now })
  await secrets.close()
  return secrets.problem
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
