import { join } from 'node:path'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { fetchIntoCache } from './fetchIntoCache.ts'
import { findProgram, type Search } from './findProgram.ts'
import { type Environment, type MissingProgram, missing, type OutsideProgram } from './outsideProgram.ts'
import { reportingStillBusy } from './reportingStillBusy.ts'
import { runProgram } from './runProgram.ts'

const version = '2.14.9'
const buildLimitMs = 10 * 60_000

/** Servers before 2.10 (Debian's 2.9.10 among them) break compare-and-set on replicated streams, and know no
 *  `sync_interval: always`; a log on them may lose what it acknowledged. */
const refuse = (found: string): string | undefined => {
  const [major = 0, minor = 0] = found.split('.').map(Number)
  return major < 2 || (major === 2 && minor < 10)
    ? `is ${found}, and 2.10 is the oldest that is safe`
    : undefined
}

const search: Search = {
  name: 'nats-server',
  version,
  variable: 'RUTTER_NATS_SERVER',
  versionArgs: ['--version'],
  // `nats-server: v2.14.9`
  versionPattern: /nats-server: v(\d+\.\d+\.\d+)/,
  refuse,
  advice: `run \`rutter check --fix\` (needs Go), or set RUTTER_NATS_SERVER to a binary of nats-server 2.10 or newer`,
}

/** The NATS server: built with Go where Go is. Only a mesh with NATS needs it. */
export const natsServerProgram: OutsideProgram = {
  name: 'nats-server',
  variable: search.variable,
  find: (env) => findProgram(search, env),
  fetch: (env, progress, signal) =>
    fetchIntoCache(search, env, (directory) => buildWithGo(directory, { env, signal }, progress)),
}

const buildWithGo = async (
  directory: string,
  { env, signal }: { readonly env: Environment; readonly signal: AbortSignal | undefined },
  progress: (line: string) => void,
): Promise<Either<MissingProgram, string>> => {
  const byHand = 'install Go, or set RUTTER_NATS_SERVER to a binary of nats-server 2.10 or newer'
  const go = await runProgram('go', ['version'], { env, limitMs: 60_000 })
  if (go.code !== 0) return left(missing('there is no Go to build it with', byHand))
  progress(`Building nats-server ${version} with go install …`)
  const built = await reportingStillBusy(progress, 'building nats-server', () =>
    runProgram('go', ['install', `github.com/nats-io/nats-server/v2@v${version}`], {
      env: { ...env, GOBIN: directory, CGO_ENABLED: '0' },
      limitMs: buildLimitMs,
      signal,
    }),
  )
  if (built.code === 0) return right(join(directory, 'nats-server'))
  const reason = built.output.trim().split('\n').slice(-2).join(' ') || built.problem
  return left(missing(`go install failed: ${reason}`, byHand))
}
