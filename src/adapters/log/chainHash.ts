import { createHash } from 'node:crypto'

/** Hex SHA-256 of the hash before (hex), a line feed and the canonical JSON of an entry's events (contract §5). */
export const chainHash = (before: string, payload: string | Uint8Array): string =>
  createHash('sha256').update(`${before}\n`).update(payload).digest('hex')
