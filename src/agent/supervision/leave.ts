import { noted } from './answers.ts'
import { stopped } from './exits.ts'
import type { Effect, Running, Step, Supervision } from './supervision.ts'

/** Drains: callers are told with every answer, nothing that is under way is cut, no listener closes. It holds until
 *  `stop`; an Envoy that ends meanwhile is not started again. */
export const drain = (state: Supervision, nowMs: number): Step => leave(state, false, nowMs)

/** Drains, then ends all that runs. */
export const stop = (state: Supervision, nowMs: number): Step => leave(state, true, nowMs)

/** Takes the number of requests under way. */
export const active = (state: Supervision, asked: number, requests: number, nowMs: number): Step => {
  const next = noted(state, asked, nowMs)
  const { phase } = next
  if (phase.type !== 'draining' || phase.asked.epoch !== asked) return [next, []]
  return [{ ...next, phase: { ...phase, idle: requests === 0 } }, []]
}

/** SIGTERM to all; SIGKILL to those who do not heed it. */
export const terminate = (state: Supervision, left: readonly Running[], nowMs: number): Step => [
  { ...state, phase: { type: 'terminating', left, byMs: nowMs + state.limits.graceMs } },
  left.map(({ epoch }) => ({ type: 'signal', epoch, signal: 'SIGTERM' })),
]

const leave = (state: Supervision, thenStop: boolean, nowMs: number): Step => {
  const { phase } = state
  switch (phase.type) {
    case 'waiting':
      return stopped(state)
    case 'alone':
      return phase.heard === 'live'
        ? draining(state, [phase.envoy], phase.envoy, thenStop, nowMs)
        : terminate(state, [phase.envoy], nowMs)
    case 'handingOver': {
      const { parent, child, parentServes } = phase
      if (!parentServes) return terminate(state, [parent, child], nowMs)
      const [next, effects] = draining(state, [parent, child], parent, thenStop, nowMs)
      return [next, [{ type: 'signal', epoch: child.epoch, signal: 'SIGKILL' }, ...effects]]
    }
    case 'settling':
      return draining(state, [phase.parent, phase.child], phase.child, thenStop, nowMs)
    case 'clearing':
      return terminate(state, phase.left, nowMs)
    case 'draining':
      return [{ ...state, phase: { ...phase, thenStop: phase.thenStop || thenStop } }, []]
    case 'terminating':
    case 'stopped':
      return [state, []]
  }
}

const draining = (
  state: Supervision,
  left: readonly Running[],
  asked: Running,
  thenStop: boolean,
  nowMs: number,
): Step => {
  const { drainAtLeastMs, drainAtMostMs } = state.limits
  const [notBeforeMs, byMs] = [nowMs + drainAtLeastMs, nowMs + drainAtMostMs]
  const posts = ['/healthcheck/fail', '/drain_listeners?graceful&skip_exit'].map(
    (path): Effect => ({ type: 'post', epoch: asked.epoch, path }),
  )
  return [
    {
      ...state,
      asking: undefined,
      askAtMs: notBeforeMs,
      phase: { type: 'draining', left, asked, idle: false, notBeforeMs, byMs, thenStop },
    },
    posts,
  ]
}
