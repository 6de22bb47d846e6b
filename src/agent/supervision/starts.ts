import type { Effect, Phase, Running, Step, Supervision } from './supervision.ts'

/** Starts epoch 0; nothing runs. */
export const coldStart = (state: Supervision, nowMs: number): Step => {
  const envoy = { epoch: 0, launch: state.wanted }
  const phase: Phase = {
    type: 'alone',
    envoy,
    heard: 'nothing',
    answerByMs: nowMs + state.limits.firstAnswerMs,
    healthySinceMs: nowMs,
    mute: false,
  }
  return [
    { ...started(state), restartAsked: false, phase, askAtMs: nowMs + state.limits.askSoonMs },
    [{ type: 'cleanSharedMemory' }, spawn(envoy)],
  ]
}

/** Starts the epoch after `parent` beside it. */
export const handOver = (state: Supervision, parent: Running, parentServes: boolean, nowMs: number): Step => {
  const child = { epoch: parent.epoch + 1, launch: state.wanted }
  const { counters } = state
  return [
    {
      ...started({ ...state, counters: { ...counters, handOvers: counters.handOvers + 1 } }),
      phase: {
        type: 'handingOver',
        parent,
        child,
        byMs: nowMs + state.limits.handOverMs,
        parentServes,
        askedAgain: false,
      },
      askAtMs: nowMs + state.limits.askSoonMs,
    },
    [spawn(child)],
  ]
}

/** Kills all that runs; once it is gone a cold start follows, not before `notBeforeMs`. */
export const clear = (state: Supervision, left: readonly Running[]): Step => [
  { ...state, phase: { type: 'clearing', left } },
  left.map(({ epoch }) => ({ type: 'signal', epoch, signal: 'SIGKILL' })),
]

/** `envoy` alone, of which it is not known whether it answers. */
export const unconfirmed = (state: Supervision, envoy: Running, nowMs: number): Supervision => ({
  ...state,
  askAtMs: nowMs,
  phase: {
    type: 'alone',
    envoy,
    heard: 'nothing',
    answerByMs: nowMs + state.limits.confirmMs,
    healthySinceMs: nowMs,
    mute: false,
  },
})

const started = (state: Supervision): Supervision => ({
  ...state,
  exhausted: false,
  counters: { ...state.counters, starts: state.counters.starts + 1 },
})

const spawn = ({ epoch, launch }: Running): Effect => ({ type: 'spawn', epoch, launch })
