import { Command } from 'commander'
import type { AddCommand, Cli } from './cli.ts'

/** Each command loads what it needs when it is asked for: an agent is to stay small, a question to be quick. */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map(
  Object.entries({
    demo: async () => (await import('./demo.ts')).addDemo,
    serve: async () => (await import('./serve.ts')).addServe,
    agent: async () => (await import('./agent.ts')).addAgent,
    apply: async () => (await import('./apply.ts')).addApply,
    delete: async () => (await import('./delete.ts')).addDelete,
    get: async () => (await import('./get.ts')).addGet,
    describe: async () => (await import('./describe.ts')).addDescribe,
    lint: async () => (await import('./lint.ts')).addLint,
    diagnostics: async () => (await import('./diagnostics.ts')).addDiagnostics,
    proxies: async () => (await import('./proxies.ts')).addProxies,
    proxy: async () => (await import('./proxy.ts')).addProxy,
    explain: async () => (await import('./explain.ts')).addExplain,
    wait: async () => (await import('./wait.ts')).addWait,
    events: async () => (await import('./events.ts')).addEvents,
    convert: async () => (await import('./convert.ts')).addConvert,
    replay: async () => (await import('./replay.ts')).addReplay,
    bootstrap: async () => (await import('./bootstrap.ts')).addBootstrap,
    'nats-config': async () => (await import('./natsConfig.ts')).addNatsConfig,
    token: async () => (await import('./token.ts')).addToken,
    check: async () => (await import('./check.ts')).addCheck,
    version: async () => (await import('./version.ts')).addVersion,
  }),
)

/** The command line for `args` (without node and script): the command that they begin with, else all of them. Usage errors
 *  come out as CommanderError after they were told on stderr. */
export const makeProgram = async (cli: Cli, args: readonly string[]): Promise<Command> => {
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
  const asked = commands.get(args[0] ?? '')
  for (const load of asked === undefined ? commands.values() : [asked]) (await load())(program, cli)
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
