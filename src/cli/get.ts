import { isLeft } from 'fp-ts/lib/Either.js'
import { stringify } from 'yaml'
import { kindNamed, kinds } from '../codecs/kinds.ts'
import { suggestion } from '../codecs/nearest.ts'
import { resourceToYaml } from '../codecs/resourceToYaml.ts'
import type { Resource } from '../model/resource.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { atOption, namespaceOption, outputOption, serverOption } from './options.ts'
import { askServer } from './server.ts'
import { table } from './table.ts'
import { reportUnanswered } from './unanswered.ts'

type Options = {
  readonly namespace?: string
  readonly output: string
  readonly server: string
  readonly at?: string
}

/** `rutter get`: resources of a kind as the controller holds them, or one. */
export const addGet: AddCommand = (program, cli) => {
  program
    .command('get')
    .description('shows resources: all of a kind, or one')
    .argument('<kind>', 'such as routerules, or all')
    .argument('[name]')
    .addOption(namespaceOption())
    .addOption(atOption())
    .addOption(outputOption('table', 'wide', 'json', 'yaml'))
    .addOption(serverOption())
    .addHelpText(
      'after',
      '\nExamples:\n  rutter get services\n  rutter get routerule reviews-v2 -o yaml --at 17',
    )
    .action(
      cli.action((kind: string, name: string | undefined, options: Options) => get(kind, name, options, cli)),
    )
}

const get = async (
  kindText: string,
  name: string | undefined,
  options: Options,
  { io }: Cli,
): Promise<number> => {
  const kind = kindText === 'all' ? undefined : kindNamed(kindText)
  if (kind === undefined && (kindText !== 'all' || name !== undefined)) {
    const known = kinds.map(({ plural }) => plural)
    io.err(`error: ${JSON.stringify(kindText)} is not a kind of resource.${suggestion(kindText, known)}`)
    return exitCodes.usage
  }
  // A name alone means the namespace `default`; a list without one means all of them.
  const namespace = options.namespace ?? (name === undefined ? undefined : 'default')
  const steps = [kind?.kind.toLowerCase(), kind === undefined ? undefined : namespace, name]
  const path = ['/api/v1/config', ...steps.filter((step) => step !== undefined).map(encodeURIComponent)].join(
    '/',
  )
  const query = options.at === undefined ? '' : `?at=${encodeURIComponent(options.at)}`
  const answer = await askServer(options.server, { path: path + query })
  if (isLeft(answer)) return reportUnanswered(io, answer.left)
  const items =
    name === undefined ? (answer.right as { items: readonly Resource[] }).items : [answer.right as Resource]
  const shown = items.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
  io.out(form(options.output, answer.right, shown))
  return exitCodes.ok
}

const form = (output: string, answer: unknown, items: readonly Resource[]): string => {
  if (output === 'json') return `${JSON.stringify(answer)}\n`
  if (output === 'yaml') return items.map(resourceToYaml).join('---\n')
  const head = ['KIND', 'NAMESPACE', 'NAME']
  const rows = items.map(({ kind, metadata: { namespace, name } }) => [kind, namespace, name])
  if (output === 'table') return table(head, rows)
  return table(
    [...head, 'SPEC'],
    rows.map((row, i) => [...row, oneLine(items[i]?.spec)]),
  )
}

const oneLine = (spec: unknown): string =>
  stringify(spec, { collectionStyle: 'flow', lineWidth: 0 }).trim().replace(/\s+/g, ' ').slice(0, 160)
