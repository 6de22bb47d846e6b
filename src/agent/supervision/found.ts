import { clear, unconfirmed } from './starts.ts'
import type { Running, Step, Supervision } from './supervision.ts'

/** Takes over what a former agent left running: one Envoy once its admin has answered; parent and child of a hot
 *  restart where it stands, trusting the parent with nothing, because the child may have been LIVE. More than these
 *  make no sense: all are cleared away. */
export const found = (state: Supervision, envoys: readonly Running[], nowMs: number): Step => {
  const [first, second, ...more] = [...envoys].sort((a, b) => a.epoch - b.epoch)
  if (first === undefined) return [{ ...state, phase: { type: 'waiting', untilMs: nowMs } }, []]
  if (second === undefined) return [unconfirmed(state, first, nowMs), []]
  if (more.length > 0 || second.epoch !== first.epoch + 1) return clear(state, envoys)
  const byMs = nowMs + state.limits.handOverMs
  const phase = {
    type: 'handingOver' as const,
    parent: first,
    child: second,
    byMs,
    parentServes: false,
    askedAgain: false,
  }
  return [{ ...state, phase, askAtMs: nowMs }, []]
}
