import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { outputOption } from './options.ts'
import { progressBar } from './progressBar.ts'
import { replayLog } from './replayLog.ts'

type Options = { readonly log: string; readonly output: string }

/** `rutter replay`: verifies a log from its first entry and folds it; 2 when anything of it is damaged. */
export const addReplay: AddCommand = (program, cli) => {
  program
    .command('replay')
    .description(
      'verifies a log (checksums, hash chain, checkpoints) and folds it; may run beside a live server',
    )
    .requiredOption('--log <dir>', 'the directory of the log')
    .addOption(outputOption('text', 'json'))
    .addHelpText('after', '\nExample:\n  rutter replay --log ./rutter-log -o json')
    .action(cli.action((options: Options) => replay(options, cli)))
}

const replay = async ({ log, output }: Options, { io }: Cli): Promise<number> => {
  const bar = progressBar(io, 'replaying')
  try {
    const replayed = await replayLog(log, ({ bytes, totalBytes }) => bar.show(bytes, totalBytes))
    bar.clear()
    const { position, hash, entries, seconds } = replayed
    if (output === 'json') io.out(`${JSON.stringify(replayed)}\n`)
    else io.out(`position ${position}, hash ${hash}, ${entries} entries in ${seconds} s\n`)
    return exitCodes.ok
  } catch (error) {
    bar.clear()
    io.err(`error: ${(error as Error).message}`)
    return exitCodes.runtimeError
  }
}
