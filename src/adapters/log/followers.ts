import type { Entry, Position } from '../../model/entry.ts'

/** Where followers read. */
export type Followed = {
  /** What memory holds after a position (empty at the end); undefined where `read` must be asked. */
  recent(after: Position): readonly Entry[] | undefined
  /** Entries after a position, up to the end as of now. */
  read(after: Position): AsyncIterable<readonly Entry[]>
}

/** All who follow one log. */
export type Followers = {
  /** Entries after `after`, then new ones as they come, until `signal` aborts or the log closes. */
  follow(
    log: Followed,
    after: Position,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Entry[], void, undefined>
  /** Tells everybody that there are new entries. */
  wake(): void
  /** Ends everybody. */
  end(): void
}

/** Nobody yet. */
export const followers = (): Followers => {
  const waiting = new Set<() => void>()
  let ended = false
  const wake = () => {
    for (const go of [...waiting]) go()
  }

  const untilWoken = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const go = () => {
        waiting.delete(go)
        signal.removeEventListener('abort', go)
        resolve()
      }
      waiting.add(go)
      signal.addEventListener('abort', go)
    })

  async function* follow(log: Followed, after: Position, signal: AbortSignal) {
    if (!Number.isSafeInteger(after) || after < 0) throw new RangeError(`${after} is no position`)
    let position = after
    const over = () => ended || signal.aborted
    while (!over()) {
      const recent = log.recent(position)
      if (recent === undefined) {
        for await (const entries of log.read(position)) {
          if (over()) return
          position += entries.length
          yield entries
          if (over()) return
        }
      } else if (recent.length > 0) {
        position += recent.length
        yield recent
      } else {
        await untilWoken(signal)
      }
    }
  }

  return {
    follow,
    wake,
    end: () => {
      ended = true
      wake()
    },
  }
}
