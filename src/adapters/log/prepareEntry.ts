import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { eventsFromStored } from '../../codecs/event.ts'
import { canonicalJson } from '../../model/canonicalJson.ts'
import type { Entry, Position } from '../../model/entry.ts'
import type { Envelope } from '../../model/event.ts'
import type { AppendRefused } from '../../ports.ts'
import { chainHash } from './chainHash.ts'

/** An entry and the text that is stored of it. */
export type PreparedEntry = { readonly entry: Entry; readonly payload: string; readonly bytes: number }

/** The largest entry that a log takes unless told otherwise: 32 MiB of canonical JSON. */
export const defaultLimitBytes = 32 * 2 ** 20

/** The entry at `position` that holds `events`. Its events are read back from the text that is stored, so that who
 *  sees it live sees what a replay will show. */
export const prepareEntry = (
  events: readonly Envelope[],
  position: Position,
  hashBefore: string,
  limitBytes: number,
): Either<AppendRefused, PreparedEntry> => {
  const payload = canonicalJson(events)
  const bytes = Buffer.byteLength(payload)
  if (bytes > limitBytes) return left({ _tag: 'TooLarge', limitBytes })
  const stored = eventsFromStored(JSON.parse(payload))
  if (isLeft(stored)) throw new Error(`not fit for the log: ${stored.left.message}`)
  return right({
    entry: { position, hash: chainHash(hashBefore, payload), events: stored.right },
    payload,
    bytes,
  })
}
