import { isRight, right } from 'fp-ts/lib/Either.js'
import { map, type Observable, scan, tap } from 'rxjs'
import { type DeliveryLimits, defaultDeliveryLimits } from '../delivery/limits.ts'
import type { CertificateFileCheck, CertificateFileState } from '../model/certificateFile.ts'
import type { Entry, Position } from '../model/entry.ts'
import type { Waited } from '../model/fleet.ts'
import type { Snapshot } from '../model/mesh.ts'
import type { ProxyIdentity } from '../model/proxy.ts'
import type { Secrets } from '../model/secret.ts'
import type { Clock, Controller, ControllerBus, EventLog, XdsStream } from '../ports.ts'
import { diagnosticsOf } from '../projections/diagnostics/diagnostics.ts'
import { mayBe } from '../projections/mutualTls/mayBe.ts'
import { createProjector, type Projector, type Step } from '../projections/projector.ts'
import { reduceMesh } from '../reducers/mesh.ts'
import { controllerDoors } from './controllerDoors.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { createHead } from './head.ts'
import { createHolding, type Holding } from './holding.ts'
import { iterate } from './iterate.ts'
import { leadingThenEvery } from './leadingThenEvery.ts'
import { createPublishing, type Publishing } from './publishing.ts'
import { createSessions, type Identify, type Sessions } from './sessions.ts'
import { waitFor } from './waiting.ts'
import { wholeFleet } from './wholeFleet.ts'
import { createWriter, type Writer } from './writer.ts'

/** Snapshots are projected at once, and while more come at most once in this many milliseconds (design §7). */
const busyMs = 5
/** How often somebody who waits for a position looks. */
const lookEveryMs = 20

/** A controller that runs: its doors, and the way to end it. */
export type RunningController = {
  readonly controller: Controller
  accept(stream: XdsStream): void
  /** What is said to agents, where there is a bus. */
  readonly publishing: Publishing | undefined
  /** What is in the secrets of these names, or in the files that they name, came, changed or went. */
  secretsChanged(names: readonly string[]): void
  /** Resources that the proxies that are known here refuse now. */
  rejected(): number
  counters(): ReturnType<Writer['counters']> &
    ReturnType<Sessions['counters']> &
    ReturnType<Fleet['counters']> &
    ReturnType<Projector['counters']> &
    ReturnType<Holding['counters']> & { readonly position: Position; readonly projected: Position }
  /** Ends every stream and stops folding. The log is the caller's. */
  stop(): void
}

/** Runs a controller on `log` from `start`, to which the caller has folded it. `lost` is told when the log ends or
 *  cannot be believed; whoever started the controller decides what then. */
