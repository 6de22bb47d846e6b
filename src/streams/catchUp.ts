import type { Snapshot } from '../model/mesh.ts'
import type { EventLog } from '../ports.ts'
import { replayMesh } from '../reducers/mesh.ts'

/** A snapshot, and the hash of the log's entry at its position; `''` where that was not read. */
export type CaughtUp = { readonly snapshot: Snapshot; readonly logHash: string }

/** The snapshot at the end that `log` had when asked, replayed from `start`. Rejects where an entry cannot be
 *  believed. `progress` is told how far it has come. */
export const catchUp = async (
  log: EventLog,
  start: Snapshot,
  progress: (position: number, end: number) => void = () => {},
): Promise<CaughtUp> => {
  const { position: end } = await log.end()
  if (end <= start.position) return { snapshot: start, logHash: '' }
  const replay = replayMesh(start)
  const abort = new AbortController()
  let logHash = ''
  try {
    for await (const entries of log.tail(start.position, abort.signal)) {
      replay.fold(entries)
      logHash = entries.at(-1)?.hash ?? logHash
      const position = entries.at(-1)?.position ?? start.position
      progress(position, end)
      if (position >= end) break
    }
  } finally {
    abort.abort()
  }
  return { snapshot: replay.finish(), logHash }
}
