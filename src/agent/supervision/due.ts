import { failed } from './backOff.ts'
import { terminate } from './leave.ts'
import { clear, coldStart, handOver } from './starts.ts'
import type { Phase, Step, Supervision } from './supervision.ts'

/** The next thing whose time has come; undefined when there is none. */
export const due = (state: Supervision, nowMs: number): Step | undefined =>
  duePhase(state, nowMs) ?? dueQuestion(state, nowMs)

/** When the next thing will be due: infinity where only an input can bring it. */
export const wakeAtMs = (state: Supervision): number => {
  const subject = subjectOf(state.phase)
  const asks = subject !== undefined && state.asking !== subject
  return Math.min(phaseDueMs(state), asks ? state.askAtMs : Number.POSITIVE_INFINITY)
}

const duePhase = (state: Supervision, nowMs: number): Step | undefined => {
  const { phase, limits } = state
  switch (phase.type) {
    case 'waiting':
      return nowMs >= phase.untilMs ? coldStart(state, nowMs) : undefined
    case 'alone':
      return dueAlone(state, phase, nowMs)
    case 'handingOver':
      if (nowMs < phase.byMs) return undefined
      // Its exit is what counts as the failure: the same epoch cannot start before it is gone.
      return [
        { ...state, phase: { ...phase, byMs: nowMs + limits.graceMs } },
        [{ type: 'signal', epoch: phase.child.epoch, signal: 'SIGKILL' }],
      ]
    case 'settling':
      if (nowMs < phase.byMs) return undefined
      return [
        { ...state, phase: { ...phase, byMs: nowMs + limits.graceMs, late: true } },
        [{ type: 'signal', epoch: phase.parent.epoch, signal: 'SIGKILL' }],
      ]
    case 'draining': {
      const done = phase.idle && phase.left.length === 1 && nowMs >= phase.notBeforeMs
      if (phase.afterwards === 'stay' || (!done && nowMs < phase.byMs)) return undefined
      return terminate(state, phase.left, phase.afterwards, nowMs)
    }
    case 'terminating':
      if (nowMs < phase.byMs) return undefined
      return [
        { ...state, phase: { ...phase, byMs: nowMs + limits.graceMs } },
        phase.left.map(({ epoch }) => ({ type: 'signal', epoch, signal: 'SIGKILL' })),
      ]
    case 'clearing':
    case 'stopped':
      return undefined
  }
}

const dueAlone = (state: Supervision, phase: Phase & { type: 'alone' }, nowMs: number): Step | undefined => {
  const { envoy, heard, mute } = phase
  if (!mute && nowMs >= phase.answerByMs) {
    return clear(failed(state, `the admin of epoch ${envoy.epoch} is silent`, nowMs), [envoy])
  }
  if (wantsNew(state, phase)) {
    // One that never served has nothing to hand over.
    if (heard === 'initializing') return clear(state, [envoy])
    return nowMs >= state.notBeforeMs ? handOver(state, envoy, true, nowMs) : undefined
  }
  if (state.failures > 0 && heard === 'live' && nowMs >= phase.healthySinceMs + state.limits.healthyMs) {
    return [{ ...state, failures: 0 }, []]
  }
  return undefined
}

const wantsNew = (state: Supervision, { envoy, heard, mute }: Phase & { type: 'alone' }): boolean =>
  heard !== 'nothing' && (mute || envoy.launch !== state.wanted || (heard === 'live' && state.restartAsked))

const dueQuestion = (state: Supervision, nowMs: number): Step | undefined => {
  const epoch = subjectOf(state.phase)
  if (epoch === undefined || state.asking === epoch || nowMs < state.askAtMs) return undefined
  const type = state.phase.type === 'draining' ? 'askActive' : 'askState'
  return [{ ...state, asking: epoch }, [{ type, epoch }]]
}

/** The epoch whose admin has something to say. */
const subjectOf = (phase: Phase): number | undefined => {
  switch (phase.type) {
    case 'alone':
      return phase.envoy.epoch
    case 'handingOver':
      return phase.child.epoch
    case 'draining':
      return phase.asked.epoch
    default:
      return undefined
  }
}

const phaseDueMs = (state: Supervision): number => {
  const { phase } = state
  switch (phase.type) {
    case 'waiting':
      return phase.untilMs
    case 'alone': {
      const silent = phase.mute ? Number.POSITIVE_INFINITY : phase.answerByMs
      if (wantsNew(state, phase)) return Math.min(silent, state.notBeforeMs)
      const heals = state.failures > 0 && phase.heard === 'live'
      return heals ? Math.min(silent, phase.healthySinceMs + state.limits.healthyMs) : silent
    }
    case 'draining':
      return phase.afterwards === 'stay' ? Number.POSITIVE_INFINITY : phase.byMs
    case 'handingOver':
    case 'settling':
    case 'terminating':
      return phase.byMs
    case 'clearing':
    case 'stopped':
      return Number.POSITIVE_INFINITY
  }
}
