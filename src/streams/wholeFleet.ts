import type { Position } from '../model/entry.ts'
import type { FleetAnswer, ProxyStatus, Waited, WaitedState } from '../model/fleet.ts'
import { byCodeUnit } from '../model/resourceName.ts'
import type { ControllerBus } from '../ports.ts'
import type { Fleet } from './fleet.ts'
import { waitedOf } from './waitedOf.ts'

/** The fleet of a mesh with several controllers, of which each knows the proxies that are connected to it. */
export type WholeFleet = {
  /** Every proxy, by node id, as of `position`. */
  statuses(position: Position): Promise<readonly ProxyStatus[]>
  /** How the fleet stands to `position`, as soon as `waitHere` says so of this controller's part and the others of
   *  theirs, or any of it refuses. */
  waitFor(
    position: Position,
    timeoutMs: number,
    signal: AbortSignal,
    waitHere: (signal: AbortSignal) => Promise<Waited>,
  ): Promise<Waited>
}

/** A controller that says how things are now has that long to do it. */
const answerMs = 1_000

/** The proxies of `fleet` with those that other controllers on `bus` have; without a bus there are none. Of a
 *  controller that does not answer, what it alone knows is missing. */
export const wholeFleet = (fleet: Fleet, bus: ControllerBus | undefined): WholeFleet => {
  const askNow = async (position: Position): Promise<FleetAnswer['proxies']> => {
    const proxies: FleetAnswer['proxies'][number][] = []
    await bus?.askPeers({ position, waitMs: 0 }, AbortSignal.timeout(answerMs), (answer) => {
      proxies.push(...answer.proxies)
    })
    return proxies
  }

  return {
    statuses: async (position) => {
      const others = (await askNow(position)).map(({ status }) =>
        status.state === 'synced' && status.ackedPosition < position
          ? { ...status, state: 'pending' as const }
          : status,
      )
      return strongest([...fleet.statuses(), ...others], ({ state }) => byStatus.indexOf(state))
    },
    waitFor: async (position, timeoutMs, signal, waitHere) => {
      if (bus === undefined) return waitHere(signal)
      const refused = new AbortController()
      const either = AbortSignal.any([signal, refused.signal])
      const there: { readonly id: string; readonly state: WaitedState }[] = []
      const asked = bus.askPeers({ position, waitMs: timeoutMs }, either, ({ proxies }) => {
        there.push(...proxies.map(({ status: { id }, waited: state }) => ({ id, state })))
        if (proxies.some(({ waited }) => waited === 'rejected')) refused.abort()
      })
      const here = await waitHere(either)
      if (here.rejected > 0) refused.abort()
      await asked
      // Who was not waited for to the end says how it is now.
      if (either.aborted)
        for (const { status, waited } of await askNow(position)) there.push({ id: status.id, state: waited })
      const proxies = strongest([...fleet.standing(position).proxies, ...there], ({ state }) =>
        byWaited.indexOf(state),
      )
      return waitedOf(position, proxies)
    },
  }
}

// A proxy that moves from one controller to another is known to both: what says more of it counts.
const byStatus: readonly ProxyStatus['state'][] = ['rejected', 'pending', 'synced', 'silent']
const byWaited: readonly WaitedState[] = ['rejected', 'pending', 'acknowledged', 'unaffected', 'silent']

/** Of each proxy the one of lowest rank, sorted by id. */
const strongest = <T extends { readonly id: string }>(
  all: readonly T[],
  rank: (one: T) => number,
): readonly T[] => {
  const byId = new Map<string, T>()
  for (const one of all) {
    const known = byId.get(one.id)
    if (known === undefined || rank(one) < rank(known)) byId.set(one.id, one)
  }
  return [...byId.values()].sort((a, b) => byCodeUnit(a.id, b.id))
}
