import { isLeft } from 'fp-ts/lib/Either.js'
import { kindNamed } from '../codecs/kinds.ts'
import { resourceToYaml } from '../codecs/resourceToYaml.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { Resource, ResourceName } from '../model/resource.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { namespaceOption } from './options.ts'
import { askServer, type Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { reportUnanswered } from './unanswered.ts'
import { unknownKind } from './unknownKind.ts'

type Options = { readonly namespace?: string; readonly server: Server }

/** `rutter describe`: a resource, and what is the matter with it. */
export const addDescribe: AddCommand = (program, cli) => {
  addServerOptions(program.command('describe'), cli.io)
    .description('shows a resource and what is the matter with it')
    .argument('<kind>')
    .argument('<name>')
    .addOption(namespaceOption())
    .action(cli.action((kind: string, name: string, options: Options) => describe(kind, name, options, cli)))
}

const describe = async (kind: string, name: string, options: Options, { io }: Cli): Promise<number> => {
  const { server, namespace = 'default' } = options
  const info = kindNamed(kind)
  if (info === undefined) {
    io.err(unknownKind(kind))
    return exitCodes.usage
  }
  const steps = [info.kind.toLowerCase(), namespace, name].map(encodeURIComponent)
  const resource = await askServer(server, { path: `/api/v1/config/${steps.join('/')}` })
  if (isLeft(resource)) return reportUnanswered(io, resource.left)
  const all = await askServer(server, { path: '/api/v1/diagnostics' })
  if (isLeft(all)) return reportUnanswered(io, all.left)
  io.out(resourceToYaml(resource.right as Resource))
  type Item = ResourceName & { readonly diagnostics: readonly Diagnostic[] }
  const found = (all.right as { items: readonly Item[] }).items.find(
    (item) => item.kind === info.kind && item.namespace === namespace && item.name === name,
  )
  io.out('---\n')
  for (const { severity, code, message, path } of found?.diagnostics ?? []) {
    io.out(`# ${severity} ${code} ${path === undefined ? '' : `${path}: `}${message}\n`)
  }
  if (found === undefined) io.out('# no diagnostics\n')
  return exitCodes.ok
}
