import type { Position } from '../model/entry.ts'
import type { Clock } from '../ports.ts'
import type { ProjectedProxy } from '../projections/projectedProxy.ts'
import type { Step } from '../projections/projector.ts'
import type { Fleet } from './fleet.ts'

/** Lets callers know of endpoints once the proxies in front of them listen. */
export type Holding = {
  /** Takes over what a step keeps from callers. */
  stepped(step: Step): void
  /** True while callers are not told of something that `position`, or one before it, brought. */
  holds(position: Position): boolean
  counters(): { readonly endpointsHeld: number; readonly endpointsHeldInVain: number }
  /** Waits for nobody any more. */
  close(): void
}

/** How long a proxy has to acknowledge its listener: an agent says in up to a second that it did. */
const maxHeldMs = 2_000
/** Proxies that are waited for at a time; what is behind others is told at once. */
const maxProxies = 1_000
/** Acknowledgements come in crowds: looking at each would cost more than the answer. */
const lookEveryMs = 5

/** Waits for proxies of `fleet`, and calls `free` with those that need not be waited for any more. */
export const createHolding = (parts: {
  readonly position: () => Position
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly fleet: Pick<Fleet, 'isConnected' | 'hasTaken'>
  readonly free: (proxies: readonly ProjectedProxy[]) => void
}): Holding => {
  const { fleet, clock } = parts
  const held = new Map<ProjectedProxy, { readonly position: Position; readonly untilMs: number }>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let inVain = 0

  const look = (): void => {
    timer = undefined
    const lookedMs = clock.monotonicMs()
    const ready: ProjectedProxy[] = []
    let surplus = held.size - maxProxies
    for (const [proxy, { position, untilMs }] of held) {
      const { node } = proxy.identity
      const isReady = !fleet.isConnected(node) || fleet.hasTaken(node, position)
      const isGivenUp = !isReady && (lookedMs >= untilMs || surplus > 0)
      if (!isReady && !isGivenUp) continue
      if (isGivenUp) inVain += 1
      surplus -= 1
      held.delete(proxy)
      ready.push(proxy)
    }
    if (held.size > 0) timer = setTimeout(look, lookEveryMs)
    if (ready.length > 0) parts.free(ready)
  }

  return {
    stepped: ({ held: arrived }) => {
      if (arrived.size === 0) return
      const one = { position: parts.position(), untilMs: clock.monotonicMs() + maxHeldMs }
      for (const proxy of arrived) held.set(proxy, one)
      clearTimeout(timer)
      look()
    },
    holds: (position) => [...held.values()].some((one) => one.position <= position),
    counters: () => ({ endpointsHeld: held.size, endpointsHeldInVain: inVain }),
    close: () => {
      clearTimeout(timer)
      held.clear()
    },
  }
}
