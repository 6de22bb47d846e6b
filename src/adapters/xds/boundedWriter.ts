import type { Writable } from 'node:stream'

// What gRPC may hold before the rest waits here, where it can still be dropped.
const inFlightBytes = 256 * 1024

/** Writes in order to a client that may be slow. */
export type BoundedWriter = {
  /** False: it had to be queued, or there is no room for it and `overflow` was called. */
  write(bytes: Buffer): boolean
  /** Drops what is queued; nothing is written afterwards. */
  discard(): void
}

/** A writer to `target` that queues at most `maxQueuedBytes` and calls `overflow` once when that is not enough. */
export const boundedWriter = (
  target: Pick<Writable, 'write'>,
  maxQueuedBytes: number,
  overflow: () => void,
): BoundedWriter => {
  let queue: Buffer[] = []
  let queuedBytes = 0
  let writingBytes = 0
  let discarded = false

  const give = (bytes: Buffer): void => {
    writingBytes += bytes.length
    target.write(bytes, () => {
      writingBytes -= bytes.length
      flush()
    })
  }
  const flush = (): void => {
    while (queue.length > 0 && writingBytes < inFlightBytes) {
      const bytes = queue.shift()
      if (bytes === undefined) return
      queuedBytes -= bytes.length
      give(bytes)
    }
  }
  return {
    write: (bytes) => {
      if (discarded) return false
      if (queue.length === 0 && writingBytes < inFlightBytes) {
        give(bytes)
        return true
      }
      queuedBytes += bytes.length
      if (queuedBytes > maxQueuedBytes) overflow()
      else queue.push(bytes)
      return false
    },
    discard: () => {
      discarded = true
      queue = []
    },
  }
}
