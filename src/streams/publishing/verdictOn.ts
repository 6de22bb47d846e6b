import type { AgentStatus, Standing, Verdict } from '../../model/frame.ts'
import type { FollowedAgent } from './followedAgents.ts'

/** Since when an agent has said, again and again, that it holds what it should not. */
export type Doubt = { readonly sinceMs: number }

/** What was said so long ago has been heard, or is lost. */
const onItsWayMs = 3_000
/** While what an agent reads goes on changing it may hold what no controller ever did, when several say it; but not in
 *  statuses for so long. */
const doubtedMs = 4_000

/** What to answer to the agent that says `status`, which differs from where it should be, `there`, and what stays in
 *  doubt of it. No verdict where it has come further than that: whoever has it ask would lead it back. */
export const verdictOn = (
  agent: FollowedAgent,
  { standing: held, position }: AgentStatus,
  there: Standing,
  nowMs: number,
): { readonly verdict: Verdict | undefined; readonly doubt: Doubt | undefined } => {
  if (position > there.own.position) return { verdict: undefined, doubt: undefined }
  // A clock that was put back makes nothing younger.
  const isRecent = (ms: number): boolean => nowMs >= ms && nowMs - ms < onItsWayMs
  if (!changedMs(agent, held, there).every(isRecent)) return { verdict: 'missing', doubt: undefined }
  if (isOnTheTrail(agent, held, there, isRecent)) return { verdict: 'onItsWay', doubt: undefined }
  const doubt = agent.doubt ?? { sinceMs: nowMs }
  return { verdict: nowMs - doubt.sinceMs >= doubtedMs ? 'missing' : 'onItsWay', doubt }
}

/** When that changed last in which the two differ. */
const changedMs = (
  { own, view, turnedMs }: FollowedAgent,
  held: Standing,
  there: Standing,
): readonly number[] => {
  const found: number[] = []
  if (held.own.digest !== there.own.digest) found.push(own.changedMs())
  if (held.view.topic !== there.view.topic) return [...found, turnedMs]
  if (held.view.digest !== there.view.digest) found.push(view?.changedMs() ?? turnedMs)
  if (held.endpoints.digest !== there.endpoints.digest) found.push(view?.endpointsChangedMs() ?? turnedMs)
  return found
}

/** True where the agent holds endpoints as they were a moment ago, or as they were once and is catching up. Of own
 *  content and views that is not known, nor needed: what comes next shows that something before it is missing. */
const isOnTheTrail = (
  { view, told }: FollowedAgent,
  held: Standing,
  there: Standing,
  isRecent: (ms: number) => boolean,
): boolean => {
  if (held.own.digest !== there.own.digest || held.view.digest !== there.view.digest) return false
  if (held.view.topic !== there.view.topic) return false
  const untilMs = view?.endpointsUntil(held.endpoints.digest)
  if (untilMs === undefined) return false
  return isRecent(untilMs) || (told !== undefined && told.standing.endpoints.digest !== held.endpoints.digest)
}
