import type { Position } from '../model/entry.ts'
import type { Snapshot } from '../model/mesh.ts'

/** The newest snapshot of a controller, and a way to wait for one. */
export type Head = {
  current(): Snapshot
  /** Takes `snapshot` as the newest and lets go of those who waited for its position. */
  moveTo(snapshot: Snapshot): void
  /** Resolves with the first snapshot at or after `position`; rejects when `fail` was called. */
  reached(position: Position): Promise<Snapshot>
  /** The log is lost: nobody waits any longer. */
  fail(reason: Error): void
}

type Waiter = { readonly position: Position; resolve(snapshot: Snapshot): void; reject(reason: Error): void }

/** A head that stands at `start`. */
export const createHead = (start: Snapshot): Head => {
  let newest = start
  let failure: Error | undefined
  let waiters: Waiter[] = []
  return {
    current: () => newest,
    moveTo: (snapshot) => {
      newest = snapshot
      const served = waiters.filter(({ position }) => position <= snapshot.position)
      waiters = waiters.filter(({ position }) => position > snapshot.position)
      for (const waiter of served) waiter.resolve(snapshot)
    },
    reached: (position) =>
      new Promise((resolve, reject) => {
        if (newest.position >= position) resolve(newest)
        else if (failure !== undefined) reject(failure)
        else waiters.push({ position, resolve, reject })
      }),
    fail: (reason) => {
      failure = reason
      for (const waiter of waiters) waiter.reject(reason)
      waiters = []
    },
  }
}
