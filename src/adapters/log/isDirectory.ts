import { stat } from 'node:fs/promises'
import { logDamaged } from './logDamaged.ts'

/** Whether there is a directory at `path`; false for nothing. Throws a `LogDamaged` for anything else. */
export const isDirectory = async (path: string): Promise<boolean> => {
  try {
    if ((await stat(path)).isDirectory()) return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  throw logDamaged(path, 0, 'this is no directory')
}
