import type { AddCommand } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { outputOption } from './options.ts'

/** Put in by scripts/build.mjs. */
declare const RUTTER_BUILD: { readonly version: string; readonly commit: string } | undefined

/** The version of this program and the commit it was built from; `unbuilt` where it runs from its sources. */
export const buildFacts =
  typeof RUTTER_BUILD === 'undefined' ? { version: 'unbuilt', commit: 'unknown' } : RUTTER_BUILD

/** `rutter version`. */
export const addVersion: AddCommand = (program, { io, action }) => {
  const { version, commit } = buildFacts
  program.version(version, '-V, --version', 'prints the version')
  program
    .command('version')
    .description('prints the versions of Rutter and of what runs it')
    .addOption(outputOption('text', 'json'))
    .action(
      action(async ({ output }: { output: string }) => {
        const facts = {
          version,
          commit,
          node: process.versions.node,
          platform: `${process.platform}-${process.arch}`,
        }
        io.out(
          output === 'json'
            ? `${JSON.stringify(facts)}\n`
            : `rutter ${version} (commit ${commit}, Node ${facts.node}, ${facts.platform})\n`,
        )
        return exitCodes.ok
      }),
    )
}
