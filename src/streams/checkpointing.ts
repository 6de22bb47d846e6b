import type { Position } from '../model/entry.ts'
import type { Snapshot } from '../model/mesh.ts'
import type { Checkpoints, Clock } from '../ports.ts'

/** Writes a checkpoint now and then, so that the next start is fast. */
export type Checkpointing = {
  /** Takes note of a snapshot; writes one when it is time and none is being written. */
  folded(snapshot: Snapshot, logHash: string): void
  /** Writes the newest snapshot unless it is written already. Never rejects: a checkpoint is no truth. */
  finish(): Promise<void>
  counters(): { readonly written: number; readonly failed: number }
}

/** A checkpoint costs about a second of one core at 100k instances, so it is made at most once a minute. */
const everyMs = 60_000
const minEntries = 1_000

export const createCheckpointing = (parts: {
  readonly checkpoints: Checkpoints
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Position of the newest checkpoint that there is. */
  readonly written: Position
  readonly hashOf: (snapshot: Snapshot) => string
  readonly notice: (message: string) => void
}): Checkpointing => {
  const { checkpoints, clock, hashOf, notice } = parts
  const counters = { written: 0, failed: 0 }
  let newest: { readonly snapshot: Snapshot; readonly logHash: string } | undefined
  let writtenPosition = parts.written
  let writtenAtMs = clock.monotonicMs()
  let writing: Promise<void> | undefined

  const write = async (): Promise<void> => {
    if (newest === undefined || newest.snapshot.position <= writtenPosition) return
    const { snapshot, logHash } = newest
    const { position, at, mesh } = snapshot
    try {
      await checkpoints.write({ position, at, mesh, logHash, meshHash: hashOf(snapshot) })
      counters.written += 1
      writtenPosition = position
    } catch (error) {
      counters.failed += 1
      notice(`no checkpoint at ${position}: ${error instanceof Error ? error.message : String(error)}`)
    }
    writtenAtMs = clock.monotonicMs()
  }

  const begin = (): Promise<void> => {
    writing = write().finally(() => {
      writing = undefined
    })
    return writing
  }

  return {
    folded: (snapshot, logHash) => {
      newest = { snapshot, logHash }
      if (writing !== undefined || snapshot.position - writtenPosition < minEntries) return
      if (clock.monotonicMs() - writtenAtMs >= everyMs) void begin()
    },
    finish: async () => {
      await writing
      await begin()
    },
    counters: () => counters,
  }
}
