import type { Position } from '../model/entry.ts'
import type { Mesh, Snapshot } from '../model/mesh.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import type { SecretCheck } from '../model/secret.ts'
import { forEachType, type XdsResource, type XdsType, xdsTypes } from '../model/xds.ts'
import { type Caller, callerOf, sourceHostnames } from './caller.ts'
import { type Changes, isEmpty, noChanges } from './changes.ts'
import { createConcerns } from './concerns.ts'
import { createRegistry } from './createRegistry.ts'
import { createRawResources, isMeantFor } from './envoyResources.ts'
import { ingressPlaceOf } from './ingress/ingressPlaceOf.ts'
import { labelPairsOf } from './istio/istioIndex.ts'
import { multimap } from './multimap.ts'
import { captureModeOf, type OwnResources, ownResourcesOf, routerResourcesOf } from './ownResources.ts'
import { type Manifest, noResources, type ProjectedProxy, type ProxySlot } from './projectedProxy.ts'
import type { Registry, Touched } from './registry.ts'
import type { View } from './view.ts'
import { createViews } from './views.ts'

/** What changed for whom between two snapshots: names of resources by type. Proxies that are not in it have nothing
 *  to do. */
export type Advance = ReadonlyMap<ProjectedProxy, Readonly<Record<XdsType, readonly string[]>>>

/** What one step from a snapshot to a later one changed. */
export type Step = {
  /** Names of what changed in views, once for all their readers. */
  readonly views: ReadonlyMap<View, Changes>
  /** Proxies whose own resources, or whose view itself, were worked out anew. */
  readonly reassessed: ReadonlySet<ProjectedProxy>
  /** The same proxy by proxy; worked out when it is asked for. */
  advance(): Advance
}

