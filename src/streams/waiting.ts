import type { Position } from '../model/entry.ts'
import type { Waited } from '../model/fleet.ts'
import type { Fleet } from './fleet.ts'
import type { Head } from './head.ts'

/** How often a waiter looks at the fleet, in milliseconds: acknowledgements come in thousands, and looking at each
 *  would cost more than the answer. */
const lookEveryMs = 20

/** How the fleet stands to `position`, as soon as callers were told of what it brought and nothing is pending,
 *  something is refused, `timeoutMs` have passed or `signal` aborts. */
export const waitFor = async (
  {
    head,
    fleet,
    projected,
    holds,
  }: { head: Head; fleet: Fleet; projected: () => Position; holds: (position: Position) => boolean },
  position: Position,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Waited> =>
  new Promise((resolve) => {
    let poll: ReturnType<typeof setTimeout> | undefined
    const finish = (): void => {
      clearTimeout(poll)
      clearTimeout(bound)
      signal.removeEventListener('abort', finish)
      resolve(fleet.standing(position))
    }
    const look = (): void => {
      const reached = head.current().position >= position && projected() >= position
      // Callers are still to hear of what is held: only then they can have acknowledged it.
      const told = reached && !holds(position)
      const standing = fleet.standing(position)
      if (told && (standing.pending === 0 || standing.rejected > 0)) finish()
      else poll = setTimeout(look, lookEveryMs)
    }
    const bound = setTimeout(finish, timeoutMs)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
    else look()
  })
