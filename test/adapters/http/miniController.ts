import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRight, left, right } from 'fp-ts/lib/Either.js'
import { memoryLog } from '../../../src/adapters/log/memoryLog.ts'
import { canonicalJson } from '../../../src/model/canonicalJson.ts'
import type { Diagnostic } from '../../../src/model/diagnostic.ts'
import type { ProxyStatus, Waited } from '../../../src/model/fleet.ts'
import type { Snapshot } from '../../../src/model/mesh.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { allStoredIn } from '../../../src/model/storedIn.ts'
import type { Controller, EventLog } from '../../../src/ports.ts'
import { emptySnapshot, reduceMesh } from '../../../src/reducers/mesh.ts'
import { createHead } from '../../../src/streams/head.ts'
import { createWriter } from '../../../src/streams/writer.ts'

/** A controller without projections: a real log, fold and writer. What a projection would say is given. */
export type MiniController = Controller & {
  readonly log: EventLog
  /** Reads from now on answer as if the log were still being folded. */
  unready(): void
  setProxies(proxies: readonly ProxyStatus[]): void
  close(): Promise<void>
}

export type MiniOptions = {
  /** What to say of a resource, as projections would. */
  readonly diagnose?: (resource: Resource) => readonly Diagnostic[]
  readonly log?: EventLog
}

export const miniController = (options: MiniOptions = {}): MiniController => {
  const { diagnose = () => [], log = memoryLog() } = options
  const head = createHead(emptySnapshot)
  const history: Snapshot[] = [emptySnapshot]
  const stop = new AbortController()
  const reports = new Map<string, readonly Diagnostic[]>()
  let ready = true
  let proxies: readonly ProxyStatus[] = []
  let lastMs = Date.parse('2026-01-01T00:00:00Z')
  const clock = { nowMs: () => ++lastMs, newId: () => randomUUID() }
  const writer = createWriter(log, head, clock, (_mesh, resources) => resources.map(diagnose))
  const folding = (async () => {
    for await (const entries of log.tail(0, stop.signal))
      for (const entry of entries) {
        const snapshot = reduceMesh(head.current(), [entry])
        history.push(snapshot)
        head.moveTo(snapshot)
      }
  })()
  return {
    log,
    snapshot: () => head.current(),
    hashOf: ({ mesh }) => createHash('sha256').update(canonicalJson(mesh)).digest('hex'),
    snapshotAt: async (at) => {
      const end = head.current().position
      if (/^\d+$/.test(at))
        return Number(at) > end ? left({ _tag: 'BeyondEnd', end }) : right(history[Number(at)] as Snapshot)
      const atMs = /^\d{4}-\d\d-\d\dT/.test(at) ? Date.parse(at) : Number.NaN
      if (Number.isNaN(atMs)) return left({ _tag: 'Unreadable', message: `${at} is no position and no time` })
      return right(history.findLast((snapshot) => Date.parse(snapshot.at) <= atMs) ?? emptySnapshot)
    },
    write: (request) => writer.write(request),
    proxies: async () => ({ position: head.current().position, proxies }),
    waitFor: async (position, timeoutMs, signal): Promise<Waited> => {
      const counts = { acknowledged: 0, unaffected: 0, rejected: 0, pending: 0, silent: 0 }
      const answer = () => ({ position, ...counts, proxies: [] })
      return Promise.race([
        head.reached(position).then(answer),
        new Promise<Waited>((resolve) => signal.addEventListener('abort', () => resolve(answer()))),
        sleep(timeoutMs, undefined, { ref: false }).then(answer),
      ])
    },
    versions: (proxy, type, snapshot) => ({ [`${type} of ${proxy.node}`]: `${snapshot.position}` }),
    intended: (proxy, type, snapshot) => [{ name: `${type} of ${proxy.node}`, position: snapshot.position }],
    diagnostics: ({ mesh }) =>
      allStoredIn(mesh).flatMap(({ resource }) => {
        const diagnostics = diagnose(resource)
        const { namespace, name } = resource.metadata
        return diagnostics.length === 0
          ? []
          : [{ name: { kind: resource.kind, namespace, name }, diagnostics }]
      }),
    entries: (from, signal) => log.tail(from - 1, signal),
    ready: () => ready,
    report: (source, diagnostics) => {
      if (diagnostics === undefined) reports.delete(source)
      else reports.set(source, diagnostics)
    },
    reports: () => reports,
    unready: () => {
      ready = false
    },
    setProxies: (now) => {
      proxies = now
    },
    close: async () => {
      stop.abort()
      await log.close()
      await folding
    },
  }
}

/** The item of a write that must have gone through. */
export const accepted = <E, A>(
  answer: { readonly _tag: 'Left'; readonly left: E } | { readonly _tag: 'Right'; readonly right: A },
): A => {
  if (isRight(answer)) return answer.right
  throw new Error(`refused: ${JSON.stringify(answer.left)}`)
}
