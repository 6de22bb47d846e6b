import { mkdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { supervise, supervision } from '../../agent/supervise.ts'
import { type SupervisionLimits, supervisionLimits } from '../../agent/supervision/limits.ts'
import { type SupervisionStatus, statusOf } from '../../agent/supervision/status.ts'
import type { Effect, SupervisionInput } from '../../agent/supervision/supervision.ts'
import { writeDurably } from '../log/writeDurably.ts'
import { type AdminAddress, askAdmin } from './askAdmin.ts'
import { freeBaseId } from './baseId.ts'
import { envoyState, requestsUnderWay } from './envoyState.ts'
import { followLog } from './followLog.ts'
import { argument, findKeptEnvoys, type KeptEnvoy, startKeptEnvoy } from './keptEnvoy.ts'
import { adminOfLaunch, forgetLaunches, type Launch, launchId, launchIn, writeLaunch } from './launch.ts'
import { lockState } from './lockState.ts'
import { cleanSharedMemory, clearInitializing } from './sharedMemory.ts'

export type SuperviseEnvoyOptions = {
  /** Holds bootstrap, base id, process ids and log of the Envoy; made when absent. One agent at a time. */
  readonly directory: string
  readonly launch: Launch
  readonly limits?: Partial<SupervisionLimits>
  /** Worker threads of Envoy (default 1). */
  readonly concurrency?: number
  /** Each line that Envoy writes to stdout and stderr. */
  readonly onLine?: (line: string) => void
  /** Each change of the status. */
  readonly onStatus?: (status: SupervisionStatus) => void
}

/** An Envoy that is kept running. */
export type SupervisedEnvoy = {
  status(): SupervisionStatus
  /** Bytes of Envoy's log that were passed over. */
  skippedLogBytes(): number
  /** Lets Envoy run with another bootstrap or binary: a hot restart, if it differs. Rejects when there is no such
   *  binary. */
  want(launch: Launch): Promise<void>
  /** Asks for a hot restart although nothing changed. */
  restart(): void
  /** Lets Envoy finish what it has and take nothing new. */
  drain(): void
  /** Drains and ends Envoy; resolves when nothing is left of it. */
  stop(): Promise<void>
  /** Lets go of Envoy, which runs on; the next who supervises this directory adopts it. */
  release(): Promise<void>
}

/** Keeps an Envoy running from now on, adopting the one that a former agent left. The Envoy outlives this process.
 *  Rejects with a `StateInUse` while another agent has the directory, and when directory or binary are not there. */
export const superviseEnvoy = async (options: SuperviseEnvoyOptions): Promise<SupervisedEnvoy> => {
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  const directory = await realpath(options.directory)
  const limits = { ...supervisionLimits, ...options.limits }
  const first = await launchId(options.launch)
  const unlock = await lockState(directory)
  const logFile = join(directory, 'envoy.log')
  const log = followLog(logFile, options.onLine ?? (() => {}))
  const launches = new Map([[first, options.launch]])
  const envoys = new Map<number, KeptEnvoy>()
  let baseId = await readBaseId(directory)
  let state = supervision(first, limits)
  let over = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let work = Promise.resolve()
  let resolveStopped: () => void = () => {}
  const stopped = new Promise<void>((resolve) => {
    resolveStopped = resolve
  })

  const give = (input: SupervisionInput): void => {
    if (over) return
    const before = JSON.stringify(statusOf(state))
    const [next, effects] = supervise(state, input, performance.now())
    state = next
    for (const effect of effects) run(effect)
    const status = statusOf(state)
    if (JSON.stringify(status) !== before) options.onStatus?.(status)
    if (status.state === 'stopped') work.then(resolveStopped)
  }

  const run = (effect: Effect): void => {
    switch (effect.type) {
      case 'spawn':
        return inTurn(() => spawn(effect.epoch, effect.launch))
      case 'signal':
        return inTurn(async () => envoys.get(effect.epoch)?.signal(effect.signal))
      case 'cleanSharedMemory':
        return inTurn(async () => {
          if (baseId !== undefined) await cleanSharedMemory(baseId).catch(() => undefined)
        })
      case 'askState':
        return ask(effect.epoch, async (admin) => {
          const answer = await envoyState(admin)
          return { type: 'answered', asked: effect.epoch, ...answer }
        })
      case 'askActive':
        return ask(effect.epoch, async (admin) => {
          const requests = await requestsUnderWay(admin)
          return { type: 'active', asked: effect.epoch, requests }
        })
      case 'post': {
        const admin = adminOf(effect.epoch)
        if (admin !== undefined) askAdmin(admin, effect.path, 'POST').catch(() => undefined)
        return
      }
      case 'wakeAt':
        clearTimeout(timer)
        if (effect.atMs === Number.POSITIVE_INFINITY) return
        timer = setTimeout(
          () => give({ type: 'tick' }),
          Math.max(0, Math.ceil(effect.atMs - performance.now())),
        )
    }
  }

  /** Effects that follow each other; none of them waits for long. */
  const inTurn = (one: () => Promise<unknown>): void => {
    work = work.then(one).then(() => undefined)
  }

  const spawn = async (epoch: number, id: string): Promise<void> => {
    try {
      if (over) return
      const launch = launches.get(id)
      if (launch === undefined) throw new Error(`no launch ${id}`)
      const config = await writeLaunch(directory, id, launch)
      if (epoch === 0) {
        baseId = await freeBaseId(directory, baseId)
        await writeBaseId(directory, baseId)
      } else if (baseId !== undefined) {
        await clearInitializing(baseId)
      }
      const args = argsOf(config, baseId ?? 0, epoch, limits, options.concurrency ?? 1)
      watch(startKeptEnvoy(directory, logFile, launch.envoy, args))
      await forgetLaunches(directory, new Set([state.wanted, ...[...envoys.values()].map(launchOf)]))
    } catch (error) {
      give({ type: 'exited', epoch, how: (error as Error).message })
    }
  }

  const watch = (envoy: KeptEnvoy): void => {
    envoys.set(envoy.epoch, envoy)
    envoy.exited.then((how) => {
      envoys.delete(envoy.epoch)
      give({ type: 'exited', epoch: envoy.epoch, how })
    })
  }

  const adminOf = (epoch: number): AdminAddress | undefined => {
    const envoy = envoys.get(epoch)
    return envoy && adminOfLaunch(directory, launchOf(envoy))
  }

  const ask = (epoch: number, question: (admin: AdminAddress) => Promise<SupervisionInput>): void => {
    const envoy = envoys.get(epoch)
    const admin = adminOf(epoch)
    const answer = admin === undefined ? Promise.reject() : question(admin)
    const unanswered: SupervisionInput = { type: 'unanswered', asked: epoch }
    answer.then(
      // What an Envoy said that has ended says nothing about its successor in the same epoch.
      (input) => give(envoys.get(epoch) === envoy ? input : unanswered),
      () => give(unanswered),
    )
  }

  const letGo = async (): Promise<void> => {
    over = true
    clearTimeout(timer)
    await work
    await Promise.all([...envoys.values()].map(({ findable }) => findable))
    for (const envoy of envoys.values()) envoy.release()
    log.stop()
    await unlock()
  }
  let end: Promise<void> | undefined

  for (const envoy of findKeptEnvoys(directory)) watch(envoy)
  const found = [...envoys.values()]
  const adopted = found.map((envoy) => argument(envoy.args, '--base-id')).at(-1)
  if (adopted !== undefined) baseId = Number(adopted)
  give({ type: 'found', envoys: found.map((envoy) => ({ epoch: envoy.epoch, launch: launchOf(envoy) })) })

  return {
    status: () => statusOf(state),
    skippedLogBytes: log.skippedBytes,
    want: async (launch) => {
      const id = await launchId(launch)
      launches.set(id, launch)
      give({ type: 'want', launch: id })
    },
    restart: () => give({ type: 'restart' }),
    drain: () => give({ type: 'drain' }),
    stop: () => {
      give({ type: 'stop' })
      end ??= stopped.then(letGo)
      return end
    },
    release: () => {
      end ??= letGo()
      return end
    },
  }
}

const launchOf = ({ args }: KeptEnvoy): string => launchIn(argument(args, '-c') ?? '')

const argsOf = (
  config: string,
  baseId: number,
  epoch: number,
  { parentShutdownMs }: SupervisionLimits,
  concurrency: number,
): readonly string[] => [
  ...['-c', config],
  ...['--base-id', String(baseId)],
  ...['--restart-epoch', String(epoch)],
  // What a parent has under way may take a while longer than new connections do to find the child.
  ...['--drain-time-s', String(Math.max(1, Math.floor((parentShutdownMs / 1_000) * 0.6)))],
  ...['--parent-shutdown-time-s', String(Math.max(1, Math.round(parentShutdownMs / 1_000)))],
  ...['--concurrency', String(concurrency)],
  ...['--log-level', 'warning'],
]

const readBaseId = async (directory: string): Promise<number | undefined> => {
  const text = await readFile(join(directory, 'base-id'), 'utf8').catch(() => '')
  return /^\d+$/.test(text) ? Number(text) : undefined
}

const writeBaseId = (directory: string, baseId: number): Promise<void> => {
  const path = join(directory, 'base-id')
  return writeDurably(path, `${path}.tmp`, Buffer.from(String(baseId)))
}