/** The configuration of every proxy that somebody reads, kept up with the mesh at the cost of what changes. */
export type Projector = {
  snapshot(): Snapshot
  registry(): Registry
  /** Moves on to `next`; an older snapshot changes nothing. What nobody reads is not computed. */
  step(next: Snapshot): Step
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

type Proxy = Exclude<ProxyIdentity, { readonly type: 'bare' }>

/** A projector that stands at `start` and follows nobody. Diagnostics ask `secretProblem` about secrets. */
export const createProjector = (start: Snapshot, secretProblem?: SecretCheck): Projector => {
  const registry = createRegistry(secretProblem)
  registry.moveTo(start.mesh)
  const views = createViews(registry)
  const rawOf = createRawResources()
  const slots = new Map<string, { readonly slot: ProxySlot; followers: number }>()
  const slotsByProxy = new Map<ProjectedProxy, ProxySlot>()
  const byIp = multimap<ProxySlot>()
  const bySource = multimap<ProxySlot>()
  const byNamespace = multimap<ProxySlot>()
  const byLabel = multimap<ProxySlot>()
  /** Proxies that Gateways may select. */
  const atEdge = new Set<ProxySlot>()
  const concerns = createConcerns()
  let snapshot = start

  const manifestOf = (identity: ProxyIdentity, metadata: ProxyMetadata): Omit<ProxySlot, 'proxy'> => {
    if (identity.type === 'bare') return { manifest: bareManifest(identity), sources: [], namespace: '' }
    const caller = callerOf(identity, metadata, registry)
    const view = viewOf(identity, metadata, caller)
    const own = ownOf(identity, metadata, caller, view)
    const raw = rawResourcesFor(identity, caller.labels)
    return {
      manifest: { view, own, raw, labels: caller.labels },
      sources: sourceHostnames(identity, registry),
      namespace: caller.namespace,
    }
  }

  const ownOf = (identity: Proxy, metadata: ProxyMetadata, caller: Caller, view: View): OwnResources => {
    if (identity.type === 'sidecar') return ownResourcesOf(identity, metadata, caller, registry)
    // Its view is that of a router with an HTTP proxy of its own.
    return view.variant.mode === 'proxy' ? routerResourcesOf(metadata, registry.settings()) : noResources
  }

  const viewOf = ({ type }: Proxy, metadata: ProxyMetadata, caller: Caller): View => {
    if (type === 'sidecar') return views.enter(caller, captureModeOf(metadata, registry.settings()))
    const gateways = registry.istio.gatewaysFor(caller.labels)
    if (gateways.length > 0) return views.enterGateway(caller, ingressPlaceOf(metadata), gateways)
    if (type === 'ingress') return views.enterIngress(caller, ingressPlaceOf(metadata))
    return views.enter(caller, metadata.httpProxy === undefined ? 'router' : 'proxy')
  }

  const bareManifest = (identity: ProxyIdentity): Manifest => ({
    view: undefined,
    own: noResources,
    raw: rawResourcesFor(identity, {}),
    labels: {},
  })

  const rawResourcesFor = (
    identity: ProxyIdentity,
    labels: Readonly<Record<string, string>>,
  ): OwnResources => {
    const found = forEachType(() => new Map<string, XdsResource>())
    let any = false
    for (const stored of registry.envoyResources()) {
      if (!isMeantFor(stored, identity, labels)) continue
      const raw = rawOf(stored)
      if (raw === undefined) continue
      found[raw.type].set(raw.resource.name, raw.resource)
      any = true
    }
    return any ? found : noResources
  }

  const follow = (identity: ProxyIdentity, metadata: ProxyMetadata): ProjectedProxy => {
    const key = JSON.stringify([identity.node, metadata.httpProxy, metadata.labels])
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
      names: (type) => namesOf(slot.manifest, type),
      get: (type, name) => resourceOf(slot.manifest, type, name),
    }
    const slot: ProxySlot = { proxy, ...manifestOf(identity, metadata) }
    slots.set(key, { slot, followers: 1 })
    slotsByProxy.set(proxy, slot)
    index(slot, 'add')
    return proxy
  }

  const release = (proxy: ProjectedProxy): void => {
    const { identity, metadata } = proxy
    const key = JSON.stringify([identity.node, metadata.httpProxy, metadata.labels])
    const known = slots.get(key)
    if (known === undefined || known.slot.proxy !== proxy) return
    known.followers -= 1
    if (known.followers > 0) return
    slots.delete(key)
    slotsByProxy.delete(proxy)
    index(known.slot, 'delete')
    if (known.slot.manifest.view !== undefined) views.leave(known.slot.manifest.view, known.slot)
  }

  const index = (slot: ProxySlot, shift: 'add' | 'delete'): void => {
    const { identity } = slot.proxy
    if (identity.type === 'bare') return
    byIp[shift](identity.ip, slot)
    if (identity.type !== 'sidecar') atEdge[shift](slot)
    byNamespace[shift](slot.namespace, slot)
    for (const source of slot.sources) bySource[shift](source, slot)
    for (const pair of labelPairsOf(slot.manifest.labels)) byLabel[shift](pair, slot)
    if (slot.manifest.view !== undefined && shift === 'add') views.join(slot.manifest.view, slot)
  }

  /** Works out anew which view and which own resources a proxy has, and notes what that changes for it. */
  const reassess = (slot: ProxySlot, changes: Changes): void => {
    const { manifest: before } = slot
    index(slot, 'delete')
    const next = manifestOf(slot.proxy.identity, slot.proxy.metadata)
    slot.manifest = next.manifest
    slot.sources = next.sources
    slot.namespace = next.namespace
    if (before.view !== undefined && before.view !== next.manifest.view) {
      views.leave(before.view, slot)
      concerns.inherit(slot, before.view)
    }
    index(slot, 'add')
    for (const type of xdsTypes)
      for (const name of new Set([...changeableNames(before, next.manifest, type)]))
        if (resourceOf(before, type, name)?.version !== resourceOf(next.manifest, type, name)?.version)
          changes[type].add(name)
  }

  const resourceOf = (manifest: Manifest, type: XdsType, name: string): XdsResource | undefined =>
    manifest.raw[type].get(name) ??
    manifest.own[type].get(name) ??
    (manifest.view === undefined ? undefined : views.resource(manifest.view, type, name))

  function* namesOf(manifest: Manifest, type: XdsType): Generator<string> {
    const [raw, own] = [manifest.raw[type], manifest.own[type]]
    yield* raw.keys()
    for (const name of own.keys()) if (!raw.has(name)) yield name
    if (manifest.view === undefined) return
    for (const name of views.names(manifest.view, type)) if (!raw.has(name) && !own.has(name)) yield name
  }

  /** Names whose resource can differ between two manifests of a proxy: all of a view only where the view itself
   *  is another one. */
  function* changeableNames(before: Manifest, after: Manifest, type: XdsType): Generator<string> {
    for (const manifest of [before, after]) {
      yield* manifest.raw[type].keys()
      yield* manifest.own[type].keys()
    }
    if (before.view === after.view) return
    for (const { view } of [before, after]) if (view !== undefined) yield* views.names(view, type)
  }

  const touchedSlots = (touched: Touched): Set<ProxySlot> => {
    const found = new Set<ProxySlot>()
    const take = (some: Iterable<ProxySlot>): void => {
      for (const slot of some) found.add(slot)
    }
    if (touched.everything) take(slotsByProxy.values())
    if (touched.gateways.size > 0) take(atEdge)
    for (const ip of touched.ips) take(byIp.get(ip))
    for (const source of touched.sources) take(bySource.get(source))
    for (const pair of touched.labelPairs) take(byLabel.get(pair))
    for (const namespace of touched.sidecars) take(byNamespace.get(namespace))
    for (const { before, after } of touched.envoyResources)
      for (const slot of slotsByProxy.values()) {
        const { identity } = slot.proxy
        const { labels } = slot.manifest
        if (
          (before && isMeantFor(before, identity, labels)) ||
          (after && isMeantFor(after, identity, labels))
        )
          found.add(slot)
      }
    return found
  }

  const step = (next: Snapshot): Step => {
    if (next.position < snapshot.position) return nothing
    const span = { from: snapshot.position, to: next.position }
    const touched = registry.moveTo(next.mesh)
    snapshot = next
    const changedViews = views.advance(touched)
    const own = new Map<ProxySlot, Changes>()
    for (const slot of touchedSlots(touched)) {
      const { view } = slot.manifest
      const changes = merged(view && changedViews.get(view))
      reassess(slot, changes)
      own.set(slot, changes)
    }
    views.sweep()
    for (const view of changedViews.keys()) concerns.note(view, span)
    for (const [slot, changes] of own) if (!isEmpty(changes)) concerns.note(slot, span)
    return {
      views: changedViews,
      reassessed: new Set([...own.keys()].map(({ proxy }) => proxy)),
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
    advance: (next) => step(next).advance(),
    concerned: (proxy, position) => {
      const slot = slotsByProxy.get(proxy)
      if (slot === undefined) return false
      const { view } = slot.manifest
      return concerns.has(slot, position) || (view !== undefined && concerns.has(view, position))
    },
    follow,
    release,
    manifest: (proxy) => slotsByProxy.get(proxy)?.manifest ?? bareManifest(proxy.identity),
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

const nothing: Step = { views: new Map(), reassessed: new Set(), advance: () => new Map() }

const merged = (changes: Changes | undefined): Changes => {
  const copy = noChanges()
  if (changes !== undefined)
    for (const type of xdsTypes) for (const name of changes[type]) copy[type].add(name)
  return copy
}

/** Proxies of one view share one list of changes, so it is made once. */
const asAdvance = (changesBySlot: ReadonlyMap<ProxySlot, Changes>): Advance => {
  const lists = new Map<Changes, Readonly<Record<XdsType, readonly string[]>>>()
  const advance = new Map<ProjectedProxy, Readonly<Record<XdsType, readonly string[]>>>()
  for (const [slot, changes] of changesBySlot) {
    if (isEmpty(changes)) continue
    let list = lists.get(changes)
    if (list === undefined) {
      const { clusters, endpoints, listeners, routes, secrets } = changes
      list = {
        clusters: [...clusters],
        endpoints: [...endpoints],
        listeners: [...listeners],
        routes: [...routes],
        secrets: [...secrets],
      }
      lists.set(changes, list)
    }
    advance.set(slot.proxy, list)
  }
  return advance
}
