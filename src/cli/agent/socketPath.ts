import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Unix allows paths of sockets of 107 bytes. */
const maxBytes = 100

/** Where the socket `name` of the agent with this state directory is: in it, or where that is too long a path, always at
 *  the same place in the temporary directory. */
export const socketPath = (state: string, name: string): string => {
  const path = join(state, name)
  if (Buffer.byteLength(path) <= maxBytes) return path
  return join(tmpdir(), `rutter-${createHash('sha256').update(path).digest('hex').slice(0, 12)}.sock`)
}
