import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'

/** `rutter serve` in a process of its own, on free ports. */
export type Served = {
  readonly child: ChildProcess
  /** `host:port` of its HTTP API and of its xDS, once both answer. Rejects with what it said when it ends before. */
  readonly addresses: Promise<{ readonly http: string; readonly xds: string }>
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>
}

/** Starts the built program on `log`, a directory, `memory` or `nats`, with what else it is told. */
export const serve = (log: string, ...more: readonly string[]): Served => {
  const args = ['serve', '--log', log, '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0', ...more]
  const child = spawn(process.execPath, [resolve('dist/rutter.mjs'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done())
  })
  const addresses = new Promise<{ http: string; xds: string }>((found, fail) => {
    let said = ''
    child.stderr.on('data', (text) => {
      said += text
      const http = /http:\/\/(127\.0\.0\.1:\d+)/.exec(said)?.[1]
      const xds = /xDS\D+(127\.0\.0\.1:\d+)/.exec(said)?.[1]
      if (http !== undefined && xds !== undefined) found({ http, xds })
    })
    void ended.then(() => fail(new Error(said)))
  })
  return {
    child,
    addresses,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
