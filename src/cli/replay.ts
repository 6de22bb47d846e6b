import { hostname } from 'node:os'
import type { AddCommand, Cli } from './cli.ts'
import { directorySource } from './directorySource.ts'
import { exitCodes } from './exitCodes.ts'
import { addNatsOptions, type NatsOptions, natsProfileOf } from './natsOptions.ts'
import { withNatsSource } from './natsSource.ts'
import { outputOption } from './options.ts'
import { progressBar } from './progressBar.ts'
import { type Replayed, replayLog } from './replayLog.ts'

type Options = { readonly log: string; readonly output: string } & NatsOptions

/** `rutter replay`: verifies a log from its first entry and folds it; 2 when anything of it is damaged. */
export const addReplay: AddCommand = (program, cli) => {
  const command = program.command('replay')
  command
    .description(
      'verifies a log (checksums, hash chain, checkpoints) and folds it; may run beside a live server',
    )
    .requiredOption('--log <dir|nats>', 'the directory of the log, or the one in NATS')
    .addOption(outputOption('text', 'json'))
    .addHelpText('after', '\nExample:\n  rutter replay --log ./rutter-log -o json')
    .action(cli.action((options: Options) => replay(options, cli)))
  addNatsOptions(command, cli.io)
}

const replay = async (options: Options, { io }: Cli): Promise<number> => {
  const bar = progressBar(io, 'replaying')
  try {
    const replayed = await replayChosen(options, bar.show)
    bar.clear()
    const { position, hash, entries, seconds } = replayed
    if (options.output === 'json') io.out(`${JSON.stringify(replayed)}\n`)
    else io.out(`position ${position}, hash ${hash}, ${entries} entries in ${seconds} s\n`)
    return exitCodes.ok
  } catch (error) {
    bar.clear()
    io.err(`error: ${(error as Error).message}`)
    return exitCodes.runtimeError
  }
}

const replayChosen = (
  options: Options,
  onProgress: (done: number, total: number) => void,
): Promise<Replayed> => {
  const { log, mesh } = options
  if (log !== 'nats') return replayLog(directorySource(log), onProgress)
  const profile = natsProfileOf(options, { type: 'controller' }, `rutter-replay ${hostname()}-${process.pid}`)
  return withNatsSource({ profile, mesh }, (source) => replayLog(source, onProgress))
}
