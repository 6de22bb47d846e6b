import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

/** The version of some content: 128 bits of its SHA-256 in base64url, 22 characters, the same on every controller.
 *  Also for text, such as the versions of parts, joined. */
export const contentHash = (content: Uint8Array | string): string => {
  scratch.write(hash('sha256', content, 'base64url'), 'latin1')
  // A slice of the whole text would keep all of it.
  return scratch.toString('latin1', 0, 22)
}

const scratch = Buffer.alloc(64)
