import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory } from './cacheDirectory.ts'
import type { Environment } from './outsideProgram.ts'

export type CachedProgram = { readonly path: string; readonly state: 'whole' | 'damaged' | 'absent' }

const folderOf = (name: string, version: string, env: Environment): string =>
  join(cacheDirectory(env), name, version)

/** The cache's copy of a program. It counts as whole only with the size that was noted when it was put there: a
 *  binary that a full disk or a crash has cut off often still starts. */
export const cachedProgram = async (
  name: string,
  version: string,
  env: Environment,
): Promise<CachedProgram> => {
  const path = join(folderOf(name, version, env), name)
  const size = await stat(path).then(
    (found) => (found.isFile() ? found.size : -1),
    () => undefined,
  )
  if (size === undefined) return { path, state: 'absent' }
  const noted = await readFile(`${path}.bytes`, 'utf8').catch(() => '')
  return { path, state: noted.trim() === String(size) ? 'whole' : 'damaged' }
}

/** A new directory inside the cache, from which a file can be moved to its place at once. What fetches that were
 *  killed left behind is removed. Rejects when the cache cannot be written. */
export const makeFetchDirectory = async (
  name: string,
  version: string,
  env: Environment,
): Promise<string> => {
  const folder = folderOf(name, version, env)
  await mkdir(folder, { recursive: true })
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(fetchPrefix)) continue
    const path = join(folder, entry)
    const ageMs = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (ageMs > longestFetchMs) await rm(path, { recursive: true, force: true })
  }
  return mkdtemp(join(folder, fetchPrefix))
}

const fetchPrefix = '.fetch-'
/** Twice what a fetch may take. */
const longestFetchMs = 20 * 60_000

/** Puts the file `from` (in a directory of `makeFetchDirectory`) into the cache, executable, in place of what is
 *  there; where it stands now. Readers see the old file or the new one. */
export const putInCache = async (
  from: string,
  name: string,
  version: string,
  env: Environment,
): Promise<string> => {
  const path = join(folderOf(name, version, env), name)
  await chmod(from, 0o755)
  const file = await open(from, 'r')
  const { size } = await file.stat()
  await file.sync().finally(() => file.close())
  await writeFile(`${from}.bytes`, String(size))
  await rename(`${from}.bytes`, `${path}.bytes`)
  await rename(from, path)
  return path
}
