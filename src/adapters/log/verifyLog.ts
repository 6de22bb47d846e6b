import { type Entry, genesisHash, type Position } from '../../model/entry.ts'
import { type Progress, readLog } from './readLog.ts'

export type VerifyOptions = {
  /** Gets the entries, verified, in order; for folding them. */
  readonly onEntries?: (entries: readonly Entry[]) => void
  readonly onProgress?: (progress: Progress) => void
}

/** Position and hash of the last entry of the log in `directory`, after every checksum and every hash of the chain
 *  was found right. Rejects with a `LogDamaged` otherwise. Changes nothing; may run beside a live server. */
export const verifyLog = async (
  directory: string,
  { onEntries, onProgress }: VerifyOptions = {},
): Promise<{ readonly position: Position; readonly hash: string }> => {
  let end = { position: 0, hash: genesisHash }
  const options = { hashes: true, ...(onProgress === undefined ? {} : { onProgress }) }
  for await (const entries of readLog(directory, options)) {
    onEntries?.(entries)
    const last = entries.at(-1)
    if (last !== undefined) end = { position: last.position, hash: last.hash }
  }
  return end
}
