import type { AddCommand, Cli } from '../cli.ts'
import { exitCodes } from '../exitCodes.ts'
import { parseHostPort } from '../hostPort.ts'
import { stopSignals } from '../stopSignals.ts'
import { type AppOptions, startApp } from './startApp.ts'

/** `rutter demo app`: one application of the demo by itself, for a machine or a container of its own. */
export const addDemoApp: AddCommand = (program, cli) => {
  program
    .command('app')
    .description('runs one application of the demo')
    .requiredOption('--service <name>', 'what it is, such as reviews')
    .requiredOption('--app-version <name>', 'and in which version')
    .requiredOption('--listen <host:port>', 'where it listens', parseHostPort)
    .requiredOption('--proxy <host:port>', 'the HTTP proxy of the Envoy beside it', parseHostPort)
    .option('--asks <authority,…>', 'what it asks before it answers, such as ratings:9080', parseAsks)
    .action(
      cli.action(({ appVersion: version, asks = [], ...options }: Given) =>
        app({ ...options, version, asks }, cli),
      ),
    )
}

type Given = Omit<AppOptions, 'version' | 'asks'> & {
  readonly appVersion: string
  readonly asks?: readonly string[]
}

const parseAsks = (text: string): readonly string[] => text.split(',').map((one) => one.trim())

const app = async (options: AppOptions, { io }: Cli): Promise<number> => {
  const signals = stopSignals()
  try {
    const started = await startApp(options)
    io.err(`${options.service} ${options.version} serves`)
    await signals.first
    await started.close()
    return exitCodes.ok
  } finally {
    signals.release()
  }
}
