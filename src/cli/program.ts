import { Command } from 'commander'
import { addAgent } from './agent.ts'
import { addApply } from './apply.ts'
import { addBootstrap } from './bootstrap.ts'
import { addCheck } from './check.ts'
import type { AddCommand, Cli } from './cli.ts'
import { addDelete } from './delete.ts'
import { addDemo } from './demo.ts'
import { addDescribe } from './describe.ts'
import { addDiagnostics } from './diagnostics.ts'
import { addEvents } from './events.ts'
import { addExplain } from './explain.ts'
import { addGet } from './get.ts'
import { addLint } from './lint.ts'
import { addNatsConfig } from './natsConfig.ts'
import { addProxies } from './proxies.ts'
import { addProxy } from './proxy.ts'
import { addReplay } from './replay.ts'
import { addServe } from './serve.ts'
import { addToken } from './token.ts'
import { addVersion } from './version.ts'
import { addWait } from './wait.ts'

const commands: readonly AddCommand[] = [
  addDemo,
  addServe,
  addAgent,
  addApply,
  addDelete,
  addGet,
  addDescribe,
  addLint,
  addDiagnostics,
  addProxies,
  addProxy,
  addExplain,
  addWait,
  addEvents,
  addReplay,
  addBootstrap,
  addNatsConfig,
  addToken,
  addCheck,
  addVersion,
]

/** The whole command line. Usage errors come out as CommanderError after they were told on stderr. */
export const makeProgram = (cli: Cli): Command => {
  const program = new Command('rutter')
    .description('An event-sourced control plane for Envoy proxies')
    .usage('COMMAND [OPTIONS]')
    .configureOutput({
      writeOut: cli.io.out,
      writeErr: (text) => cli.io.err(text.trimEnd()),
      getOutHelpWidth: () => Math.min(cli.io.columns, 110),
      getErrHelpWidth: () => Math.min(cli.io.columns, 110),
      getOutHasColors: () => cli.io.outColours,
      getErrHasColors: () => cli.io.errColours,
    })
    .exitOverride()
    .showSuggestionAfterError()
    .helpCommand('help [COMMAND]', 'shows the help of a command')
    .addHelpText('after', examples)
  for (const add of commands) add(program, cli)
  for (const command of program.commands) {
    command.copyInheritedSettings(program).showHelpAfterError(`(see \`rutter ${command.name()} --help\`)`)
  }
  return program
}

const examples = `
Examples:
  rutter demo                         a small mesh with real Envoys on this machine
  rutter serve --config ./mesh        a controller that follows a directory
  rutter apply -f reviews-90-10.yaml  shifts traffic
  rutter proxies                      what the fleet has acknowledged

Exit codes: 0 ok; 1 differences or findings; 2 runtime error; 64 usage; 65 bad input; 69 server unreachable.`
