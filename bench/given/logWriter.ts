import { fork } from 'node:child_process'
import { isLeft } from 'fp-ts/lib/Either.js'
import { openLog } from '../../src/cli/openLog.ts'
import type { Position } from '../../src/model/entry.ts'
import type { MeshEvent } from '../../src/model/event.ts'
import { envelope } from './largeMesh.ts'
import { monotonicMs } from './monotonicMs.ts'

/** An event that was appended: where, and when that was set about (`monotonicMs`). */
export type Appended = { readonly position: Position; readonly fromMs: number }

/** Appends to a log in NATS from a process of its own, so that a controller is measured without it. */
export type LogWriter = {
  /** Appends one event. */
  append(event: MeshEvent): Promise<Appended>
  /** Appends `events`, one each `everyMs`; what has come due while an append was under way shares the next entry. */
  appendEach(events: readonly MeshEvent[], everyMs: number): Promise<readonly Appended[]>
  stop(): void
}

type Ask = { readonly events: readonly MeshEvent[]; readonly everyMs: number }

/** Starts a process of the running program, which must call `beLogWriter` when its first argument is `writer`. */
export const logWriter = (mesh: string, url: string): LogWriter => {
  const child = fork(process.argv[1] as string, ['writer', mesh, url], { execArgv: [] })
  const waiting: ((answer: readonly Appended[]) => void)[] = []
  child.once('exit', (code) => {
    if (code !== null) throw new Error(`the writer has ended with ${code}`)
  })
  child.on('message', (answer: readonly Appended[]) => waiting.shift()?.(answer))
  const ask = (asked: Ask): Promise<readonly Appended[]> =>
    new Promise((resolve) => {
      waiting.push(resolve)
      child.send(asked)
    })
  return {
    append: async (event) => (await ask({ events: [event], everyMs: 0 }))[0] as Appended,
    appendEach: (events, everyMs) => ask({ events, everyMs }),
    stop: () => child.kill('SIGKILL'),
  }
}

/** As many events as one entry holds. */
const mostAtOnce = 500

/** The child's side. */
export const beLogWriter = async ([mesh = '', url = '']: readonly string[]): Promise<void> => {
  const { log } = await openLog({ profile: { urls: [url], clientName: 'bench writer' }, mesh }, () => {})
  const appendAll = async ({ events, everyMs }: Ask): Promise<readonly Appended[]> => {
    const beganMs = monotonicMs()
    const appended: Appended[] = []
    let { position } = await log.end()
    while (appended.length < events.length) {
      const fromMs = monotonicMs()
      const dueMs = beganMs + appended.length * everyMs
      if (fromMs < dueMs) await new Promise((resolve) => setTimeout(resolve, dueMs - fromMs))
      const due = everyMs === 0 ? 1 : Math.ceil((monotonicMs() - dueMs) / everyMs)
      const some = events.slice(appended.length, appended.length + Math.max(1, Math.min(due, mostAtOnce)))
      const setOutMs = monotonicMs()
      const answer = await log.append(
        some.map((event, n) => envelope(event, position * mostAtOnce + n)),
        position,
      )
      if (isLeft(answer)) throw new Error(answer.left._tag)
      position = answer.right.position
      for (const _ of some) appended.push({ position, fromMs: setOutMs })
    }
    return appended
  }
  process.on('disconnect', () => process.exit())
  let turn: Promise<void> = Promise.resolve()
  process.on('message', (asked: Ask) => {
    turn = turn.then(async () => void process.send?.(await appendAll(asked)))
  })
}
