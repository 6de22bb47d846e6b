import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

// Whoever runs the built program means the sources as they are.
await promisify(execFile)(process.execPath, ['scripts/build.mjs'])

export type RutterProcess = {
  readonly child: ChildProcess
  out(): string
  err(): string
  /** Resolves once stdout or stderr matches; rejects when the process ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

/** The built program, or `command` in its place, as a process of its own. */
export const startRutter = (
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly command?: string } = {},
): RutterProcess => {
  const { env = {}, cwd, command } = options
  const [program, given] =
    command === undefined ? [process.execPath, [resolve('dist/rutter.mjs'), ...args]] : [command, args]
  const child = spawn(program, given, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  const written = { out: '', err: '' }
  const waiting = new Set<() => void>()
  const take = (stream: 'out' | 'err') => (text: string) => {
    written[stream] += text
    for (const look of waiting) look()
  }
  child.stdout.setEncoding('utf8').on('data', take('out'))
  child.stderr.setEncoding('utf8').on('data', take('err'))
  const ended = new Promise<number | string>((done) => {
    child.on('close', (code, signal) => done(code ?? signal ?? 'unknown'))
  })
  return {
    child,
    out: () => written.out,
    err: () => written.err,
    ended,
    says: (pattern) =>
      new Promise((found, reject) => {
        const look = () => {
          const match = pattern.exec(written.out) ?? pattern.exec(written.err)
          if (match === null) return
          waiting.delete(look)
          found(match)
        }
        waiting.add(look)
        ended.then((how) => reject(new Error(`ended (${how}) before it said ${pattern}: ${written.err}`)))
        look()
      }),
  }
}

/** Runs the built program to its end. */
export const runRutter = async (
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stdin = '',
): Promise<{ readonly code: number | string; readonly out: string; readonly err: string }> => {
  const { child, ended, out, err } = startRutter(args, { env })
  child.stdin?.end(stdin)
  return { code: await ended, out: out(), err: err() }
}
