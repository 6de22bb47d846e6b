import { rm } from 'node:fs/promises'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { makeFetchDirectory, putInCache } from './cachedProgram.ts'
import { type Search, versionOf } from './findProgram.ts'
import { type Environment, type FoundProgram, type MissingProgram, missing } from './outsideProgram.ts'

/** Gets a binary into `directory`; its path there. */
export type Download = (directory: string) => Promise<Either<MissingProgram, string>>

/** The program by `download`, checked by running it, then put into the cache. */
export const fetchIntoCache = async (
  search: Search,
  env: Environment,
  download: Download,
): Promise<Either<MissingProgram, FoundProgram>> => {
  let directory: string | undefined
  try {
    directory = await makeFetchDirectory(search.name, search.version, env)
    const downloaded = await download(directory)
    if (isLeft(downloaded)) return downloaded
    const version = await versionOf(search, downloaded.right, env)
    if ('problem' in version) {
      return left(missing(`the ${search.name} that was fetched ${version.problem}`, search.advice))
    }
    const path = await putInCache(downloaded.right, search.name, search.version, env)
    return right({ path, version: version.version, from: 'cache' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return left(
      missing(
        code === 'ENOSPC' ? 'the disk is full' : `the cache cannot be written (${message})`,
        'set RUTTER_CACHE to a directory with room that may be written',
      ),
    )
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true })
  }
}
