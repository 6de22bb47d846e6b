import { supervise, supervision } from '../../src/agent/supervise.ts'
import { type SupervisionLimits, supervisionLimits } from '../../src/agent/supervision/limits.ts'
import type { Effect, Supervision, SupervisionInput } from '../../src/agent/supervision/supervision.ts'

/** Limits that are short enough to be walked through. */
export const limits: SupervisionLimits = { ...supervisionLimits, parentShutdownMs: 5_000 }

/** How a simulated Envoy behaves. */
export type Behaviour = 'sound' | 'neverLive' | 'exitsAtOnce' | 'diesLive' | 'deaf' | 'orphan'

type Simulated = {
  readonly epoch: number
  readonly launch: string
  readonly bornMs: number
  behaviour: Behaviour
  /** Its child has made contact: no admin any more. */
  contacted: boolean
  /** Its child was LIVE: it takes no new connections and leaves then. */
  leavesAtMs: number
  drained: boolean
  /** Its parent ended before it told it to: it will try, and abort. */
  abortsAtMs: number
}

const liveAfterMs = 100
const contactAfterMs = 20
const orphanAbortsAfterMs = 10_000

/** Envoys as `facts` of Envoy 1.40 have them, their supervision, and a clock that moves when it is told to. */
export const simulatedEnvoys = (
  start: { readonly launch?: string; readonly limits?: SupervisionLimits } = {},
) => {
  let nowMs = 0
  let state: Supervision = supervision(start.launch ?? 'a', start.limits ?? limits)
  let wakeAtMs = Number.POSITIVE_INFINITY
  const envoys = new Map<number, Simulated>()
  const asks: Effect[] = []
  const log: { readonly atMs: number; readonly effect: Effect }[] = []
  const breaches: string[] = []
  let behave: (epoch: number, launch: string) => Behaviour = () => 'sound'

  const isLive = (one: Simulated): boolean =>
    (one.behaviour === 'sound' || one.behaviour === 'diesLive') && nowMs >= one.bornMs + liveAfterMs
  const serves = (one: Simulated): boolean => isLive(one) && one.leavesAtMs === Number.POSITIVE_INFINITY
  const answers = (one: Simulated): boolean =>
    one.behaviour !== 'deaf' && !one.contacted && nowMs >= one.bornMs + contactAfterMs

  const give = (input: SupervisionInput): void => {
    const [next, effects] = supervise(state, input, nowMs)
    state = next
    for (const effect of effects) run(effect)
  }
  const end = (epoch: number, how: string): void => {
    const child = envoys.get(epoch + 1)
    // It goes on trying to reach its parent, answers meanwhile that it initializes, and aborts.
    if (child !== undefined && !isLive(child) && child.behaviour !== 'deaf') child.behaviour = 'orphan'
    const leavesAtMs = envoys.get(epoch)?.leavesAtMs ?? 0
    if (child !== undefined && isLive(child) && nowMs < leavesAtMs) {
      child.abortsAtMs = leavesAtMs + orphanAbortsAfterMs
    }
    if (!envoys.delete(epoch)) return
    give({ type: 'exited', epoch, how })
  }
  const run = (effect: Effect): void => {
    if (effect.type !== 'wakeAt') log.push({ atMs: nowMs, effect })
    switch (effect.type) {
      case 'spawn':
        if (effect.epoch === 0 && envoys.size > 0) breaches.push('epoch 0 beside another')
        if (effect.epoch > 0 && !envoys.has(effect.epoch - 1))
          breaches.push(`epoch ${effect.epoch} without parent`)
        if (envoys.has(effect.epoch)) breaches.push(`epoch ${effect.epoch} twice`)
        if (envoys.size > 1) breaches.push('three at once')
        envoys.set(effect.epoch, {
          epoch: effect.epoch,
          launch: effect.launch,
          bornMs: nowMs,
          behaviour: behave(effect.epoch, effect.launch),
          contacted: false,
          leavesAtMs: Number.POSITIVE_INFINITY,
          drained: false,
          abortsAtMs: Number.POSITIVE_INFINITY,
        })
        return
      case 'signal':
        ends.push([effect.epoch, effect.signal])
        return
      case 'askState':
      case 'askActive':
        asks.push(effect)
        return
      case 'post': {
        const one = envoys.get(effect.epoch)
        if (one !== undefined && answers(one)) one.drained = true
        return
      }
      case 'cleanSharedMemory':
        if (envoys.size > 0) breaches.push('shared memory removed under an Envoy')
        return
      case 'wakeAt':
        wakeAtMs = effect.atMs
    }
  }
  const ends: [number, string][] = []

  /** What the simulated world does at `nowMs`. */
  const world = (): void => {
    for (const [epoch, signal] of ends.splice(0)) end(epoch, `signal ${signal}`)
    for (const one of [...envoys.values()]) {
      const ageMs = nowMs - one.bornMs
      const parent = envoys.get(one.epoch - 1)
      if (one.behaviour === 'exitsAtOnce') {
        end(one.epoch, 'exit code 1')
        continue
      }
      if (parent !== undefined && ageMs >= contactAfterMs) parent.contacted = true
      if (one.epoch > 0 && parent === undefined && !isLive(one) && ageMs >= orphanAbortsAfterMs) {
        end(one.epoch, 'signal SIGABRT')
        continue
      }
      if (isLive(one) && parent !== undefined && parent.leavesAtMs === Number.POSITIVE_INFINITY) {
        parent.leavesAtMs = nowMs + state.limits.parentShutdownMs
      }
      if (one.behaviour === 'diesLive' && ageMs >= liveAfterMs + 200) end(one.epoch, 'signal SIGSEGV')
      if (nowMs >= one.abortsAtMs) end(one.epoch, 'signal SIGABRT')
      if (nowMs >= one.leavesAtMs && envoys.has(one.epoch + 1)) end(one.epoch, 'exit code 0')
    }
    for (const ask of asks.splice(0)) {
      if (ask.type !== 'askState' && ask.type !== 'askActive') continue
      const one = envoys.get(ask.epoch)
      if (one === undefined || !answers(one)) give({ type: 'unanswered', asked: ask.epoch })
      else if (ask.type === 'askActive') give({ type: 'active', asked: ask.epoch, requests: 0 })
      else {
        const state = one.drained ? 'DRAINING' : isLive(one) ? 'LIVE' : 'INITIALIZING'
        give({ type: 'answered', asked: ask.epoch, epoch: ask.epoch, state })
      }
    }
    if (nowMs >= wakeAtMs) {
      wakeAtMs = Number.POSITIVE_INFINITY
      give({ type: 'tick' })
    }
    if ([...envoys.values()].filter(serves).length > 1) breaches.push('two serve')
  }

  return {
    give,
    /** Lets time pass in steps of 10 ms. */
    pass: (durationMs: number): void => {
      for (const untilMs = nowMs + durationMs; nowMs < untilMs; nowMs += 10) world()
    },
    kill: (epoch: number): void => end(epoch, 'signal SIGKILL'),
    /** Envoys that are started from now on, and those of `also` that run, behave so. */
    behave: (next: (epoch: number, launch: string) => Behaviour): void => {
      behave = next
    },
    /** An Envoy that runs already, before `found`. */
    running: (epoch: number, launch: string, behaviour: Behaviour = 'sound'): void => {
      envoys.set(epoch, {
        epoch,
        launch,
        bornMs: nowMs - liveAfterMs,
        behaviour,
        contacted: false,
        leavesAtMs: Number.POSITIVE_INFINITY,
        drained: false,
        abortsAtMs: Number.POSITIVE_INFINITY,
      })
    },
    find: (): void =>
      give({ type: 'found', envoys: [...envoys.values()].map(({ epoch, launch }) => ({ epoch, launch })) }),
    /** The same Envoys, met by an agent that knows nothing. */
    forget: (): void => {
      state = supervision(state.wanted, state.limits)
      wakeAtMs = Number.POSITIVE_INFINITY
      asks.splice(0)
    },
    epochs: (): readonly number[] => [...envoys.keys()].sort((a, b) => a - b),
    newest: (): Simulated | undefined => envoys.get(Math.max(...envoys.keys())),
    serving: (): readonly string[] =>
      [...envoys.values()].filter(serves).map(({ launch, epoch }) => `${launch}${epoch}`),
    spawns: () =>
      log.flatMap(({ atMs, effect }) => (effect.type === 'spawn' ? [{ atMs, epoch: effect.epoch }] : [])),
    effects: (): readonly Effect[] => log.map(({ effect }) => effect),
    breaches: (): readonly string[] => breaches,
    state: (): Supervision => state,
    nowMs: (): number => nowMs,
  }
}
