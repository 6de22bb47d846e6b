import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import type { LastWill } from './lastWill.ts'

export type KeepOptions = {
  /** What people call it. */
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  /** What it writes is appended here. */
  readonly log: string
  readonly will: LastWill
  /** How often it is started again, asked whenever it has ended. */
  readonly restarts: () => number
  /** Told when it has ended and is started again. */
  readonly notice: (message: string) => void
  /** Told why when it has ended too often, or could not be started. */
  readonly gaveUp: (reason: string) => void
}

/** A process that is started again when it ends. */
export type KeptProcess = {
  /** Its process id; undefined while it does not run. */
  pid(): number | undefined
  /** SIGTERM, and SIGKILL when that is not enough for `graceMs`; resolves when it is gone. */
  stop(graceMs: number): Promise<void>
}

/** A moment between the end and the next start, so that what dies at once does not keep the machine busy. */
const restartAfterMs = 1_000

/** Starts a process in a session of its own, which Ctrl-C at the terminal does not reach, and keeps it running. */
export const keepRunning = (options: KeepOptions): KeptProcess => {
  const { name, program, args, log, will, restarts, notice, gaveUp } = options
  const stopping = new AbortController()
  let pid: number | undefined
  let starts = 0

  const run = (): Promise<string> => {
    const output = openSync(log, 'a')
    const child = spawn(program, args, { stdio: ['ignore', output, output], detached: true, env: plainEnv() })
    closeSync(output)
    starts += 1
    pid = child.pid
    if (pid !== undefined) will.add(pid)
    return new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message))
      child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
  }

  const keep = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const how = await run()
      pid = undefined
      if (stopping.signal.aborted) return
      if (starts > restarts()) return gaveUp(`${name} has ended (${how}): ${lastWords(log)}`)
      notice(`${name} has ended (${how}) and is started again`)
      await after(restartAfterMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const over = keep()

  return {
    pid: () => pid,
    stop: async (graceMs) => {
      stopping.abort()
      if (pid !== undefined) process.kill(pid, 'SIGTERM')
      const kill = setTimeout(() => pid !== undefined && process.kill(pid, 'SIGKILL'), graceMs)
      await over
      clearTimeout(kill)
    },
  }
}

/** What is set for the rutter of this terminal is not meant for those of the demo. */
const plainEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('RUTTER_')))

const lastWords = (log: string): string => readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' / ')
