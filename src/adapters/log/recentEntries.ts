import type { Entry, Position } from '../../model/entry.ts'

/** The newest entries, kept in memory for those who follow the log. */
export type RecentEntries = {
  /** Adds the entry that follows the last one; `bytes` is its encoded size. Drops the oldest beyond the bounds. */
  push(entry: Entry, bytes: number): void
  /** Entries after `position`, `batchEntries` at most; undefined when these are no longer held. */
  after(position: Position): readonly Entry[] | undefined
}

const batchEntries = 1024

/** Holds the entries after `end` that are pushed, within both bounds. */
export const recentEntries = (
  end: Position,
  bounds: { readonly entries: number; readonly bytes: number },
): RecentEntries => {
  const held: Entry[] = []
  const sizes: number[] = []
  let first = end + 1
  let total = 0
  return {
    push: (entry, bytes) => {
      held.push(entry)
      sizes.push(bytes)
      total += bytes
      while (held.length > bounds.entries || total > bounds.bytes) {
        held.shift()
        total -= sizes.shift() ?? 0
        first += 1
      }
    },
    after: (position) => {
      const from = position + 1 - first
      return from < 0 ? undefined : held.slice(from, from + batchEntries)
    },
  }
}
