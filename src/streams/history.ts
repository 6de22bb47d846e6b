import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Position } from '../model/entry.ts'
import type { Snapshot } from '../model/mesh.ts'
import type { AtRefused, EventLog } from '../ports.ts'
import { emptySnapshot, replayMesh } from '../reducers/mesh.ts'

/** The past of a log. */
export type History = {
  /** The snapshot at a position (`17`), or after the last entry at or before a time (RFC 3339). */
  at(text: string, newest: Snapshot): Promise<Either<AtRefused, Snapshot>>
}

type Wanted = { readonly position: Position } | { readonly time: string }

/** Snapshots of the past that are kept; the one used longest ago goes first. */
const maxKept = 8

/** Replays `log` for every answer that it does not have at hand. */
export const createHistory = (log: EventLog): History => {
  const kept = new Map<string, Snapshot>()

  const replayTo = async (wanted: Wanted, newest: Snapshot): Promise<Snapshot> => {
    const replay = replayMesh(emptySnapshot)
    const abort = new AbortController()
    try {
      for await (const entries of log.tail(0, abort.signal)) {
        const within = entries.filter(
          ({ position, events }) =>
            position <= newest.position &&
            ('position' in wanted ? position <= wanted.position : (events.at(-1)?.at ?? '') <= wanted.time),
        )
        replay.fold(within)
        if (within.length < entries.length || entries.at(-1)?.position === newest.position) break
      }
    } finally {
      abort.abort()
    }
    return replay.finish()
  }

  return {
    at: async (text, newest) => {
      const wanted = parse(text)
      if (wanted === undefined)
        return left({ _tag: 'Unreadable', message: `"${text}" is neither a position nor an RFC 3339 time` })
      if ('position' in wanted && wanted.position > newest.position)
        return left({ _tag: 'BeyondEnd', end: newest.position })
      if ('position' in wanted ? wanted.position === newest.position : newest.at <= wanted.time)
        return right(newest)
      if ('position' in wanted && wanted.position === 0) return right(emptySnapshot)
      const key = JSON.stringify(wanted)
      const snapshot = kept.get(key) ?? (await replayTo(wanted, newest))
      kept.delete(key)
      // A time's answer stays true only once the log has moved past it.
      kept.set(key, snapshot)
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKept) break
        kept.delete(oldest)
      }
      return right(snapshot)
    },
  }
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

const parse = (text: string): Wanted | undefined => {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return { position: Number(text) }
  if (!rfc3339.test(text)) return undefined
  const milliseconds = Date.parse(text)
  // Events carry milliseconds in UTC, so that their texts compare as their times do.
  return Number.isNaN(milliseconds) ? undefined : { time: new Date(milliseconds).toISOString() }
}
