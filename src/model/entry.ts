import type { Envelope } from './event.ts'

/** Counts the entries of a log from 1; 0 stands before the first. */
export type Position = number

/** What one append wrote: all of it or nothing. */
export type Entry = {
  readonly position: Position
  /** Hex SHA-256 of the hash before, a line feed and the RFC 8785 JSON of `events` (contract §5). */
  readonly hash: string
  readonly events: readonly Envelope[]
}

/** The hash that stands before the first entry: 64 zeros. */
export const genesisHash = '0'.repeat(64)
