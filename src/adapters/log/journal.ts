import { encodeFrame } from './frame.ts'
import { type Head, openHead } from './head.ts'
import { makeSegment } from './makeSegment.ts'
import { openLogDirectory } from './openLogDirectory.ts'
import type { PreparedEntry } from './prepareEntry.ts'
import { segmentHeaderBytes } from './segmentHeader.ts'
import type { Segment } from './segments.ts'
import { openSegmentWriter, type SegmentWriter } from './segmentWriter.ts'

/** The writing side of a log directory. One entry at a time: the caller waits for `write` before the next. */
export type Journal = {
  /** The last durable entry. */
  end(): Head
  readonly segments: readonly Segment[]
  /** Resolves once the entry after `end()` is durable. Rejects when the disk refuses; then `end()` stays. */
  write(prepared: PreparedEntry): Promise<void>
  /** Makes the head durable and closes all files. */
  close(): Promise<void>
}

/** Opens the log in `directory`, whose lock the caller holds; `onNotice` is told of a torn entry that was cut off.
 *  A segment that would outgrow `segmentBytes` is followed by another. */
export const openJournal = async (
  directory: string,
  segmentBytes: number,
  onNotice: (message: string) => void,
): Promise<Journal> => {
  const { segments, tornBytes, end: found } = await openLogDirectory(directory)
  let end = found
  let writer: SegmentWriter | undefined
  const lastEntry = (): Head => ({ position: end.position - 1, hash: end.hashBefore })
  if (tornBytes > 0) {
    onNotice(`${segments.at(-1)?.path}: cut off ${tornBytes} bytes of a torn entry ${end.position}`)
  }
  const head = openHead(directory)
  head.write(lastEntry())

  const writerFor = async (bytes: number): Promise<SegmentWriter> => {
    const last = segments.at(-1)
    if (last !== undefined && (end.offset === segmentHeaderBytes || end.offset + bytes <= segmentBytes)) {
      writer ??= openSegmentWriter(last.path)
      return writer
    }
    await head.sync()
    const made = await makeSegment(directory, end, last)
    writer?.close()
    writer = openSegmentWriter(made.path)
    segments.push(made)
    end = { ...end, offset: segmentHeaderBytes }
    return writer
  }

  return {
    segments,
    end: lastEntry,
    write: async ({ entry, payload }) => {
      const frame = encodeFrame(entry.position, entry.hash, payload)
      const segment = await writerFor(frame.length)
      await segment.write(frame, end.offset)
      try {
        head.write(entry)
      } catch (error) {
        segment.cut(end.offset)
        throw error
      }
      end = { position: entry.position + 1, offset: end.offset + frame.length, hashBefore: entry.hash }
    },
    close: async () => {
      // The head costs nothing when it is behind; the entries are durable.
      await head.sync().catch(() => undefined)
      head.close()
      writer?.close()
    },
  }
}
