import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes `directory`, and what is missing above it. Rejects with the reason where it cannot be made; Node's own
 *  `recursive` goes round for ever where no directory can be, as below `/proc`. */
export const makeDirectories = async (directory: string, mode?: number): Promise<void> => {
  try {
    await makeEach(directory, mode)
  } catch (error) {
    throw new Error(`${directory} cannot be made: ${(error as Error).message}`, { cause: error })
  }
}

const makeEach = async (directory: string, mode?: number): Promise<void> => {
  const above = dirname(directory)
  try {
    await makeOne(directory, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === directory) throw error
    await makeEach(above, mode)
    await makeOne(directory, mode)
  }
}

/** One that is there, or that another makes meanwhile, is good too. */
const makeOne = async (directory: string, mode?: number): Promise<void> => {
  try {
    await mkdir(directory, mode)
  } catch (error) {
    const there = await stat(directory).catch(() => undefined)
    if (there?.isDirectory() !== true) throw error
  }
}
