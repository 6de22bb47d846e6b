import { Option } from 'commander'
import { isLeft } from 'fp-ts/lib/Either.js'
import { readResources } from '../codecs/readResources.ts'
import { resourceToYaml } from '../codecs/resourceToYaml.ts'
import { convert, type Dialect, dialects } from '../convert/convert.ts'
import { keyOf } from '../model/resourceName.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { fileOption } from './options.ts'
import { placesIn } from './places.ts'
import { printProblems } from './printFindings.ts'
import { readTextFiles } from './textFiles.ts'

type Options = {
  readonly file: readonly string[]
  readonly to: Dialect
  readonly domain: string
  readonly ingressNamespace?: string
}

/** `rutter convert`: documents on stdout, what is lost on stderr; 0 when nothing is, 1 otherwise, 65 for invalid
 *  input. */
export const addConvert: AddCommand = (program, cli) => {
  program
    .command('convert')
    .description('writes rules of 2017 as those of Istio, or the other way around, and tells what is lost')
    .addOption(new Option('--to <dialect>', 'the dialect to write').choices(dialects).makeOptionMandatory())
    .addOption(fileOption().makeOptionMandatory())
    .option('--domain <domain>', 'domain of the mesh', 'cluster.local')
    .option('--ingress-namespace <name>', 'namespace of the ingress proxies, whose secrets Gateways name')
    .addHelpText('after', '\nExamples:\n  rutter convert --to istio -f rules.yaml > virtual-services.yaml')
    .action(cli.action((options: Options) => run(options, cli)))
}

const run = async ({ file, to, domain, ingressNamespace }: Options, { io }: Cli): Promise<number> => {
  const files = await readTextFiles(file, io)
  if (isLeft(files)) {
    io.err(`error: ${files.left}`)
    return exitCodes.badInput
  }
  const read = readResources(files.right)
  if (isLeft(read)) {
    printProblems(io, read.left.problems, files.right)
    return exitCodes.badInput
  }
  const { resources, losses } = convert(
    read.right.map(({ resource }) => resource),
    to,
    domain,
    ingressNamespace,
  )
  io.out(resources.map(resourceToYaml).join('---\n'))
  const placeOf = placesIn(files.right)
  for (const { resource, path, message } of losses) {
    const place = placeOf(keyOf(resource), path)
    const at = place === undefined ? keyOf(resource) : `${place.file}:${place.line}:${place.column}`
    io.err(`${at} lost ${path === '' ? keyOf(resource) : path}: ${message}`)
  }
  return losses.length === 0 ? exitCodes.ok : exitCodes.findings
}
