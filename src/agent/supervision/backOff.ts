import type { Supervision } from './supervision.ts'

/** The state after one more failure in a row: no start before 200 ms × 2ⁿ⁻¹ (by the limits) have passed or, when the
 *  budget is used up, before it has healed. */
export const failed = (state: Supervision, how: string, nowMs: number): Supervision => {
  const { backOffMs, budget, healMs } = state.limits
  const failures = state.failures + 1
  const exhausted = failures > budget
  return {
    ...state,
    failures: exhausted ? 0 : failures,
    exhausted,
    lastFailure: how,
    notBeforeMs: nowMs + (exhausted ? healMs : backOffMs * 2 ** (failures - 1)),
    counters: { ...state.counters, failures: state.counters.failures + 1 },
  }
}

/** The state told to try at once, whatever failed before. */
export const tryAnew = (state: Supervision, nowMs: number): Supervision => ({
  ...state,
  failures: 0,
  exhausted: false,
  notBeforeMs: nowMs,
  phase: state.phase.type === 'waiting' ? { type: 'waiting', untilMs: nowMs } : state.phase,
})
