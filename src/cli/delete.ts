import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { kindNamed } from '../codecs/kinds.ts'
import { readResources } from '../codecs/readResources.ts'
import type { ResourceName } from '../model/resource.ts'
import { nameOf } from '../model/resourceName.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { fileOption, namespaceOption, outputOption } from './options.ts'
import { printProblems } from './printFindings.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { readTextFiles } from './textFiles.ts'
import { reportUnanswered } from './unanswered.ts'
import { unknownKind } from './unknownKind.ts'

type Options = {
  readonly file?: readonly string[]
  readonly namespace?: string
  readonly server: Server
  readonly output: string
  readonly dryRun?: boolean
}

/** `rutter delete`: one resource by name, or those that files name, one after the other. */
export const addDelete: AddCommand = (program, cli) => {
  addServerOptions(program.command('delete'), cli.io)
    .description('removes resources, by name or as files name them')
    .argument('[kind]', 'such as routerule')
    .argument('[name...]')
    .addOption(fileOption())
    .addOption(namespaceOption())
    .option('--dry-run', 'says what would happen, and changes nothing')
    .addOption(outputOption('text', 'json'))
    .addHelpText(
      'after',
      '\nExamples:\n  rutter delete routerule reviews-v2\n  rutter delete -f reviews-90-10.yaml',
    )
    .action(
      cli.action((kind: string | undefined, names: readonly string[], options: Options) =>
        remove(kind, names, options, cli),
      ),
    )
}

const remove = async (
  kind: string | undefined,
  names: readonly string[],
  options: Options,
  cli: Cli,
): Promise<number> => {
  const { io } = cli
  const wanted = await namesWanted(kind, names, options, cli)
  if (isLeft(wanted)) return wanted.left
  let exitCode: number = exitCodes.ok
  for (const { kind: ofKind, namespace, name } of wanted.right) {
    const path = ['', 'api', 'v1', 'config', ofKind.toLowerCase(), namespace, name]
      .map(encodeURIComponent)
      .join('/')
    const query = options.dryRun === true ? '?dryRun=true' : ''
    const answer = await askServer(options.server, { method: 'DELETE', path: path + query })
    if (isLeft(answer)) {
      exitCode = Math.max(exitCode, reportUnanswered(io, answer.left, options))
      if (answer.left._tag === 'Unreachable') break
      continue
    }
    if (options.output === 'json') {
      io.out(`${JSON.stringify(answer.right)}\n`)
      continue
    }
    const { position } = answer.right as { position: number }
    const done = options.dryRun === true ? 'would be deleted' : `deleted at ${position}`
    io.out(`${ofKind.toLowerCase()}/${namespace}/${name} ${done}\n`)
  }
  return exitCode
}

/** What is to be removed, or the exit code after the user was told why that is unknown. */
const namesWanted = async (
  kind: string | undefined,
  names: readonly string[],
  { file, namespace = 'default' }: Options,
  { io }: Cli,
): Promise<Either<number, readonly ResourceName[]>> => {
  if ((kind === undefined) === (file === undefined) || (kind !== undefined && names.length === 0)) {
    io.err('error: name either a kind and a name, or files with -f (see `rutter delete --help`)')
    return left(exitCodes.usage)
  }
  if (kind !== undefined) {
    const info = kindNamed(kind)
    if (info !== undefined) return right(names.map((name) => ({ kind: info.kind, namespace, name })))
    io.err(unknownKind(kind))
    return left(exitCodes.usage)
  }
  const files = await readTextFiles(file ?? [], io)
  if (isLeft(files)) {
    io.err(`error: ${files.left}`)
    return left(exitCodes.badInput)
  }
  const read = readResources(files.right)
  if (isLeft(read)) {
    printProblems(io, read.left.problems, files.right)
    return left(exitCodes.badInput)
  }
  return right(read.right.map(({ resource }) => nameOf(resource)))
}
