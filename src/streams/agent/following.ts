import { type Assembly, createAssembly, nothingChanged } from '../../agent/assembly.ts'
import type { Changed } from '../../agent/content.ts'
import type { KnownGood } from '../../agent/knownGood.ts'
import type { AgentStatus, Standing, SyncAnswer } from '../../model/frame.ts'
import type { AgentBus, Clock } from '../../ports.ts'
import { createAsking, type Outcome } from './asking.ts'
import type { Serving } from './serving.ts'
import { createTelling } from './telling.ts'
import type { Timers } from './timers.ts'

/** How an agent learns from controllers what its Envoy is to have, and tells them how that does. */
export type Following = {
  /** Speaks with controllers from now on; once. */
  attach(bus: AgentBus): void
  /** What is served, or how the Envoy does with it, may have changed. */
  noteStatus(): void
  /** The log that what is served is of; `undefined` as long as none is known. */
  servedLog(): string | undefined
  counters(): {
    readonly gaps: number
    readonly syncs: number
    readonly syncsFailed: number
    readonly behind: number
  }
  stop(): void
}

/** Follows nobody yet. What comes whole is given to `serving`. */
export const createFollowing = (parts: {
  readonly serving: Serving
  readonly node: string
  readonly metadata: AgentStatus['metadata']
  readonly knownGood: KnownGood | undefined
  readonly timers: Timers
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly random: () => number
}): Following => {
  const { serving, node, metadata, knownGood, timers, clock, random } = parts
  let assembly: Assembly = createAssembly()
  /** The log that a controller told last, and the one that what is served is of. */
  let log = knownGood?.log
  let servedLog = log
  let bus: AgentBus | undefined
  let stopped = false
  const counted = { gaps: 0, behind: 0 }

  const telling = createTelling({
    status: () => ({
      node,
      metadata,
      standing: assembly.standing(),
      status: serving.status(),
      position: assembly.position(),
      ...(log === undefined ? {} : { log }),
    }),
    say: (told) => bus?.tell(told),
    unanswered: () => ask(),
    clock,
    random,
    later: timers.later,
  })

  let listening = false
  let listenOnceMore = false
  let heardView = ''
  /** Listens to what is read now. What came while nobody listened is asked for. */
  const hear = (): void => {
    if (bus === undefined || stopped) return
    listenOnceMore = listening
    if (listening) return
    listening = true
    heardView = assembly.view()
    bus
      .hear(heardView, assembly.endpointTopics().values())
      .catch(() => true)
      .then((isMore) => {
        listening = false
        if (listenOnceMore) hear()
        if (isMore) ask()
      })
  }

  const note = (changed: Changed): void => {
    serving.note(changed)
    if (changed.clusters.size > 0 || assembly.view() !== heardView) hear()
  }

  const question = async (): Promise<Outcome> => {
    if (stopped || bus === undefined) return 'done'
    const standing = atLeast(assembly.standing())
    return takeAnswer(await bus.sync({ node, metadata, standing, ...(log === undefined ? {} : { log }) }))
  }
  const { ask, counters: asked } = createAsking(question, timers, random)

  /** Whoever has not come as far as what the Envoy acknowledged would lead it back. */
  const atLeast = (standing: Standing): Standing => {
    if (serving.origin() === 'controller' || knownGood?.log !== log) return standing
    const position = Math.max(standing.own.position, knownGood?.position ?? -1)
    return { ...standing, own: { ...standing.own, position } }
  }

  const takeAnswer = (answer: SyncAnswer): Outcome => {
    if (stopped) return 'done'
    if (answer.type !== 'missing') {
      counted.behind += 1
      return 'again'
    }
    if (log !== answer.log) {
      // Another log counts anew: what is held of the one before is served until all of this one is there.
      const isOther = log !== undefined
      log = answer.log
      if (isOther) {
        assembly = createAssembly()
        return 'again'
      }
    }
    const changed = nothingChanged()
    for (const frame of answer.frames) assembly.take(frame, changed)
    const outcome = assembly.compare(answer.standing)
    note(changed)
    if (outcome === 'other') return 'again'
    servedLog = log
    if (serving.readable() === assembly) serving.deliver()
    else serving.serve(assembly, 'controller')
    return 'done'
  }

  return {
    attach: (given) => {
      bus = given
      bus.listen({
        frame: (frame) => {
          const changed = nothingChanged()
          const taken = assembly.take(frame, changed)
          if (taken === 'gap') {
            counted.gaps += 1
            note(changed)
            ask()
          } else if (taken === 'applied') {
            note(changed)
            if (serving.origin() === 'controller') serving.deliver()
          }
        },
        asked: telling.soon,
        compared: (verdict) => {
          telling.answered()
          if (verdict === 'missing') ask()
        },
        reconnected: () => {
          telling.soon()
          ask()
        },
      })
      ask()
      telling.beat()
    },
    noteStatus: telling.note,
    servedLog: () => servedLog,
    counters: () => ({ ...counted, ...asked() }),
    stop: () => {
      stopped = true
    },
  }
}
