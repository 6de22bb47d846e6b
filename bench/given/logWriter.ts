import { fork } from 'node:child_process'
import { isLeft } from 'fp-ts/lib/Either.js'
import { openLog } from '../../src/cli/openLog.ts'
import type { MeshEvent } from '../../src/model/event.ts'
import { envelope } from './largeMesh.ts'
import { monotonicMs } from './monotonicMs.ts'

/** Appends to a log in NATS from a process of its own, so that a controller is measured without it. */
export type LogWriter = {
  /** Appends one event; its position, and when it set out (`monotonicMs`). */
  append(event: MeshEvent): Promise<{ readonly position: number; readonly fromMs: number }>
  stop(): void
}

/** Starts a process of the running program, which must call `beLogWriter` when its first argument is `writer`. */
export const logWriter = (mesh: string, url: string): LogWriter => {
  const child = fork(process.argv[1] as string, ['writer', mesh, url], { execArgv: [] })
  const waiting: ((answer: { position: number; fromMs: number }) => void)[] = []
  child.on('message', (answer: { position: number; fromMs: number }) => waiting.shift()?.(answer))
  return {
    append: (event) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        child.send(event)
      }),
    stop: () => child.kill('SIGKILL'),
  }
}

/** The child's side. */
export const beLogWriter = async ([mesh = '', url = '']: readonly string[]): Promise<void> => {
  const { log } = await openLog({ profile: { urls: [url], clientName: 'bench writer' }, mesh }, () => {})
  process.on('disconnect', () => process.exit())
  let turn: Promise<void> = Promise.resolve()
  process.on('message', (event: MeshEvent) => {
    turn = turn.then(async () => {
      const { position } = await log.end()
      const fromMs = monotonicMs()
      const appended = await log.append([envelope(event, position)], position)
      if (isLeft(appended)) throw new Error(appended.left._tag)
      process.send?.({ position: appended.right.position, fromMs })
    })
  })
}
