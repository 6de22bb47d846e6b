import { Argument } from 'commander'
import { type Either, isRight } from 'fp-ts/lib/Either.js'
import type { FoundProgram, MissingProgram } from '../adapters/outsidePrograms/outsideProgram.ts'
import { outsidePrograms } from '../adapters/outsidePrograms.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { outputOption } from './options.ts'

type Options = { readonly fix?: boolean; readonly output: string }
type Checked = { readonly name: string; readonly found: Either<MissingProgram, FoundProgram> }

/** `rutter check`: one line for each outside program; 0 when all are there, 1 when one is missing. */
export const addCheck: AddCommand = (program, cli) => {
  program
    .command('check')
    .description('looks for the programs of others that Rutter works with, and gets them with --fix')
    .addArgument(
      new Argument('[program...]', 'only these').choices(outsidePrograms.map(({ name }) => name)).default([]),
    )
    .option('--fix', 'gets what is missing into the cache')
    .addOption(outputOption('table', 'json'))
    .action(cli.action((names: readonly string[], options: Options) => check(names, options, cli)))
}

const check = async (names: readonly string[], { fix, output }: Options, { io }: Cli): Promise<number> => {
  const wanted = outsidePrograms.filter(({ name }) => names.length === 0 || names.includes(name))
  const checked: Checked[] = []
  for (const { name, find, fetch } of wanted) {
    const found = await find(io.env)
    checked.push({ name, found: fix && !isRight(found) ? await fetch(io.env, io.err) : found })
  }
  io.out(
    output === 'json' ? `${JSON.stringify({ programs: checked.map(shown) })}\n` : checked.map(line).join(''),
  )
  return checked.every(({ found }) => isRight(found)) ? exitCodes.ok : exitCodes.findings
}

const line = ({ name, found }: Checked): string =>
  isRight(found)
    ? `${name}  ${found.right.version}  ${found.right.path} (${found.right.from})\n`
    : `${name}  missing: ${found.left.problem}; to get it, ${found.left.advice}\n`

const shown = ({ name, found }: Checked) => {
  if (isRight(found)) return { name, found: true, ...found.right }
  const { problem, advice } = found.left
  return { name, found: false, problem, advice }
}
