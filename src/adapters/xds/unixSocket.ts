import { chmod, lstat, unlink } from 'node:fs/promises'
import { createConnection } from 'node:net'

/** Removes the socket file at `path` when nobody listens on it any more. Rejects when somebody does, or when what is
 *  there is no socket. */
export const clearStaleSocket = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} is there already and is no socket`)
  if (await answers(path)) throw new Error(`another process listens on ${path}`)
  await unlink(path)
}

/** Lets only this user open the socket at `path`. */
export const restrictSocket = (path: string): Promise<void> => chmod(path, 0o600)

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(path)
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
