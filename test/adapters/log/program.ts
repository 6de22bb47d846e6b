import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary.ts'

/** A test program of this directory, bundled: the path of the module. */
export const bundled = async (name: string): Promise<string> => {
  const outfile = join(temporaryDirectory(), `${name}.mjs`)
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
  })
  return outfile
}

export type Program = {
  readonly pid: number
  /** What it writes, line by line. */
  readonly lines: AsyncIterableIterator<string>
  /** Kills it as the kernel does when memory is short; resolves when it is gone. */
  kill(): Promise<void>
}

/** Runs `command`; it is killed at the latest when the test is over. */
export const run = (command: string, ...args: readonly string[]): Program => {
  const child: ChildProcessByStdio<null, Readable, null> = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)
  return {
    pid: child.pid ?? 0,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    kill,
  }
}
