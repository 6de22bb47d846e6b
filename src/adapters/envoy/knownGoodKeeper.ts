import { setTimeout as after } from 'node:timers/promises'
import type { KnownGood } from '../../agent/knownGood.ts'
import { writeKnownGood } from './knownGoodFile.ts'

export type KnownGoodKeeper = {
  /** Has what `known` gives written at the next opportunity; of several that wait, only the newest is asked. Nothing
   *  is written where it gives nothing. */
  keep(known: () => KnownGood | undefined): void
  counters(): {
    readonly written: number
    /** Overtaken by a newer one while they waited. */
    readonly overtaken: number
    readonly failed: number
  }
  /** Writes what waits and ends. */
  close(): Promise<void>
}

/** After a write it rests so many times as long as the write took: what Envoy acknowledged a moment ago is on disk if
 *  the agent dies now, and in a storm of changes a tenth of the time is spent on it. */
const restPerWrite = 9

/** Keeps the file at `path` up with what Envoy acknowledges. Between two writes it rests, `mostRestMs` at most. A write
 *  that fails leaves the file before it and is told to `onFailure`; the next may succeed. */
export const knownGoodKeeper = (
  path: string,
  mostRestMs: number,
  onFailure: (error: Error) => void,
): KnownGoodKeeper => {
  const closing = new AbortController()
  const counted = { written: 0, overtaken: 0, failed: 0 }
  let waiting: (() => KnownGood | undefined) | undefined
  let writing: Promise<void> | undefined

  const write = async (): Promise<void> => {
    while (waiting !== undefined) {
      const known = waiting()
      waiting = undefined
      if (known === undefined) continue
      const fromMs = performance.now()
      try {
        await writeKnownGood(path, known)
        counted.written += 1
      } catch (error) {
        counted.failed += 1
        onFailure(error as Error)
      }
      const restMs = Math.min(mostRestMs, restPerWrite * (performance.now() - fromMs))
      await after(restMs, undefined, { signal: closing.signal }).catch(() => undefined)
    }
    writing = undefined
  }
  return {
    keep: (known) => {
      if (waiting !== undefined) counted.overtaken += 1
      waiting = known
      writing ??= write()
    },
    counters: () => ({ ...counted }),
    close: async () => {
      closing.abort()
      await writing
    },
  }
}
