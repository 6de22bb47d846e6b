import type { ServerResponse } from 'node:http'
import type { Entry } from '../../model/entry.ts'

export type StreamOptions = {
  /** A comment goes out this often, so that neither side takes silence for death. */
  readonly heartbeatMs: number
  /** A reader that has not taken what was written for so long is cut. */
  readonly stalledMs: number
  readonly signal: AbortSignal
}

/** Writes `batches` to `response` as server-sent events, one per entry, its position as id, until they or the
 *  reader end. Only as much is read from the log as the reader takes. Resolves with how it ended; rejects when
 *  `batches` throws. */
export const eventStream = async (
  response: ServerResponse,
  batches: AsyncIterable<readonly Entry[]>,
  { heartbeatMs, stalledMs, signal }: StreamOptions,
): Promise<'ended' | 'stalled'> => {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  })
  // Something at once: proxies hold headers back until a first byte comes.
  response.write(': rutter\n\n')
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(':\n\n')
  }, heartbeatMs)
  try {
    for await (const batch of batches) {
      for (const entry of batch) {
        if (signal.aborted) return 'ended'
        if (response.write(frameOf(entry))) continue
        if (!(await drained(response, stalledMs, signal))) return cut(response, signal)
      }
    }
    return 'ended'
  } finally {
    clearInterval(heartbeat)
    if (!response.destroyed) response.end()
  }
}

const frameOf = (entry: Entry): string => `id: ${entry.position}\ndata: ${JSON.stringify(entry)}\n\n`

const cut = (response: ServerResponse, signal: AbortSignal): 'ended' | 'stalled' => {
  response.destroy()
  return signal.aborted ? 'ended' : 'stalled'
}

const drained = (response: ServerResponse, withinMs: number, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const settle = (isDrained: boolean) => () => {
      clearTimeout(timer)
      response.off('drain', onDrain)
      signal.removeEventListener('abort', onAbort)
      resolve(isDrained)
    }
    const [onDrain, onAbort] = [settle(true), settle(false)]
    const timer = setTimeout(onAbort, withinMs)
    response.once('drain', onDrain)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
