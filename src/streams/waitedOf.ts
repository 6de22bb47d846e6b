import type { Position } from '../model/entry.ts'
import type { Waited, WaitedState } from '../model/fleet.ts'

/** How a fleet of which each proxy stands as given stands to `position`. */
export const waitedOf = (position: Position, proxies: Waited['proxies']): Waited => {
  const count = (state: WaitedState): number => proxies.filter((one) => one.state === state).length
  return {
    position,
    acknowledged: count('acknowledged'),
    unaffected: count('unaffected'),
    rejected: count('rejected'),
    pending: count('pending'),
    silent: count('silent'),
    proxies,
  }
}
