import type { EventLog } from '../../ports.ts'

/** Appends to one log, one after the other. */
export type AppendQueue = {
  /** Rejects for no events, when the log is closed, and when too many wait. */
  readonly append: EventLog['append']
  /** True once `close` was called. */
  closed(): boolean
  /** Takes no more, lets what waits finish, then does `last`; only the first call counts. */
  close(last: () => Promise<void>): Promise<void>
}

// A caller that waits for its answer has one append under way; the bound is for one that does not.
const mostWaiting = 1024

/** A queue in front of `appendNow`. */
export const appendQueue = (appendNow: EventLog['append']): AppendQueue => {
  let turn: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let closing: Promise<void> | undefined
  return {
    append: async (events, expected) => {
      if (events.length === 0) throw new Error('an entry holds at least one event')
      if (closing !== undefined) throw new Error('the log is closed')
      if (waiting >= mostWaiting) throw new Error(`${mostWaiting} appends are waiting already`)
      waiting += 1
      const mine = turn
        .then(() => appendNow(events, expected))
        .finally(() => {
          waiting -= 1
        })
      turn = mine.catch(() => undefined)
      return mine
    },
    closed: () => closing !== undefined,
    close: (last) => {
      closing ??= turn.then(last)
      return closing
    },
  }
}
