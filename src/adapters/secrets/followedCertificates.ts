import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { isRight } from 'fp-ts/lib/Either.js'
import type { CertificateFile, CertificateFileState } from '../../model/certificateFile.ts'
import { settle } from '../configDirectory/settle.ts'
import { wholeCertificates } from './wholeCertificates.ts'

/** Files of certificates that are followed from when they are first asked for. */
export type FollowedCertificates = {
  readonly state: CertificateFileState
  close(): Promise<void>
  readonly counters: {
    readonly changed: number
    readonly halfSeen: number
    readonly unusable: number
    readonly beyondBound: number
  }
}

export type FollowedCertificatesOptions = {
  /** Told the names of secrets whose state is another now. */
  readonly changed: (names: readonly string[]) => void
  /** Told what an operator should know. */
  readonly notice: (message: string) => void
  /** Now, in milliseconds. */
  readonly monotonicMs: () => number
  /** How long nothing may change before the files count as settled; default 50. */
  readonly quietMs?: number
  /** A look even when the watcher says nothing; default 5,000. */
  readonly rescanMs?: number
  /** How long files must have been as they are for their second state; default 2,000. */
  readonly stillMs?: number
  /** How long files may be half changed before it is told; default 10,000. */
  readonly patienceMs?: number
}

const settleAtMostMs = 1_000
/** Secrets that are followed; of others the state is '' always. A proxy has two. */
const maxFollowed = 16

type Followed = {
  readonly files: readonly CertificateFile[]
  /** The hash of what is in them, as last seen whole. */
  content: string
  sinceMs: number
  state: string
  /** Since when they are no longer whole, in milliseconds; undefined: they are, or not there. */
  halfSinceMs: number | undefined
  isTold: boolean
}

/** Follows files of certificates, however they change: moved into place or written over. Files that are half changed, a
 *  certificate whose key is still the old one, stay in their last whole state; for long, it is told. Whole ones have two
 *  states, one at once and one when they have been still for a while: who reads them at the first may meet them as they
 *  are written once more, with nothing new. */
export const followedCertificates = (options: FollowedCertificatesOptions): FollowedCertificates => {
  const { changed, notice, monotonicMs, quietMs = 50, rescanMs = 5_000 } = options
  const { stillMs = 2_000, patienceMs = 10_000 } = options
  const followed = new Map<string, Followed>()
  const watched = new Set<string>()
  let watcher: FSWatcher | undefined
  const counted = { changed: 0, halfSeen: 0, beyondBound: 0 }

  /** Looks at the files of `one`; true where their state is another than before. */
  const isOther = (name: string, one: Followed): boolean => {
    const read = wholeCertificates(one.files)
    if (isRight(read)) {
      if (one.isTold) notice(`the files of ${name} are whole again, and Envoy reads them`)
      one.halfSinceMs = undefined
      one.isTold = false
      if (read.right !== one.content) {
        Object.assign(one, { content: read.right, state: read.right, sinceMs: monotonicMs() })
        return true
      }
      if (one.state !== one.content || monotonicMs() - one.sinceMs < stillMs) return false
      one.state = createHash('sha256').update(one.content).digest('hex')
      return true
    }
    const { kind, message } = read.left
    if (kind === 'absent') one.halfSinceMs = undefined
    else {
      counted.halfSeen += 1
      one.halfSinceMs ??= monotonicMs()
      if (!one.isTold && monotonicMs() - one.halfSinceMs >= patienceMs) {
        one.isTold = true
        notice(`${name}: ${message}; until it is whole, Envoy goes on with what it has read before`)
      }
    }
    return false
  }

  const look = (): void => {
    const names = [...followed].filter(([name, one]) => isOther(name, one)).map(([name]) => name)
    counted.changed += names.length
    if (names.length > 0) changed(names)
  }
  const settling = settle(quietMs, settleAtMostMs, look)
  const rescan = setInterval(look, rescanMs)

  const watchOver = (files: readonly CertificateFile[]): void => {
    for (const { path } of files) {
      const directory = dirname(path)
      if (watched.has(directory)) continue
      watched.add(directory)
      if (watcher !== undefined) watcher.add(directory)
      else {
        watcher = watch(directory, { ignoreInitial: true, ignorePermissionErrors: true, depth: 1 })
        for (const event of ['all', 'ready', 'error'] as const) watcher.on(event, settling.touch)
      }
    }
  }

  return {
    state: (name, files) => {
      const known = followed.get(name)
      if (known !== undefined && areSame(known.files, files)) return known.state
      if (known === undefined && followed.size >= maxFollowed) {
        counted.beyondBound += 1
        return ''
      }
      const one: Followed = {
        files,
        content: '',
        sinceMs: monotonicMs(),
        state: '',
        halfSinceMs: undefined,
        isTold: false,
      }
      followed.set(name, one)
      isOther(name, one)
      watchOver(files)
      return one.state
    },
    close: async () => {
      settling.stop()
      clearInterval(rescan)
      await watcher?.close()
    },
    get counters() {
      const unusable = [...followed.values()].filter(({ halfSinceMs }) => halfSinceMs !== undefined).length
      return { ...counted, unusable }
    },
  }
}

const areSame = (a: readonly CertificateFile[], b: readonly CertificateFile[]): boolean =>
  a.length === b.length && a.every(({ path, holds }, i) => b[i]?.path === path && b[i]?.holds === holds)
