import { CommanderError } from 'commander'
import { exitCodes } from './exitCodes.ts'
import type { Io } from './io.ts'
import { makeProgram } from './program.ts'

/** Runs the command line `args` (without node and script); its exit code. Never rejects. */
export const run = async (args: readonly string[], io: Io): Promise<number> => {
  let exitCode: number = exitCodes.ok
  const action =
    <Args extends unknown[]>(work: (...args: Args) => Promise<number>) =>
    async (...given: Args) => {
      exitCode = await work(...given)
    }
  try {
    const program = await makeProgram({ io, action }, args)
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    io.err(`error: ${io.env['RUTTER_DEBUG'] ? (error as Error).stack : (error as Error).message}`)
    return exitCodes.runtimeError
  }
}