export const runController = (parts: {
  readonly log: EventLog
  readonly start: Snapshot
  readonly identify: Identify
  readonly clock: Clock
  readonly lost: (reason: Error) => void
  /** Told of every snapshot, with the hash of the log's entry at its position. */
  readonly folded?: (snapshot: Snapshot, logHash: string) => void
  readonly limits?: DeliveryLimits
  /** A stream is that of a node only where its client's certificate names it. */
  readonly bound?: boolean
  /** Between controllers and agents, where there is one. */
  readonly bus?: ControllerBus
  /** Certificates for listeners, and what is the matter with them; absent: none are served, and nobody asks. */
  readonly secrets?: Secrets
  /** What is the matter with files of certificates that rules name; absent: nobody looks. */
  readonly fileProblem?: CertificateFileCheck
  /** What is in the files of workloads' certificates on this machine, which Envoys on it read. */
  readonly fileState?: CertificateFileState
}): RunningController => {
  const { log, start, clock } = parts
  const head = createHead(start)
  const projector = createProjector(start, {
    secretProblem: parts.secrets?.problem,
    fileProblem: parts.fileProblem,
    isConnected: ({ identity }) => fleet.isConnected(identity.node),
  })
  const fleet: Fleet = createFleet(projector.concerned)
  const sessions = createSessions({
    projector,
    fleet,
    clock,
    identify: parts.identify,
    ...(parts.bound === true && {
      mayBe: (identity: ProxyIdentity, names: readonly string[]) =>
        mayBe(identity, names, projector.registry()),
    }),
    limits: parts.limits ?? defaultDeliveryLimits,
    project: () => project(),
    ...(parts.secrets && { secrets: parts.secrets }),
    ...(parts.fileState && { fileState: parts.fileState }),
  })
  const writer = createWriter(log, head, clock, (mesh, resources) =>
    projector.suppose(mesh, (registry) => resources.map((resource) => diagnosticsOf(resource, registry))),
  )

  const fail = (reason: Error): void => {
    head.fail(reason)
    parts.lost(reason)
  }

  const orFail = (work: () => void): void => {
    try {
      work()
    } catch (reason) {
      fail(reason as Error)
    }
  }

  const reached = async (position: Position, limitMs: number): Promise<void> => {
    const untilMs = clock.monotonicMs() + limitMs
    while (head.current().position < position) {
      if (clock.monotonicMs() >= untilMs) throw new Error(`the log has not come to ${position}`)
      await pause(lookEveryMs)
    }
    project()
  }
  const publishing =
    parts.bus &&
    createPublishing({
      bus: parts.bus,
      projector,
      fleet,
      clock,
      reached,
      identify: (node) => {
        const known = parts.identify({ id: node, metadata: {} })
        return isRight(known) ? right(known.right.identity) : known
      },
      standing: async ({ position, waitMs }) => {
        await waitHere(position, waitMs, new AbortController().signal)
        return fleet.direct(position)
      },
    })
  const waitHere = (position: Position, timeoutMs: number, signal: AbortSignal): Promise<Waited> =>
    waitFor(
      { head, fleet, projected: () => projector.snapshot().position, holds: holding.holds },
      position,
      timeoutMs,
      signal,
    )

  const stepped = (step: Step): void => {
    publishing?.stepped(step)
    sessions.changed(step.advance)
    holding.stepped(step)
  }
  const holding = createHolding({
    clock,
    position: () => projector.snapshot().position,
    fleet,
    free: (proxies) => orFail(() => stepped(projector.free(proxies))),
  })

  const running = entriesOf(log, start.position)
    .pipe(
      scan(
        ({ snapshot }, entries) => ({
          snapshot: reduceMesh(snapshot, entries),
          logHash: entries.at(-1)?.hash ?? '',
        }),
        { snapshot: start, logHash: '' },
      ),
      tap(({ snapshot, logHash }) => {
        head.moveTo(snapshot)
        parts.folded?.(snapshot, logHash)
      }),
      map(({ snapshot }) => snapshot),
      leadingThenEvery(busyMs),
      map(projector.step),
    )
    .subscribe({
      next: stepped,
      error: fail,
      complete: () => head.fail(new Error('the log was closed')),
    })

  // A reader must not see a projection that is older than the snapshot it was given.
  const project = (): void => {
    if (projector.snapshot() === head.current()) return
    orFail(() => stepped(projector.step(head.current())))
  }

  return {
    controller: controllerDoors({
      log,
      head,
      projector,
      fleet,
      whole: wholeFleet(fleet, parts.bus),
      project,
      waitHere,
      write: writer.write,
    }),
    accept: sessions.accept,
    publishing,
    secretsChanged: sessions.secretsChanged,
    rejected: () => fleet.statuses().reduce((sum, { rejections }) => sum + rejections.length, 0),
    counters: () => ({
      position: head.current().position,
      projected: projector.snapshot().position,
      ...writer.counters(),
      ...sessions.counters(),
      ...fleet.counters(),
      ...projector.counters(),
      ...holding.counters(),
    }),
    stop: () => {
      running.unsubscribe()
      holding.close()
      publishing?.close()
      head.fail(new Error('the controller has stopped'))
      sessions.close()
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const entriesOf = (log: EventLog, after: Position): Observable<readonly Entry[]> =>
  iterate((signal) => log.tail(after, signal))
