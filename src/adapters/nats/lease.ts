import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { subjectToken } from '../../model/subjectToken.ts'
import type { NatsLink } from './connectNats.ts'
import { type LeaseRecord, leaseRecords } from './leaseRecords.ts'
import { leaseSubjects } from './meshStream.ts'

/** A right that one of many controllers has at a time. It saves work that all of them could do; it does not make what
 *  they do right: that is the log's expected position. */
export type Lease = {
  /** Whether this one has it now, by its own clock. */
  holds(): boolean
  /** Whom the last word was from; undefined while nobody is known to have it. */
  holder(): string | undefined
  counters(): { readonly leader: number; readonly taken: number; readonly lost: number }
  /** Gives it up, so that another may take it at once. */
  close(): Promise<void>
}

export type LeaseOptions = {
  readonly mesh: string
  /** What it is for; equal for all who want the same. */
  readonly name: string
  /** Who this is: one token, shown to others. */
  readonly id: string
  /** Told whenever it was taken or lost. */
  readonly changed: () => void
  /** Told what keeps it from being asked for; each thing once. */
  readonly notice: (message: string) => void
  readonly limits?: Partial<LeaseLimits>
}

/** Bounds of a lease. */
export type LeaseLimits = {
  /** Whoever has it says so so often. */
  readonly renewEveryMs: number
  /** It is given up when so long nothing could be said. */
  readonly holdMs: number
  /** Others take it when so long nothing was heard: longer than `holdMs`, so that no two have it at a time. */
  readonly freeAfterMs: number
  readonly answerMs: number
}

const leaseLimits: LeaseLimits = {
  renewEveryMs: 1_500,
  holdMs: 4_000,
  freeAfterMs: 5_000,
  answerMs: 1_000,
}
/** Those who wait do not all ask in the same moment. */
const jitterMs = 300
const retryMs = 250

/** Takes part in who has the lease, until it is closed. A word of whoever has it stands in a stream of the mesh and is
 *  replaced by compare-and-set; nobody compares clocks, each counts from when it heard the last word. */
export const natsLease = (link: NatsLink, options: LeaseOptions): Lease => {
  const { mesh, name, changed, notice } = options
  const limits = { ...leaseLimits, ...options.limits }
  const me = `${options.id}.${randomUUID()}`
  const subject = leaseSubjects(mesh).of(subjectToken(name))
  const records = leaseRecords({
    js: jetstream(link.connection, { timeout: limits.answerMs }),
    manager: () => jetstreamManager(link.connection, { timeout: limits.answerMs, checkAPI: false }),
    mesh,
    subject,
  })
  const closing = new AbortController()
  let wake = new AbortController()
  /** The last word that was heard or read, whosever it is. */
  let last: Omit<LeaseRecord, 'sequence'> | undefined
  /** Of this one's own last word. */
  let sequence = 0
  let beat = 0
  let freeAtMs = 0
  let heldUntilMs = Number.NEGATIVE_INFINITY
  let held = false
  let expiry: NodeJS.Timeout | undefined
  let problem = ''
  const counted = { taken: 0, lost: 0 }

  const holds = (): boolean => performance.now() < heldUntilMs

  const look = (): void => {
    clearTimeout(expiry)
    if (holds()) expiry = setTimeout(look, heldUntilMs - performance.now())
    if (held === holds()) return
    held = !held
    counted[held ? 'taken' : 'lost'] += 1
    changed()
  }

  const heard = (record: Omit<LeaseRecord, 'sequence'>): void => {
    last = record
    const waitMs = record.holder === '' ? 0 : limits.freeAfterMs
    freeAtMs = performance.now() + waitMs + Math.random() * jitterMs
  }

  /** Says that it is held, after the word with sequence `after`; false when another word stands there. */
  const say = async (after: number): Promise<boolean> => {
    const saidMs = performance.now()
    beat += 1
    const stored = await records.replace({ holder: me, beat }, after)
    if (stored === undefined) return false
    sequence = stored
    last = { holder: me, beat }
    heldUntilMs = saidMs + limits.holdMs
    look()
    return true
  }

  const lose = (): void => {
    heldUntilMs = Number.NEGATIVE_INFINITY
    look()
  }

  const renew = async (): Promise<void> => {
    if (await say(sequence)) return
    const stands = await records.read()
    // Without an answer, this one's own word may be the other; servers that began anew know none.
    if (stands === undefined || stands.holder === me) sequence = stands?.sequence ?? 0
    else {
      heard(stands)
      lose()
    }
  }

  const claim = async (): Promise<void> => {
    const stands = await records.read()
    const isAlive =
      stands !== undefined &&
      stands.holder !== '' &&
      stands.holder !== me &&
      (stands.holder !== last?.holder || stands.beat !== last.beat)
    if (isAlive) heard(stands)
    // What was heard while this one read is a word of somebody alive as well.
    else if (performance.now() >= freeAtMs && !(await say(stands?.sequence ?? 0)))
      freeAtMs = performance.now() + retryMs
  }

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      let waitMs = retryMs
      try {
        if (holds()) await renew()
        else if (performance.now() >= freeAtMs) await claim()
        waitMs = holds() ? limits.renewEveryMs : Math.max(0, freeAtMs - performance.now())
        problem = ''
      } catch (error) {
        const { message } = error as Error
        // While there is no connection, that is what has been said.
        if (message !== problem && link.connected()) notice(`who reads ${name} cannot be settled: ${message}`)
        problem = message
      }
      wake = new AbortController()
      const woken = AbortSignal.any([closing.signal, wake.signal])
      await pause(waitMs, undefined, { signal: woken }).catch(() => undefined)
    }
  }

  const subscription = link.connection.subscribe(subject, {
    callback: (error, message) => {
      const record = error === null ? records.parse(message.data) : undefined
      if (record === undefined || record.holder === me) return
      heard(record)
      if (record.holder === '') wake.abort()
    },
  })
  const running = run()

  return {
    holds,
    holder: () => last?.holder.replace(/\..*/, '') || undefined,
    counters: () => ({ leader: holds() ? 1 : 0, ...counted }),
    close: async () => {
      closing.abort()
      subscription.unsubscribe()
      await running
      const mine = holds()
      lose()
      clearTimeout(expiry)
      if (mine && link.connected())
        await records.replace({ holder: '', beat: beat + 1 }, sequence).catch(() => undefined)
    },
  }
}
