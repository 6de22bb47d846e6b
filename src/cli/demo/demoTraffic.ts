import { setTimeout as after } from 'node:timers/promises'
import type { HostPort } from '../../agent/bootstrap.ts'
import type { AddCommand, Cli } from '../cli.ts'
import { exitCodes } from '../exitCodes.ts'
import { parseHostPort } from '../hostPort.ts'
import { stopSignals } from '../stopSignals.ts'
import { seenLine } from './seenLine.ts'
import { startTraffic } from './traffic.ts'

type Options = { readonly to: HostPort; readonly authority: string }

const showEveryMs = 1_000

/** `rutter demo traffic`: the demo's traffic by itself, and each second what came of it. */
export const addDemoTraffic: AddCommand = (program, cli) => {
  program
    .command('traffic')
    .description('sends the traffic of the demo, and shows who answers')
    .requiredOption('--to <host:port>', 'the front door: the Envoy of productpage', parseHostPort)
    .option('--authority <host>', 'what the front door is called', 'productpage:9080')
    .action(cli.action((options: Options) => traffic(options, cli)))
}

const traffic = async ({ to, authority }: Options, { io }: Cli): Promise<number> => {
  const signals = stopSignals()
  const stop = new AbortController()
  void signals.first.then(() => stop.abort())
  const { seen, stop: end } = startTraffic({ ...to, authority })
  try {
    while (!stop.signal.aborted) {
      await after(showEveryMs, undefined, { signal: stop.signal }).catch(() => undefined)
      if (!stop.signal.aborted) io.out(`${new Date().toISOString()}  ${seenLine(seen())}\n`)
    }
    return exitCodes.ok
  } finally {
    end()
    signals.release()
  }
}
