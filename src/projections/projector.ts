import type { CertificateFileCheck } from '../model/certificateFile.ts'
import type { Position } from '../model/entry.ts'
import type { Mesh, Snapshot } from '../model/mesh.ts'
import { metadataKey } from '../model/metadataKey.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { proxyIps } from '../model/proxyIps.ts'
import type { SecretCheck } from '../model/secret.ts'
import { type XdsResource, type XdsType, xdsTypes } from '../model/xds.ts'
import { type Advance, asAdvance } from './advance.ts'
import { createHeldEndpoints } from './clusters/heldEndpoints.ts'
import { createManifests } from './manifests.ts'
import type { Manifest, ProjectedProxy, ProxySlot } from './projectedProxy.ts'
import { createProxyIndex } from './proxyIndex.ts'
import { createRegistry } from './registry/createRegistry.ts'
import { nothingTouched, type Registry } from './registry/registry.ts'
import { type Changes, isEmpty, noChanges } from './views/changes.ts'
import { createConcerns, type Span } from './views/concerns.ts'
import type { View } from './views/view.ts'
import { createViews } from './views/views.ts'

/** What one step from a snapshot to a later one changed. */
export type Step = {
  /** Names of what changed in views, once for all their readers. */
  readonly views: ReadonlyMap<View, Changes>
  /** Proxies whose own resources, or whose view itself, were worked out anew. */
  readonly reassessed: ReadonlySet<ProjectedProxy>
  /** Proxies that were told to listen where they did not: callers are not told of what is behind before `free`. */
  readonly held: ReadonlySet<ProjectedProxy>
  /** The same proxy by proxy; worked out when it is asked for. */
  advance(): Advance
}

/** The configuration of every proxy that somebody reads, kept up with the mesh at the cost of what changes. */
export type Projector = {
  snapshot(): Snapshot
  registry(): Registry
  /** Moves on to `next`; an older snapshot changes nothing. What nobody reads is not computed. */
  step(next: Snapshot): Step
  /** Lets callers know of what was held for these proxies. */
  free(proxies: Iterable<ProjectedProxy>): Step
  /** `step`, and what it changed for each proxy. */
  advance(next: Snapshot): Advance
  /** True where the step that took in `position` changed something for `proxy`; of the newest 64 steps that did. */
  concerned(proxy: ProjectedProxy, position: Position): boolean
  /** The proxy's configuration, followed until `release`. The same for equal identity and metadata. */
  follow(identity: ProxyIdentity, metadata: ProxyMetadata): ProjectedProxy
  release(proxy: ProjectedProxy): void
  /** What makes up the configuration of a proxy that is followed. */
  manifest(proxy: ProjectedProxy): Manifest
  viewNames(view: View, type: XdsType): Iterable<string>
  viewResource(view: View, type: XdsType, name: string): XdsResource | undefined
  /** Asks `question` of the registry of a mesh that may not come to be, and goes back. */
  suppose<T>(mesh: Mesh, question: (registry: Registry) => T): T
  counters(): { readonly proxies: number; readonly views: number; readonly slices: number }
}

/** What a projector asks about what is no part of the mesh; by default nobody knows of any. */
export type ProjectorQuestions = {
  /** For diagnostics: of secrets, and of files of certificates. */
  readonly secretProblem?: SecretCheck | undefined
  readonly fileProblem?: CertificateFileCheck | undefined
  /** Whether an Envoy is there that can acknowledge a listener. */
  readonly isConnected?: (proxy: ProjectedProxy) => boolean
}

