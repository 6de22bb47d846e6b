import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { logInUse } from './logInUse.ts'

/** Gives the lock up. */
export type Unlock = () => Promise<void>

/** Locks `directory` for this process; rejects with a `LogInUse` while anybody else holds the lock. Of several who
 *  ask at once at most one gets it.
 *
 *  The lock is a listening Unix socket in the directory, named after its process. The kernel closes it when the
 *  process dies, however it dies, so a lock without a listener is stale; process ids may be used again without
 *  harm. Everybody listens first and looks for others then: of two, one at least sees the other. The directory
 *  must be on a file system of this machine. */
export const lockDirectory = async (directory: string): Promise<Unlock> => {
  const name = `lock-${process.pid}-${randomBytes(4).toString('hex')}`
  const folder = await open(directory, 'r')
  let server: Server | undefined
  const unlock = async () => {
    if (server !== undefined) await stopListening(server)
    await folder.close()
  }
  try {
    server = await listen(socketPath(directory, folder, name))
    for (const other of await locksIn(directory)) {
      if (other !== name && (await isHeld(socketPath(directory, folder, other)))) {
        throw logInUse(directory, Number(other.split('-')[1]))
      }
    }
    return unlock
  } catch (error) {
    await unlock()
    throw error
  }
}

const locksIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((name) => /^lock-\d+-[0-9a-f]{8}$/.test(name))

// A socket's path has room for 107 bytes; the kernel's short name for an open directory always fits.
const socketPath = (directory: string, folder: FileHandle, name: string): string => {
  const path = join(directory, name)
  return Buffer.byteLength(path) > 100 ? `/proc/self/fd/${folder.fd}/${name}` : path
}

const listen = (path: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    // Any user may ask, or a dead lock of another user would look like a living one.
    server.listen({ path, writableAll: true }, () => resolve(server.unref()))
  })

const stopListening = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()))

/** Whether somebody listens at `path`; removes a socket whose owner is dead. */
const isHeld = async (path: string): Promise<boolean> => {
  const code = await new Promise<string | undefined>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
  if (code === 'ENOENT') return false
  if (code !== 'ECONNREFUSED') return true
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  return false
}
