import type { Io } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run.ts'

export type Ran = { readonly code: number; readonly out: string; readonly err: string }

export type RunOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly terminal?: boolean
}

/** Runs a command line in this process, with stdout and stderr kept apart. */
export const runCli = async (args: readonly string[], options: RunOptions = {}): Promise<Ran> => {
  const written = { out: '', err: '' }
  const { env = {}, stdin = '', terminal = false } = options
  const io: Io = {
    out: (text) => {
      written.out += text
    },
    err: (line) => {
      written.err += `${line}\n`
    },
    errRaw: (text) => {
      written.err += text
    },
    env,
    stdin: async () => Buffer.from(stdin),
    outIsTerminal: terminal,
    errIsTerminal: terminal,
    columns: 100,
    outColours: false,
    errColours: false,
  }
  return { code: await run(args, io), ...written }
}
