import { hash } from 'node:crypto'

/** The version of some content: 128 bits of its SHA-256 in base64url, 22 characters, the same on every controller.
 *  Also for text, such as the versions of parts, joined. */
export const contentHash = (content: Uint8Array | string): string =>
  hash('sha256', content, 'base64url').slice(0, 22)
