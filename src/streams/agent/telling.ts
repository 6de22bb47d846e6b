import type { AgentStatus } from '../../model/frame.ts'
import type { Clock } from '../../ports.ts'
import type { Timers } from './timers.ts'

/** Tells controllers how an Envoy does. */
export type Telling = {
  /** Some time within the next second, for one of many who were asked. */
  soon(): void
  /** If it has changed: in a moment in a quiet time, in a storm of changes once a second. That the Envoy came or went is
   *  always told in a moment: nobody waits for one that is not there. */
  note(): void
  /** From now on now and then, changed or not. */
  beat(): void
  /** A controller has answered. */
  answered(): void
}

/** How often an agent says how its Envoy does, at least, and at most. */
const leastEveryMs = 5_000
const mostEveryMs = 1_000
/** A change that comes in a quiet time is told when the Envoy has had time to take it. */
const takenWithinMs = 50
/** How long the answer to a status is waited for. */
const answerWithinMs = 2_000

/** Says what `status` is then by `say`. `random` is between 0 and 1. */
export const createTelling = (parts: {
  readonly status: () => AgentStatus
  readonly say: (status: AgentStatus) => void
  /** No controller has answered for a while. */
  readonly unanswered: () => void
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly random: () => number
  readonly later: Timers['later']
}): Telling => {
  const { status, clock, random, later } = parts
  let toldText = ''
  let toldAtMs = Number.NEGATIVE_INFINITY
  let toldConnected = false
  let dueAtMs = Number.POSITIVE_INFINITY
  let unansweredSinceMs: number | undefined
  let isLooking = false

  const tell = (): void => {
    dueAtMs = Number.POSITIVE_INFINITY
    toldAtMs = clock.monotonicMs()
    const now = status()
    toldText = textOf(now)
    toldConnected = now.status.connected
    unansweredSinceMs ??= toldAtMs
    if (!isLooking) lookIn(answerWithinMs)
    parts.say(now)
  }
  const lookIn = (ms: number): void => {
    isLooking = true
    later(ms, look)
  }
  const look = (): void => {
    isLooking = false
    if (unansweredSinceMs === undefined) return
    const leftMs = unansweredSinceMs + answerWithinMs - clock.monotonicMs()
    if (leftMs > 0) return lookIn(leftMs)
    unansweredSinceMs = undefined
    parts.unanswered()
  }
  const beat = (): void => {
    const everyMs = leastEveryMs * (0.9 + random() / 5)
    const quietMs = clock.monotonicMs() - toldAtMs
    if (quietMs < leastEveryMs * 0.9) return later(everyMs - quietMs, beat)
    tell()
    later(everyMs, beat)
  }
  return {
    soon: () => later(random() * mostEveryMs, tell),
    note: () => {
      const now = status()
      if (textOf(now) === toldText) return
      const cameOrWent = now.status.connected !== toldConnected
      const nowMs = clock.monotonicMs()
      const atMs = Math.max(nowMs + takenWithinMs, cameOrWent ? 0 : toldAtMs + mostEveryMs)
      if (atMs >= dueAtMs) return
      dueAtMs = atMs
      later(atMs - nowMs, () => (dueAtMs === atMs ? tell() : undefined))
    },
    answered: () => {
      unansweredSinceMs = undefined
    },
    beat: () => later(leastEveryMs * random(), beat),
  }
}

/** What counts as a change: positions rise without one. */
const textOf = ({ standing: { own, view, endpoints }, status }: AgentStatus): string =>
  JSON.stringify([own.digest, view.topic, view.digest, endpoints.digest, { ...status, ackedPosition: 0 }])
