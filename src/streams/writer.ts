import { type Either, isLeft, isRight, left, right } from 'fp-ts/lib/Either.js'
import { canonicalJson } from '../model/canonicalJson.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { Entry } from '../model/entry.ts'
import type { Envelope } from '../model/event.ts'
import type { Mesh, Snapshot } from '../model/mesh.ts'
import type { Resource } from '../model/resource.ts'
import type { Rejection, WriteRequest, Written } from '../model/write.ts'
import type { Clock, EventLog } from '../ports.ts'
import { type Admitted, admit } from '../reducers/admit.ts'
import { reduceMesh } from '../reducers/mesh.ts'
import type { Head } from './head.ts'

/** The one place that appends. Requests that come while an append is under way share the next entry. */
export type Writer = {
  /** Resolves once what was appended is durable and folded into the head. */
  write(request: WriteRequest): Promise<Either<Rejection, Written>>
  counters(): {
    readonly waiting: number
    readonly appended: number
    readonly conflicts: number
    readonly refused: number
  }
}

/** What the diagnostics of `resources` are in a mesh that may not have come to be. */
export type Diagnose = (mesh: Mesh, resources: readonly Resource[]) => readonly (readonly Diagnostic[])[]

type Job = { readonly request: WriteRequest; resolve(answer: Either<Rejection, Written>): void }
type Prepared = { readonly job: Job; readonly admitted: Admitted; readonly events: readonly Envelope[] }

/** More requests than this wait for no append: the log must be stuck. */
const maxWaiting = 10_000
/** Events of several requests that may share an entry; one request alone may bring more. */
const maxSharedEvents = 2_000
/** Conflicts in a row after which a writer says that others keep it from writing. Of five controllers that never stop
 *  writing one was seen to lose some twenty times; a turn takes a few milliseconds. */
const maxConflicts = 200

export const createWriter = (
  log: EventLog,
  head: Head,
  clock: Pick<Clock, 'nowMs' | 'newId'>,
  diagnose: Diagnose,
): Writer => {
  let jobs: Job[] = []
  let running = false
  const counters = { appended: 0, conflicts: 0, refused: 0 }

  const run = async (): Promise<void> => {
    running = true
    // The first of a burst goes at once; what comes in the same turn of the event loop joins it.
    await Promise.resolve()
    while (jobs.length > 0) {
      const batch = jobs
      jobs = []
      await settle(batch, 0).catch((reason: unknown) => refuseAll(batch, unavailable(reason)))
    }
    running = false
  }

  const refuseAll = (batch: readonly Job[], rejection: Rejection): void => {
    counters.refused += batch.length
    for (const job of batch) job.resolve(left(rejection))
  }

  const settle = async (batch: readonly Job[], conflicts: number): Promise<void> => {
    const base = head.current()
    const { prepared, later } = prepare(batch, base)
    const events = prepared.flatMap((one) => one.events)
    if (events.length > 0) {
      const appended = await log.append(events, base.position)
      if (isRight(appended)) {
        counters.appended += 1
        const { mesh } = await head.reached(appended.right.position)
        // Asked once for all: going to another mesh and back costs what lies between, for each who asks.
        const found = diagnose(
          mesh,
          prepared.flatMap(({ admitted }) => resourcesOf(admitted)),
        )
        let from = 0
        for (const { job, admitted } of prepared) {
          const to = from + admitted.items.length
          job.resolve(right(answer(admitted, appended.right, found.slice(from, to))))
          from = to
        }
      } else if (appended.left._tag === 'Conflict') {
        counters.conflicts += 1
        if (conflicts >= maxConflicts) throw new Error('other writers keep appending first')
        await head.reached(appended.left.end)
        await settle(
          prepared.map(({ job }) => job),
          conflicts + 1,
        )
      } else if (prepared.length > 1) {
        for (const { job } of prepared) await settle([job], conflicts)
      } else {
        const rejection = tooLarge(appended.left.limitBytes)
        for (const { job } of prepared) job.resolve(left(rejection))
      }
    }
    if (later.length > 0) await settle(later, conflicts)
  }

  /** Admits one request after another, each in the mesh that those before it make; answers at once what appends
   *  nothing. */
  const prepare = (
    batch: readonly Job[],
    base: Snapshot,
  ): { prepared: Prepared[]; later: readonly Job[] } => {
    const prepared: Prepared[] = []
    let folded = base
    let count = 0
    for (const [i, job] of batch.entries()) {
      if (count > 0 && count + job.request.changes.length > maxSharedEvents)
        return { prepared, later: batch.slice(i) }
      const admitted = admit(folded.mesh, job.request)
      if (isLeft(admitted)) {
        counters.refused += 1
        job.resolve(admitted)
        continue
      }
      const events = envelopes(admitted.right, job.request, folded.at)
      if (job.request.dryRun === true && Buffer.byteLength(canonicalJson(events)) > log.limitBytes()) {
        job.resolve(left(tooLarge(log.limitBytes())))
        continue
      }
      const entry: Entry = { position: base.position + 1, hash: '', events }
      if (events.length === 0 || job.request.dryRun === true) {
        const after = events.length === 0 ? folded : reduceMesh(folded, [entry])
        // An unchanged resource that an earlier request of this entry made is not durable yet; it waits along.
        if (job.request.dryRun === true || folded === base)
          job.resolve(
            right(answer(admitted.right, dry(base), diagnose(after.mesh, resourcesOf(admitted.right)))),
          )
        else prepared.push({ job, admitted: admitted.right, events })
        continue
      }
      prepared.push({ job, admitted: admitted.right, events })
      count += events.length
      folded = reduceMesh(folded, [entry])
    }
    return { prepared, later: [] }
  }

  const envelopes = (admitted: Admitted, request: WriteRequest, after: string): Envelope[] => {
    const now = new Date(clock.nowMs()).toISOString()
    const at = now > after ? now : after
    return admitted.events.map((event) => ({
      ...event,
      id: clock.newId(),
      at,
      actor: request.actor,
      source: request.source,
    }))
  }

  return {
    write: (request) =>
      new Promise((resolve) => {
        if (jobs.length >= maxWaiting) {
          counters.refused += 1
          resolve(left({ _tag: 'Unavailable', message: 'too many writes are waiting for the log' }))
          return
        }
        jobs.push({ request, resolve })
        if (!running) void run()
      }),
    counters: () => ({ waiting: jobs.length, ...counters }),
  }
}

const dry = (base: Snapshot): Pick<Entry, 'position'> => ({ position: base.position })

const tooLarge = (limitBytes: number): Rejection => ({
  _tag: 'TooLarge',
  message: `the log takes at most ${limitBytes} bytes in one entry`,
})

const unavailable = (reason: unknown): Rejection => ({
  _tag: 'Unavailable',
  message: `the log cannot be written: ${reason instanceof Error ? reason.message : String(reason)}`,
})

const resourcesOf = ({ items }: Admitted): readonly Resource[] => items.map(({ resource }) => resource)

/** `diagnostics`: of each item of `admitted`. */
const answer = (
  admitted: Admitted,
  entry: Pick<Entry, 'position'>,
  diagnostics: readonly (readonly Diagnostic[])[],
): Written => {
  const items = admitted.items.map(({ outcome, resource, before }, i) => ({
    outcome,
    resource,
    position: outcome === 'unchanged' ? (before?.position ?? entry.position) : entry.position,
    diagnostics: outcome === 'removed' ? [] : (diagnostics[i] ?? []),
  }))
  return { position: Math.max(0, ...items.map(({ position }) => position)), items }
}
