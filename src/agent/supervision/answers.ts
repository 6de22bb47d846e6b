import { failed } from './backOff.ts'
import { clear } from './starts.ts'
import type { Phase, Step, Supervision, SupervisionInput } from './supervision.ts'

type Answer = SupervisionInput & { readonly type: 'answered' }

/** Takes what an admin said. The admins of parent and child share an address: an answer counts for the epoch that it
 *  names. */
export const answered = (state: Supervision, { asked, epoch, state: envoy }: Answer, nowMs: number): Step => {
  const next = noted(state, asked, nowMs)
  const { phase } = next
  if (phase.type === 'alone' && phase.envoy.epoch === epoch) return heard(next, phase, envoy, nowMs)
  if (phase.type === 'handingOver' && phase.child.epoch === epoch && envoy === 'LIVE') {
    const byMs = nowMs + state.limits.parentShutdownMs + state.limits.graceMs
    const { parent, child, askedAgain } = phase
    return [
      { ...next, restartAsked: askedAgain, phase: { type: 'settling', parent, child, byMs, late: false } },
      [],
    ]
  }
  return [next, []]
}

/** Nobody answered; when that has lasted too long is `due`'s to say. */
export const unanswered = (state: Supervision, asked: number, nowMs: number): Step => [
  noted(state, asked, nowMs),
  [],
]

/** The state when a question to `asked` is settled: the next has its time. */
export const noted = (state: Supervision, asked: number, nowMs: number): Supervision => {
  if (state.asking !== asked) return state
  const { phase, limits } = state
  const quiet = phase.type === 'alone' ? phase.heard === 'live' : phase.type === 'draining' && phase.idle
  return { ...state, asking: undefined, askAtMs: nowMs + (quiet ? limits.askMs : limits.askSoonMs) }
}

const heard = (state: Supervision, phase: Phase & { type: 'alone' }, envoy: string, nowMs: number): Step => {
  const answerByMs = nowMs + state.limits.silenceMs
  const { epoch } = phase.envoy
  if (envoy !== 'LIVE' && envoy !== 'DRAINING') {
    // A child without its parent never gets what it waits for: it aborts in the end.
    if (epoch > 0) return clear(failed(state, `epoch ${epoch} lost its parent`, nowMs), [phase.envoy])
    return [{ ...state, phase: { ...phase, heard: 'initializing', answerByMs, healthySinceMs: nowMs } }, []]
  }
  // An agent that did not come to stop it has drained it, and its listeners stay so: only a new epoch takes traffic.
  // Who fails the health check of an Envoy that is ours means it.
  const drained = envoy === 'DRAINING' && phase.heard === 'nothing'
  const healthySinceMs = phase.heard === 'live' ? phase.healthySinceMs : nowMs
  return [
    {
      ...state,
      restartAsked: state.restartAsked || drained,
      askAtMs: phase.heard === 'live' ? state.askAtMs : nowMs + state.limits.askMs,
      phase: { ...phase, heard: 'live', answerByMs, healthySinceMs, mute: false },
    },
    [],
  ]
}
