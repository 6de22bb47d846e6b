import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { watch } from 'chokidar'
import { type Either, isRight } from 'fp-ts/lib/Either.js'
import { authoritiesOf, type SecretProblem, type Secrets, secretOf } from '../../model/secret.ts'
import type { XdsResource } from '../../model/xds.ts'
import { settle } from '../configDirectory/settle.ts'
import { apart, type ReadSecret, readSecret } from './readSecret.ts'

/** Secrets in files that are watched. */
export type SecretFiles = Secrets & {
  close(): Promise<void>
  readonly counters: { readonly secrets: number; readonly unusable: number; readonly beyondBound: number }
}

export type SecretFilesOptions = {
  /** Told the names of what came, changed or went. */
  readonly changed: (names: readonly string[]) => void
  /** Now, in milliseconds since 1970. */
  readonly nowMs: () => number
  /** Told when there is no such directory at the start. */
  readonly notice?: (line: string) => void
  /** How long nothing may change before the files count as settled; default 50. */
  readonly quietMs?: number
  /** A look even when the watcher says nothing; default 5,000. */
  readonly rescanMs?: number
}

const settleAtMostMs = 1_000
/** Secrets that are read; others count in `beyondBound`. */
const maxSecrets = 10_000

type Kept = {
  /** As last read. */
  readonly state: Either<SecretProblem, ReadSecret>
  /** What is served: a secret that was good stays until a better one comes, or its files are gone. */
  readonly served: readonly XdsResource[]
}

/** The secrets `<directory>/<namespace>/<name>/{tls.crt,tls.key,ca.crt,ca.crl}`, followed as the files change in whatever
 *  way. The authorities of a secret are those of `<name>-cacert`, where there is one. Resolves after the first look; never
 *  rejects. Half a change (a certificate whose key is still the old one) is not served: what was good goes on. */
export const secretFiles = async (directory: string, options: SecretFilesOptions): Promise<SecretFiles> => {
  const { changed, nowMs, notice = () => {}, quietMs = 50, rescanMs = 5_000 } = options
  const kept = new Map<string, Kept>()
  const resources = new Map<string, XdsResource>()
  let beyondBound = 0
  let closed = false
  let isDue = false
  let running: Promise<void> | undefined

  const look = async (): Promise<void> => {
    const names = await namesIn(directory)
    beyondBound = Math.max(0, names.length - maxSecrets)
    const before = new Map(resources)
    const present = new Set(names.slice(0, maxSecrets))
    for (const name of kept.keys()) if (!present.has(name)) kept.delete(name)
    for (const name of present) {
      const state = await readSecret(join(directory, name), name)
      kept.set(name, {
        state,
        served: isRight(state) ? state.right.resources : servedStill(state.left, name),
      })
    }
    resources.clear()
    for (const [name, { served }] of kept)
      for (const one of served)
        if (one.name !== authoritiesOf(name) || !present.has(`${name}${apart}`)) resources.set(one.name, one)
    const differing = [...new Set([...before.keys(), ...resources.keys()])].filter(
      (name) => before.get(name)?.version !== resources.get(name)?.version,
    )
    if (differing.length > 0 && !closed) changed(differing)
  }
  const servedStill = ({ kind }: SecretProblem, name: string): readonly XdsResource[] =>
    kind === 'missing' ? [] : (kept.get(name)?.served ?? [])

  // One look at a time; what comes meanwhile makes one more.
  const run = async (): Promise<void> => {
    while (isDue && !closed) {
      isDue = false
      await look()
    }
    running = undefined
  }
  const start = (): void => {
    isDue = true
    running ??= run()
  }
  const settling = settle(quietMs, settleAtMostMs, start)
  const watcher = watch(directory, { ignoreInitial: true, ignorePermissionErrors: true, depth: 3 })
  for (const event of ['all', 'ready', 'error'] as const) watcher.on(event, settling.touch)
  const rescan = setInterval(start, rescanMs)
  start()
  await running
  if (!(await isDirectory(directory)))
    notice(`there is no directory ${directory}; secrets are read when there is`)

  const problem = (name: string): SecretProblem | undefined => {
    const secret = secretOf(name)
    const verifies = name === authoritiesOf(secret)
    const read = verifies && kept.has(`${secret}${apart}`) ? `${secret}${apart}` : secret
    const state = kept.get(read)?.state
    const missing = (what: string): SecretProblem => ({ kind: 'missing', message: `there is no ${what}` })
    if (state === undefined) return missing(join(directory, read))
    if (!isRight(state)) return state.left
    const { authoritiesEndAtMs, certificateEndsAtMs } = state.right
    const endsAtMs = verifies ? authoritiesEndAtMs : certificateEndsAtMs
    if (endsAtMs === undefined)
      return missing(`${verifies ? 'ca.crt' : 'tls.crt'} in ${join(directory, read)}`)
    const ended = `${verifies ? 'its last authority' : 'its certificate'} ended at`
    return endsAtMs >= nowMs()
      ? undefined
      : { kind: 'expired', message: `${ended} ${new Date(endsAtMs).toISOString()}` }
  }
  return {
    resource: (name) => resources.get(name),
    problem,
    get counters() {
      const unusable = [...kept.values()].filter(({ state }) => !isRight(state)).length
      return { secrets: kept.size, unusable, beyondBound }
    },
    close: async () => {
      closed = true
      settling.stop()
      clearInterval(rescan)
      await watcher.close()
      await running
    },
  }
}

const isDirectory = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

/** `<namespace>/<name>` of every directory two levels down; none where there is nothing to read. */
const namesIn = async (directory: string): Promise<readonly string[]> => {
  const namespaces = await subdirectories(directory)
  const names = await Promise.all(
    namespaces.map(async (namespace) =>
      (await subdirectories(join(directory, namespace))).map((name) => `${namespace}/${name}`),
    ),
  )
  return names.flat().sort()
}

const subdirectories = async (directory: string): Promise<readonly string[]> => {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
      .map(({ name }) => name)
  } catch {
    return []
  }
}
