import { isRight, right } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { Position } from '../model/entry.ts'
import type { Waited } from '../model/fleet.ts'
import type { Snapshot } from '../model/mesh.ts'
import type { ProxyIdentity } from '../model/proxy.ts'
import { byCodeUnit } from '../model/resourceName.ts'
import type { XdsResource, XdsType } from '../model/xds.ts'
import type { Controller, EventLog } from '../ports.ts'
import { allDiagnostics } from '../projections/diagnostics/allDiagnostics.ts'
import { createMeshHasher } from '../projections/meshHash.ts'
import { createProjector, type Projector } from '../projections/projector.ts'
import { showResource } from '../projections/showResource.ts'
import type { Fleet } from './fleet.ts'
import type { Head } from './head.ts'
import { createHistory } from './history.ts'
import type { WholeFleet } from './wholeFleet.ts'

/** What a controller shows and takes, from the newest state that it has folded, or a past one. `project` brings the
 *  projection up to it first: a reader must not see one that is older than the snapshot it was given. */
export const controllerDoors = (parts: {
  readonly log: EventLog
  readonly head: Head
  readonly projector: Projector
  readonly fleet: Fleet
  readonly whole: WholeFleet
  readonly project: () => void
  readonly waitHere: (position: Position, timeoutMs: number, signal: AbortSignal) => Promise<Waited>
  readonly write: Controller['write']
}): Controller => {
  const { log, head, projector, fleet, whole } = parts
  const hashOf = createMeshHasher()
  const history = createHistory(log)
  const reports = new Map<string, readonly Diagnostic[]>()
  let past: Projector | undefined

  const projectorAt = (snapshot: Snapshot): Projector => {
    parts.project()
    if (snapshot.mesh === projector.snapshot().mesh) return projector
    if (past?.snapshot().mesh !== snapshot.mesh) past = createProjector(snapshot)
    return past
  }

  const resourcesOf = (
    identity: ProxyIdentity,
    type: XdsType,
    snapshot: Snapshot,
    metadata = fleet.metadataOf(identity.node),
  ): readonly XdsResource[] => {
    const at = projectorAt(snapshot)
    const proxy = at.follow(identity, metadata)
    try {
      return [...proxy.names(type)].sort(byCodeUnit).flatMap((name) => proxy.get(type, name) ?? [])
    } finally {
      at.release(proxy)
    }
  }

  return {
    snapshot: head.current,
    hashOf: ({ mesh }) => hashOf(mesh),
    snapshotAt: async (at) => {
      const found = await history.at(at, head.current())
      return isRight(found) ? right(found.right) : found
    },
    write: parts.write,
    proxies: async () => {
      parts.project()
      const { position } = projector.snapshot()
      return { position, proxies: await whole.statuses(position) }
    },
    waitFor: (position, timeoutMs, signal) =>
      whole.waitFor(position, timeoutMs, signal, (until) => parts.waitHere(position, timeoutMs, until)),
    intended: (identity, type, snapshot, metadata) =>
      resourcesOf(identity, type, snapshot, metadata).map((resource) => showResource(type, resource)),
    versions: (identity, type, snapshot) =>
      Object.fromEntries(resourcesOf(identity, type, snapshot).map(({ name, version }) => [name, version])),
    diagnostics: ({ mesh }) => projector.suppose(mesh, (registry) => allDiagnostics(mesh, registry)),
    entries: (from, signal) => log.tail(Math.max(0, from - 1), signal),
    ready: () => true,
    report: (source, diagnostics) => {
      if (diagnostics === undefined) reports.delete(source)
      else reports.set(source, diagnostics)
    },
    reports: () => reports,
  }
}
