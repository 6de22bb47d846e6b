import { createHash, randomBytes } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { InvalidArgumentError, Option } from 'commander'
import { isLeft } from 'fp-ts/lib/Either.js'
import { badTokenName, readTokenFile, type TokenRole, tokenLine } from '../codecs/tokenFile.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'

type Options = { readonly role: TokenRole; readonly httpTokens: string }

/** `rutter token`. */
export const addToken: AddCommand = (program, cli) => {
  program
    .command('token')
    .description('makes a token for the HTTP API: prints it, and adds its hash to the file that knows it')
    .argument('<name>', 'who will show it; the actor of what is written with it', parseName)
    .addOption(new Option('--role <role>', 'what it may do').choices(['read', 'write']).default('read'))
    .addOption(
      new Option('--http-tokens <file>', 'the file that `rutter serve --http-tokens` reads')
        .env('RUTTER_HTTP_TOKENS')
        .makeOptionMandatory(),
    )
    .addHelpText(
      'after',
      '\nThe token is printed once and stands nowhere else. To revoke it, remove its line.' +
        '\n\nExample:\n  rutter token ci --role write --http-tokens tokens > ci.token\n  rutter apply -f mesh/ --token-file ci.token',
    )
    .action(cli.action((name: string, options: Options) => makeToken(name, options, cli)))
}

const parseName = (name: string): string => {
  const bad = badTokenName(name)
  if (bad !== undefined) throw new InvalidArgumentError(`${bad[0]?.toUpperCase()}${bad.slice(1)}.`)
  return name
}

const tokenBits = 256

const makeToken = async (name: string, { role, httpTokens: file }: Options, { io }: Cli): Promise<number> => {
  const before = await textOf(file)
  const known = readTokenFile(before)
  if (isLeft(known)) {
    io.err(`error: ${file}, ${known.left}`)
    return exitCodes.badInput
  }
  // Known by its beginning to whoever looks for secrets that have gone astray.
  const token = `rutter_${randomBytes(tokenBits / 8).toString('base64url')}`
  const line = tokenLine({ name, role, sha256: createHash('sha256').update(token).digest('hex') })
  const joint = before === '' || before.endsWith('\n') ? '' : '\n'
  await appendFile(file, `${joint}${line}\n`, { mode: 0o600 })
  io.out(`${token}\n`)
  io.err(`${name} may ${role}, as ${file} says`)
  return exitCodes.ok
}

const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
