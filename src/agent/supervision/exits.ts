import { failed } from './backOff.ts'
import { startDraining } from './leave.ts'
import { clear, handOver, unconfirmed } from './starts.ts'
import type { Phase, Running, Step, Supervision } from './supervision.ts'

/** The cure for the end of one Envoy. */
export const exited = (state: Supervision, epoch: number, how: string, nowMs: number): Step => {
  const { phase } = state
  switch (phase.type) {
    case 'waiting':
    case 'stopped':
      return [state, []]
    case 'alone':
      return phase.envoy.epoch === epoch
        ? [waiting(failed(state, `epoch ${epoch} ended: ${how}`, nowMs)), []]
        : [state, []]
    case 'handingOver':
      return exitedWhileHandingOver(state, phase, epoch, how, nowMs)
    case 'settling':
      return exitedWhileSettling(state, phase, epoch, how, nowMs)
    case 'clearing': {
      const left = without(phase.left, epoch)
      return [left.length === 0 ? waiting(state) : { ...state, phase: { ...phase, left } }, []]
    }
    case 'draining':
    case 'terminating': {
      const left = without(phase.left, epoch)
      if (left.length === 0) return phase.afterwards === 'startAnew' ? [waiting(state), []] : stopped(state)
      return [{ ...state, phase: { ...phase, left } }, []]
    }
  }
}

/** The end of it all, nothing running. */
export const stopped = (state: Supervision): Step => [
  { ...state, phase: { type: 'stopped' } },
  [{ type: 'cleanSharedMemory' }],
]

const exitedWhileHandingOver = (
  state: Supervision,
  phase: Phase & { type: 'handingOver' },
  epoch: number,
  how: string,
  nowMs: number,
): Step => {
  const { parent, child, parentServes } = phase
  // A child that was LIVE serves on without its parent; one that was not waits 10 s for it and aborts. Its admin tells.
  if (epoch === parent.epoch) return [unconfirmed(state, child, nowMs), []]
  if (epoch !== child.epoch) return [state, []]
  const after = failed(state, `epoch ${epoch} ended before it was live: ${how}`, nowMs)
  if (!parentServes) return clear(after, [parent])
  return [
    {
      ...after,
      askAtMs: nowMs,
      phase: {
        type: 'alone',
        envoy: parent,
        heard: 'live',
        answerByMs: nowMs + state.limits.silenceMs,
        healthySinceMs: nowMs,
        mute: true,
      },
    },
    [],
  ]
}

const exitedWhileSettling = (
  state: Supervision,
  phase: Phase & { type: 'settling' },
  epoch: number,
  how: string,
  nowMs: number,
): Step => {
  const { parent, child } = phase
  if (epoch === parent.epoch) {
    if (phase.late || how === leftOrderly) return [confirmed(state, child, nowMs), []]
    // The child will want to tell its parent to leave, will not reach it, and abort. It goes in good order before.
    const after = failed(state, `epoch ${epoch} ended before its time: ${how}`, nowMs)
    return startDraining(after, [child], child, 'startAnew', nowMs)
  }
  if (epoch !== child.epoch) return [state, []]
  // The parent takes no new connections any more: the same epoch again, at once, serves within 0.1 s.
  const after = failed(state, `epoch ${epoch} ended: ${how}`, nowMs)
  return after.exhausted ? clear(after, [parent]) : handOver(after, parent, false, nowMs)
}

/** How a parent ends when its child has told it to. */
const leftOrderly = 'exit code 0'

const confirmed = (state: Supervision, envoy: Running, nowMs: number): Supervision => ({
  ...state,
  askAtMs: nowMs,
  phase: {
    type: 'alone',
    envoy,
    heard: 'live',
    answerByMs: nowMs + state.limits.silenceMs,
    healthySinceMs: nowMs,
    mute: false,
  },
})

const waiting = (state: Supervision): Supervision => ({
  ...state,
  phase: { type: 'waiting', untilMs: state.notBeforeMs },
})

const without = (left: readonly Running[], epoch: number): readonly Running[] =>
  left.filter((one) => one.epoch !== epoch)