/** A projector that stands at `start` and follows nobody. */
export const createProjector = (
  start: Snapshot,
  { secretProblem, fileProblem, isConnected = () => false }: ProjectorQuestions = {},
): Projector => {
  const registry = createRegistry(secretProblem, fileProblem)
  registry.moveTo(start.mesh)
  const heldEndpoints = createHeldEndpoints()
  const views = createViews(registry, heldEndpoints.has)
  const manifests = createManifests(registry, views)
  const index = createProxyIndex(registry)
  const slots = new Map<string, { readonly slot: ProxySlot; followers: number }>()
  const slotsByProxy = new Map<ProjectedProxy, ProxySlot>()
  const concerns = createConcerns()
  let snapshot = start

  const follow = (identity: ProxyIdentity, metadata: ProxyMetadata): ProjectedProxy => {
    const key = slotKey(identity, metadata)
    const known = slots.get(key)
    if (known !== undefined) {
      known.followers += 1
      return known.slot.proxy
    }
    const proxy: ProjectedProxy = {
      identity,
      metadata,
      managed: identity.type !== 'bare',
      position: () => snapshot.position,
      names: (type) => manifests.names(slot.manifest, type),
      get: (type, name) => manifests.resource(slot.manifest, type, name),
    }
    const slot: ProxySlot = { proxy, ...manifests.manifestOf(identity, metadata) }
    slots.set(key, { slot, followers: 1 })
    slotsByProxy.set(proxy, slot)
    enter(slot)
    return proxy
  }

  const release = (proxy: ProjectedProxy): void => {
    const { identity, metadata } = proxy
    const key = slotKey(identity, metadata)
    const known = slots.get(key)
    if (known === undefined || known.slot.proxy !== proxy) return
    known.followers -= 1
    if (known.followers > 0) return
    slots.delete(key)
    slotsByProxy.delete(proxy)
    index.shift(known.slot, 'delete')
    if (known.slot.manifest.view !== undefined) views.leave(known.slot.manifest.view, known.slot)
  }

  const enter = (slot: ProxySlot): void => {
    index.shift(slot, 'add')
    if (slot.manifest.view !== undefined) views.join(slot.manifest.view, slot)
  }

  /** Works out anew which view and which own resources a proxy has, and notes what that changes for it. */
  const reassess = (slot: ProxySlot, changes: Changes): void => {
    const { manifest: before } = slot
    index.shift(slot, 'delete')
    const next = manifests.manifestOf(slot.proxy.identity, slot.proxy.metadata)
    Object.assign(slot, next)
    if (before.view !== undefined && before.view !== next.manifest.view) {
      views.leave(before.view, slot)
      concerns.inherit(slot, before.view)
    }
    enter(slot)
    const { resource, changeableNames } = manifests
    for (const type of xdsTypes)
      for (const name of new Set([...changeableNames(before, next.manifest, type)]))
        if (resource(before, type, name)?.version !== resource(next.manifest, type, name)?.version)
          changes[type].add(name)
  }

  /** Holds what is behind listeners that proxies at `ips` do not have yet. */
  const holdArrivals = (ips: ReadonlySet<string>, span: Span): ReadonlySet<ProjectedProxy> => {
    const arrived = new Set<ProjectedProxy>()
    for (const ip of ips)
      for (const slot of index.at(ip)) {
        const { proxy, listensAt } = slot
        if (proxy.identity.type !== 'sidecar' || !isConnected(proxy)) continue
        const names = manifests.listenersAt(slot, ip).filter((name) => !listensAt.has(name))
        if (names.length === 0) continue
        heldEndpoints.hold(proxy, names, span)
        arrived.add(proxy)
      }
    return arrived
  }

  const free: Projector['free'] = (proxies) => {
    const touched = nothingTouched()
    let from = snapshot.position
    for (const proxy of proxies) {
      const span = heldEndpoints.free(proxy)
      if (span === undefined || proxy.identity.type === 'bare') continue
      from = Math.min(from, span.from)
      for (const workload of proxyIps(proxy.identity, proxy.metadata).flatMap((ip) => [
        ...registry.workloadsAt(ip),
      ]))
        for (const { service } of registry.servedBy(workload)) touched.endpoints.add(service.hostname)
    }
    return finished(views.advance(touched), new Map(), { from, to: snapshot.position })
  }

  const step = (next: Snapshot): Step => {
    if (next.position < snapshot.position) return nothing
    const span = { from: snapshot.position, to: next.position }
    const touched = registry.moveTo(next.mesh)
    snapshot = next
    // Before endpoints are worked out anew.
    const held = holdArrivals(touched.ips, span)
    const changedViews = views.advance(touched)
    const own = new Map<ProxySlot, Changes>()
    for (const slot of index.touchedBy(touched)) {
      const { view } = slot.manifest
      const changes = merged(view && changedViews.get(view))
      reassess(slot, changes)
      own.set(slot, changes)
    }
    views.sweep()
    return { ...finished(changedViews, own, span), held }
  }

  const finished = (
    changedViews: ReadonlyMap<View, Changes>,
    own: ReadonlyMap<ProxySlot, Changes>,
    span: Span,
  ): Step => {
    for (const view of changedViews.keys()) concerns.note(view, span)
    for (const [slot, changes] of own) if (!isEmpty(changes)) concerns.note(slot, span)
    return {
      views: changedViews,
      reassessed: new Set([...own.keys()].map(({ proxy }) => proxy)),
      held: nobody,
      advance: () => {
        const all = new Map<ProxySlot, Changes>()
        for (const [view, changes] of changedViews)
          for (const slot of views.readersOf(view)) all.set(slot, changes)
        for (const [slot, changes] of own) all.set(slot, changes)
        return asAdvance(all)
      },
    }
  }

  return {
    snapshot: () => snapshot,
    registry: () => registry,
    step,
    free,
    advance: (next) => step(next).advance(),
    concerned: (proxy, position) => {
      const slot = slotsByProxy.get(proxy)
      if (slot === undefined) return false
      const { view } = slot.manifest
      return concerns.has(slot, position) || (view !== undefined && concerns.has(view, position))
    },
    follow,
    release,
    manifest: (proxy) => slotsByProxy.get(proxy)?.manifest ?? manifests.bareManifest(proxy.identity),
    viewNames: views.names,
    viewResource: views.resource,
    suppose: (mesh, question) => {
      if (mesh === snapshot.mesh) return question(registry)
      registry.moveTo(mesh)
      try {
        return question(registry)
      } finally {
        registry.moveTo(snapshot.mesh)
      }
    },
    counters: () => ({ proxies: slotsByProxy.size, ...views.counters() }),
  }
}

const slotKey = ({ node }: ProxyIdentity, metadata: ProxyMetadata): string =>
  `${node}\n${metadataKey(metadata)}`

const nobody: ReadonlySet<ProjectedProxy> = new Set()

const nothing: Step = { views: new Map(), reassessed: nobody, held: nobody, advance: () => new Map() }

const merged = (changes: Changes | undefined): Changes => {
  const copy = noChanges()
  if (changes !== undefined)
    for (const type of xdsTypes) for (const name of changes[type]) copy[type].add(name)
  return copy
}
