import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askAdmin } from './askAdmin.ts'

export type EnvoyProcessOptions = {
  /** Path of the binary. */
  readonly envoy: string
  /** A whole bootstrap, in YAML or JSON; its admin must listen on `adminSocket`. */
  readonly bootstrap: string
  readonly adminSocket: string
  /** Holds the bootstrap while Envoy runs; made when absent. */
  readonly directory: string
  /** Further arguments. */
  readonly args?: readonly string[]
  /** Called with each piece of what Envoy writes to stdout and stderr. */
  readonly onOutput?: (text: string) => void
}

/** An Envoy that was started. It does not end by itself when this process does: only with hot restart does Envoy ask
 *  the kernel for that. */
export type EnvoyProcess = {
  readonly pid: number
  /** The answer of its admin, on a fresh connection: a kept one may go on reaching an Envoy that is leaving.
   *  Rejects when the admin cannot be reached or answers an error. */
  admin(path: string, method?: 'GET' | 'POST'): Promise<string>
  /** Its state as `/server_info` names it (`LIVE`, `INITIALIZING` …); undefined while its admin does not answer. */
  state(): Promise<string | undefined>
  /** Resolves when it has ended: `exit code 1`, `signal SIGKILL`, or why it could not be started. */
  readonly exited: Promise<string>
  /** Ends it: SIGTERM, and after `graceMs` (default 3,000) SIGKILL. Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>
}

/** Starts one Envoy without hot restart, on one worker thread. Rejects when its bootstrap cannot be written. */
export const startEnvoyProcess = async (options: EnvoyProcessOptions): Promise<EnvoyProcess> => {
  await mkdir(options.directory, { recursive: true })
  const config = join(
    options.directory,
    options.bootstrap.trimStart().startsWith('{') ? 'envoy.json' : 'envoy.yaml',
  )
  await writeFile(config, options.bootstrap)
  const always = ['-c', config, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning']
  const child = spawn(options.envoy, [...always, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => options.onOutput?.(text))
  }
  const exited = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
  const admin = (path: string, method: 'GET' | 'POST' = 'GET') =>
    askAdmin({ path: options.adminSocket }, path, method)
  return {
    pid: child.pid ?? -1,
    admin,
    state: () =>
      admin('/server_info').then(
        (text) => (JSON.parse(text) as { state?: string }).state,
        () => undefined,
      ),
    exited,
    stop: async (graceMs = 3_000) => {
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(kill)
    },
  }
}
