import type { Position } from '../../model/entry.ts'
import type { Controller } from '../../ports.ts'

/** A page may hold more entries than this only where one alone is larger. */
const pageBytes = 32 << 20

/** `{ "items": [ entry, … ] }` with the entries from `from` on that are in the log now, at most `limit`; `next`,
 *  where there are more, is the position to go on at. */
export const eventPage = async (
  controller: Controller,
  from: Position,
  limit: number,
  signal: AbortSignal,
): Promise<string> => {
  const end = controller.snapshot().position
  const last = Math.min(end, from + limit - 1)
  const texts: string[] = []
  let next = from
  let bytes = 0
  if (from <= last) {
    reading: for await (const batch of controller.entries(from, signal)) {
      for (const entry of batch) {
        texts.push(JSON.stringify(entry))
        bytes += texts[texts.length - 1]?.length ?? 0
        next = entry.position + 1
        if (entry.position >= last || bytes >= pageBytes) break reading
      }
    }
  }
  return `{"items":[${texts.join(',')}]${next <= end ? `,"next":${next}` : ''}}`
}
