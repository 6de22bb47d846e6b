import { isLeft } from 'fp-ts/lib/Either.js'
import type { AddCommand } from './cli.ts'
import { outputOption, parseWhole, timeoutOption } from './options.ts'
import type { Server } from './server.ts'
import { addServerOptions } from './serverOptions.ts'
import { reportUnanswered } from './unanswered.ts'
import { askWait, waitedExitCode, waitedText } from './waited.ts'

type Options = { readonly timeout: number; readonly output: string; readonly server: Server }

/** `rutter wait`. */
export const addWait: AddCommand = (program, { io, action }) => {
  addServerOptions(program.command('wait'), io)
    .description('waits until every proxy concerned has acknowledged a position; 1 on refusal or time-out')
    .argument('[position]', 'position in the log (default: its end)', parseWhole(0))
    .addOption(timeoutOption())
    .addOption(outputOption('text', 'json'))
    .action(
      action(async (position: number | undefined, { timeout, output, server }: Options) => {
        const waited = await askWait(server, position, timeout)
        if (isLeft(waited)) return reportUnanswered(io, waited.left, { output })
        io.out(`${output === 'json' ? JSON.stringify(waited.right) : waitedText(waited.right)}\n`)
        return waitedExitCode(waited.right)
      }),
    )
}
