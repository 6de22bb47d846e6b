import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Puts a file with `bytes` at `path`, whole or not at all, whatever crashes; `temporary` lies in the same
 *  directory, and what stands there is overwritten. Rejects with the cause when the disk refuses. */
export const writeDurably = async (
  path: string,
  temporary: string,
  bytes: Uint8Array | readonly Uint8Array[],
): Promise<void> => {
  const file = await open(temporary, 'w')
  try {
    try {
      for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) await file.writeFile(part)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Makes the names in `directory` durable. */
export const syncDirectory = async (directory: string): Promise<void> => {
  const folder = await open(directory, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
