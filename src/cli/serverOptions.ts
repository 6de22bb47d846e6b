import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { exitCodes } from './exitCodes.ts'
import type { Io } from './io.ts'
import type { Server } from './server.ts'

type Given = { readonly server?: string; readonly tokenFile?: string; readonly ca?: string }

/** Gives `command` the options that say which controller is asked, and as whom: `--server` (or RUTTER_SERVER),
 *  `--token-file` (or the token itself in RUTTER_TOKEN, never on the command line) and `--ca`. Its action finds them
 *  together as a `Server` in `server`; where the command can do without (`onlyIfNamed`), only if one is named. */
export const addServerOptions = (
  command: Command,
  io: Io,
  { onlyIfNamed = false }: { readonly onlyIfNamed?: boolean } = {},
): Command => {
  const server = new Option('--server <url>', 'the controller').env('RUTTER_SERVER')
  return command
    .addOption(onlyIfNamed ? server : server.default('http://127.0.0.1:8080'))
    .addOption(
      new Option('--token-file <file>', 'shows the controller the token in it, or RUTTER_TOKEN').env(
        'RUTTER_TOKEN_FILE',
      ),
    )
    .addOption(
      new Option('--ca <file>', 'trusts controllers with a certificate of this authority').env('RUTTER_CA'),
    )
    .hook('preAction', (_, asked) => {
      const { server: url, tokenFile, ca }: Given = asked.opts()
      if (url === undefined) return
      const token = tokenFile === undefined ? io.env['RUTTER_TOKEN'] : read(asked, tokenFile).trim()
      const made: Server = {
        url,
        ...(token ? { token } : {}),
        ...(ca === undefined ? {} : { ca: read(asked, ca) }),
      }
      asked.setOptionValue('server', made)
    })
}

const read = (command: Command, file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return command.error(`error: ${file} cannot be read: ${(error as Error).message}`, {
      exitCode: exitCodes.usage,
    })
  }
}
