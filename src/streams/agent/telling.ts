import type { AgentStatus } from '../../model/frame.ts'
import type { Clock } from '../../ports.ts'
import type { Timers } from './timers.ts'

/** Tells controllers how an Envoy does. */
export type Telling = {
  /** Some time within the next second, for one of many who were asked. */
  soon(): void
  /** If it has changed: at once in a quiet time, in a storm of changes once a second. */
  note(): void
  /** From now on now and then, changed or not. */
  beat(): void
}

/** How often an agent says how its Envoy does, at least, and after a change in a quiet time, at most. */
const leastEveryMs = 5_000
const mostEveryMs = 1_000

/** Says what `status` is then by `say`. `random` is between 0 and 1. */
export const createTelling = (parts: {
  readonly status: () => AgentStatus
  readonly say: (status: AgentStatus) => void
  readonly clock: Clock
  readonly random: () => number
  readonly later: Timers['later']
}): Telling => {
  const { status, clock, random, later } = parts
  let toldText = ''
  let toldAtMs = Number.NEGATIVE_INFINITY
  let isDue = false

  const tell = (): void => {
    isDue = false
    toldAtMs = clock.nowMs()
    const now = status()
    toldText = textOf(now)
    parts.say(now)
  }
  const beat = (): void => {
    tell()
    later(leastEveryMs * (0.9 + random() / 5), beat)
  }
  return {
    soon: () => later(random() * mostEveryMs, tell),
    note: () => {
      if (isDue || textOf(status()) === toldText) return
      isDue = true
      later(Math.max(0, toldAtMs + mostEveryMs - clock.nowMs()), tell)
    },
    beat: () => later(leastEveryMs * random(), beat),
  }
}

/** What counts as a change: positions rise without one. */
const textOf = ({ standing: { own, view, endpoints }, status }: AgentStatus): string =>
  JSON.stringify([own.digest, view.topic, view.digest, endpoints.digest, { ...status, ackedPosition: 0 }])
