import type { Command } from 'commander'
import type { Io } from './io.ts'

/** What every command file is given. */
export type Cli = {
  readonly io: Io
  /** Makes a command's work its action: the exit code it resolves to becomes the program's. */
  readonly action: <Args extends unknown[]>(
    work: (...args: Args) => Promise<number>,
  ) => (...args: Args) => Promise<void>
}

/** A command file: adds itself to the program. */
export type AddCommand = (program: Command, cli: Cli) => void
