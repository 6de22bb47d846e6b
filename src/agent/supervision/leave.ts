import { noted } from './answers.ts'
import { stopped } from './exits.ts'
import type { AfterDraining, Effect, Running, Step, Supervision } from './supervision.ts'

/** Drains: callers are told with every answer, nothing that is under way is cut, no listener closes. It holds until
 *  `stop`; an Envoy that ends meanwhile is not started again. */
export const drain = (state: Supervision, nowMs: number): Step => leave(state, 'stay', nowMs)

/** Drains, then ends all that runs. */
export const stop = (state: Supervision, nowMs: number): Step => leave(state, 'stop', nowMs)

/** Takes the number of requests under way. */
export const active = (state: Supervision, asked: number, requests: number, nowMs: number): Step => {
  const next = noted(state, asked, nowMs)
  const { phase } = next
  if (phase.type !== 'draining' || phase.asked.epoch !== asked) return [next, []]
  return [{ ...next, phase: { ...phase, idle: requests === 0 } }, []]
}

/** SIGTERM to all; SIGKILL to those who do not heed it. */
export const terminate = (
  state: Supervision,
  left: readonly Running[],
  afterwards: 'stop' | 'startAnew',
  nowMs: number,
): Step => [
  { ...state, phase: { type: 'terminating', left, byMs: nowMs + state.limits.graceMs, afterwards } },
  left.map(({ epoch }) => ({ type: 'signal', epoch, signal: 'SIGTERM' })),
]

const leave = (state: Supervision, afterwards: 'stay' | 'stop', nowMs: number): Step => {
  const { phase } = state
  switch (phase.type) {
    case 'waiting':
      return stopped(state)
    case 'alone':
      return phase.heard === 'live'
        ? startDraining(state, [phase.envoy], phase.envoy, afterwards, nowMs)
        : terminate(state, [phase.envoy], 'stop', nowMs)
    case 'handingOver': {
      const { parent, child, parentServes } = phase
      if (!parentServes) return terminate(state, [parent, child], 'stop', nowMs)
      const [next, effects] = startDraining(state, [parent, child], parent, afterwards, nowMs)
      return [next, [{ type: 'signal', epoch: child.epoch, signal: 'SIGKILL' }, ...effects]]
    }
    case 'settling':
      return startDraining(state, [phase.parent, phase.child], phase.child, afterwards, nowMs)
    case 'clearing':
      return terminate(state, phase.left, 'stop', nowMs)
    case 'draining':
      return [
        { ...state, phase: { ...phase, afterwards: phase.afterwards === 'stop' ? 'stop' : afterwards } },
        [],
      ]
    case 'terminating':
      return [{ ...state, phase: { ...phase, afterwards: 'stop' } }, []]
    case 'stopped':
      return [state, []]
  }
}

/** Tells the Envoy that is `asked` to take its leave. */
export const startDraining = (
  state: Supervision,
  left: readonly Running[],
  asked: Running,
  afterwards: AfterDraining,
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
      phase: { type: 'draining', left, asked, idle: false, notBeforeMs, byMs, afterwards },
    },
    posts,
  ]
}
