import { spawn } from 'node:child_process'
import type { Environment } from './outsideProgram.ts'

/** How a program ended: `code` is null where it could not be started or was killed; `output` is the end of what it
 *  wrote to stdout and stderr, at most 16 KiB. */
export type Ran = { readonly code: number | null; readonly output: string; readonly problem?: string }

export type RunOptions = {
  readonly env: Environment
  /** It is killed when it takes longer. */
  readonly limitMs: number
  /** It is killed when this aborts. */
  readonly signal?: AbortSignal | undefined
  /** Called with each line as it comes. */
  readonly onLine?: (line: string) => void
}

const keptCharacters = 16_384

/** Runs `program` to its end without a shell or stdin. Never rejects. */
export const runProgram = (program: string, args: readonly string[], options: RunOptions): Promise<Ran> =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      env: options.env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.limitMs,
      killSignal: 'SIGKILL',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    let output = ''
    let line = ''
    const take = (chunk: string) => {
      output = (output + chunk).slice(-keptCharacters)
      if (options.onLine === undefined) return
      const lines = (line + chunk).split(/\r?\n|\r/)
      line = (lines.pop() ?? '').slice(-keptCharacters)
      for (const whole of lines) if (whole.trim() !== '') options.onLine(whole.trim())
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => resolve({ code: null, output, problem: error.message }))
    child.on('close', (code, signal) =>
      resolve(code === null ? { code, output, problem: `ended by ${signal}` } : { code, output }),
    )
  })
