import { answered, unanswered } from './supervision/answers.ts'
import { tryAnew } from './supervision/backOff.ts'
import { due, wakeAtMs } from './supervision/due.ts'
import { exited } from './supervision/exits.ts'
import { found } from './supervision/found.ts'
import { active, drain, stop } from './supervision/leave.ts'
import type { SupervisionLimits } from './supervision/limits.ts'
import type { Step, Supervision, SupervisionInput } from './supervision/supervision.ts'

/** Supervision of an Envoy that should run `launch`; `found` is what it waits for. */
export const supervision = (launch: string, limits: SupervisionLimits): Supervision => ({
  limits,
  phase: { type: 'waiting', untilMs: Number.POSITIVE_INFINITY },
  wanted: launch,
  restartAsked: false,
  failures: 0,
  lastFailure: undefined,
  notBeforeMs: Number.NEGATIVE_INFINITY,
  exhausted: false,
  asking: undefined,
  askAtMs: Number.NEGATIVE_INFINITY,
  counters: { starts: 0, handOvers: 0, failures: 0 },
})

/** The state after `input`, and what is to be done. Total: input that comes too late or means nothing now changes
 *  nothing. `nowMs` is any clock that does not go back. */
export const supervise = (state: Supervision, input: SupervisionInput, nowMs: number): Step => {
  let [next, effects] = take(state, input, nowMs)
  for (let more = due(next, nowMs); more !== undefined; more = due(next, nowMs)) {
    next = more[0]
    effects = [...effects, ...more[1]]
  }
  return [next, [...effects, { type: 'wakeAt', atMs: wakeAtMs(next) }]]
}

/** What made somebody ask may have come after the child of a hand-over had started: it does not count for that. */
const asked = (state: Supervision): Supervision => {
  const { phase } = state
  return {
    ...state,
    restartAsked: true,
    ...(phase.type === 'handingOver' && { phase: { ...phase, askedAgain: true } }),
  }
}

const take = (state: Supervision, input: SupervisionInput, nowMs: number): Step => {
  switch (input.type) {
    case 'found':
      return found(state, input.envoys, nowMs)
    case 'exited':
      return exited(state, input.epoch, input.how, nowMs)
    case 'answered':
      return answered(state, input, nowMs)
    case 'active':
      return active(state, input.asked, input.requests, nowMs)
    case 'unanswered':
      return unanswered(state, input.asked, nowMs)
    case 'tick':
      return [state, []]
    case 'want':
      if (input.launch === state.wanted) return [state, []]
      return [tryAnew({ ...state, wanted: input.launch }, nowMs), []]
    case 'restart':
      return [tryAnew(asked(state), nowMs), []]
    case 'drain':
      return drain(state, nowMs)
    case 'stop':
      return stop(state, nowMs)
  }
}
