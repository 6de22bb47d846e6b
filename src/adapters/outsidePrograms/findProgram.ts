import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { cachedProgram } from './cachedProgram.ts'
import { type Environment, type FoundProgram, type MissingProgram, missing } from './outsideProgram.ts'
import { runProgram } from './runProgram.ts'

export type Search = {
  readonly name: string
  /** The version that is fetched into the cache. */
  readonly version: string
  /** The variable that names a binary and wins over the search. */
  readonly variable: string
  readonly versionArgs: readonly string[]
  /** Its first group is the version in what the program prints. */
  readonly versionPattern: RegExp
  /** Why this version cannot be used, if so. */
  readonly refuse?: (version: string) => string | undefined
  readonly advice: string
}

/** The program by its variable, PATH or the cache. What is on PATH but cannot be used is passed over, and named in
 *  the problem when nothing better comes. */
export const findProgram = async (
  search: Search,
  env: Environment,
): Promise<Either<MissingProgram, FoundProgram>> => {
  const named = env[search.variable]
  if (named) {
    const version = await versionOf(search, named, env)
    return 'problem' in version
      ? left(
          missing(
            `${search.variable} names ${named}, which ${version.problem}`,
            `unset it, or ${search.advice}`,
          ),
        )
      : right({ path: named, version: version.version, from: search.variable })
  }
  const problems: string[] = []
  for (const { path, from } of [
    ...(await onPath(search.name, env)),
    ...(await inCache(search, env, problems)),
  ]) {
    const version = await versionOf(search, path, env)
    if ('version' in version) return right({ path, version: version.version, from })
    problems.push(`${path} (${from}) ${version.problem}`)
  }
  return left(missing(problems.join('; ') || 'neither on PATH nor in the cache', search.advice))
}

type Candidate = { readonly path: string; readonly from: string }

const onPath = async (name: string, env: Environment): Promise<readonly Candidate[]> => {
  const directories = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '')
  const paths = directories.map((directory) => join(directory, name))
  const executable = await Promise.all(paths.map(isExecutable))
  return paths.filter((_, i) => executable[i]).map((path) => ({ path, from: 'PATH' }))
}

const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

const inCache = async (
  search: Search,
  env: Environment,
  problems: string[],
): Promise<readonly Candidate[]> => {
  const cached = await cachedProgram(search.name, search.version, env)
  if (cached.state === 'damaged') problems.push(`${cached.path} (cache) is not whole`)
  return cached.state === 'whole' ? [{ path: cached.path, from: 'cache' }] : []
}

/** The version that the binary at `path` says it has, or what is wrong with it. */
export const versionOf = async (
  search: Search,
  path: string,
  env: Environment,
): Promise<{ readonly version: string } | { readonly problem: string }> => {
  const ran = await runProgram(path, search.versionArgs, { env, limitMs: 20_000 })
  if (ran.code !== 0) return { problem: `does not run (${ran.problem ?? `exit code ${ran.code}`})` }
  const version = search.versionPattern.exec(ran.output)?.[1]
  if (version === undefined) return { problem: `does not say that it is ${search.name}` }
  const refused = search.refuse?.(version)
  return refused === undefined ? { version } : { problem: refused }
}
