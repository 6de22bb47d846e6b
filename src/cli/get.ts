import { isLeft } from 'fp-ts/lib/Either.js'
import { stringify } from 'yaml'
import { kindNamed } from '../codecs/kinds.ts'
import { resourceToYaml } from '../codecs/resourceToYaml.ts'
import type { Resource } from '../model/resource.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { atOption, namespaceOption, outputOption } from './options.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { table } from './table.ts'
import { reportUnanswered } from './unanswered.ts'
import { unknownKind } from './unknownKind.ts'

type Options = {
  readonly namespace?: string
  readonly output: string
  readonly server: Server
  readonly at?: string
}

/** `rutter get`: resources of a kind as the controller holds them, or one. */
export const addGet: AddCommand = (program, cli) => {
  addServerOptions(program.command('get'), cli.io)
    .description('shows resources: all of a kind, or one')
    .argument('<kind>', 'such as routerules, or all')
    .argument('[name]')
    .addOption(namespaceOption())
    .addOption(atOption())
    .addOption(outputOption('table', 'wide', 'json', 'yaml'))
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
    io.err(unknownKind(kindText))
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
  if (isLeft(answer)) return reportUnanswered(io, answer.left, options)
  const shown =
    name === undefined ? inNamespace(answer.right as Listed, namespace) : (answer.right as Resource)
  io.out(form(options.output, shown))
  return exitCodes.ok
}

type Listed = { readonly position: number; readonly items: readonly Resource[] }

/** HTTP lists by kind and namespace, not by namespace alone. */
const inNamespace = (listed: Listed, namespace: string | undefined): Listed => ({
  ...listed,
  items: listed.items.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
})

const form = (output: string, shown: Listed | Resource): string => {
  if (output === 'json') return `${JSON.stringify(shown)}\n`
  const items = 'items' in shown ? shown.items : [shown]
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
