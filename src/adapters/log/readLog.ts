import type { Entry, Position } from '../../model/entry.ts'
import { findEnd, type LogEnd } from './findEnd.ts'
import { isDirectory } from './isDirectory.ts'
import { logAbsent } from './logDamaged.ts'
import { readEntries } from './readEntries.ts'

export type Progress = { readonly bytes: number; readonly totalBytes: number }

export type ReadLogOptions = {
  /** Begins behind this entry; 0 unless given. */
  readonly after?: Position
  /** Also computes every hash of the chain. Checksums are checked in any case. */
  readonly hashes?: boolean
  /** Told after every batch. */
  readonly onProgress?: (progress: Progress) => void
}

/** The entries of the log in `directory`, in batches of about 1 MiB, up to its end as of now. Takes no lock and
 *  changes nothing, so it may run beside a live server. Throws a `LogDamaged` where there is no log, or an entry
 *  is lost or spoilt; an entry that a crash tore, and that nobody was told of, is left out. */
export async function* readLog(
  directory: string,
  { after = 0, hashes = false, onProgress }: ReadLogOptions = {},
): AsyncGenerator<readonly Entry[], void, undefined> {
  const found = (await isDirectory(directory)) ? await findEnd(directory) : undefined
  if (found === undefined) throw logAbsent(directory)
  const totalBytes = bytesOf(found)
  let bytes = 0
  const onBytes = (read: number) => {
    bytes += read
    onProgress?.({ bytes: Math.min(bytes, totalBytes), totalBytes })
  }
  yield* readEntries(found.segments, after, found.end.position - 1, { hashes, onBytes })
}

const bytesOf = ({ segments, end }: LogEnd): number =>
  segments.reduce((sum, { bytesBefore }) => sum + bytesBefore, end.offset)
