import type { XdsResource, XdsType } from '../model/xds.ts'
import { buildSlice, foreignHostnames, variantKeyOf } from './buildSlice.ts'
import type { Caller } from './caller.ts'
import { type Changes, isEmpty, noChanges } from './changes.ts'
import type { CompiledService } from './compiledService.ts'
import { createEndpointStore } from './endpointStore.ts'
import { ingressHost } from './ingress/ingressHost.ts'
import { buildIngressSlice } from './ingress/ingressSlice.ts'
import { ingressTarget } from './ingress/ingressTarget.ts'
import { isExportedTo } from './istio/callerCondition.ts'
import { createGatewayViews } from './istio/gateway/gatewayViews.ts'
import { hostPatterns } from './istio/hostPatterns.ts'
import { multimap } from './multimap.ts'
import { workloadSecretNames } from './mutualTls/workloadSecrets.ts'
import type { ProxySlot } from './projectedProxy.ts'
import type { Registry, Touched } from './registry.ts'
import { emptyScope, patternsTaking, type Scope, servicesInScope, takesService } from './scope.ts'
import type { CaptureMode, IngressPlace, Slice, SliceVariant } from './slice.ts'
import { emptyView, namesIn, putSlice, resourceIn, type View } from './view.ts'
import { createViewMakers } from './viewMakers.ts'

/** All views that proxies read, and the slices that views share. */
export type Views = {
  /** The view of callers like this one, made when there is none. It lives while it has readers. */
  enter(caller: Caller, mode: Exclude<CaptureMode, 'ingress' | 'gateway'>): View
  /** The view of ingress proxies like this one, likewise. */
  enterIngress(caller: Caller, place: IngressPlace): View
  /** The view of proxies that these Gateways select, by sorted keys, likewise. */
  enterGateway(caller: Caller, place: IngressPlace, gateways: readonly string[]): View
  join(view: View, reader: ProxySlot): void
  leave(view: View, reader: ProxySlot): void
  readersOf(view: View): ReadonlySet<ProxySlot>
  /** Brings every view up to the registry; names what changed, by view. */
  advance(touched: Touched): ReadonlyMap<View, Changes>
  /** Lets go of views that nobody reads. */
  sweep(): void
  names(view: View, type: XdsType): Iterable<string>
  resource(view: View, type: XdsType, name: string): XdsResource | undefined
  counters(): { readonly views: number; readonly slices: number }
}

export const createViews = (registry: Registry): Views => {
  const views = new Map<string, View>()
  const readers = new Map<View, Set<ProxySlot>>()
  const byPattern = multimap<View>()
  const ingressViews = new Set<View>()
  /** Views by the hostnames of their slices, and by other hostnames that clusters in them belong to. */
  const byHostname = multimap<View>()
  const byForeignHostname = multimap<View>()
  /** Hostnames whose slices hang on another hostname, by that one. */
  const dependents = multimap<string>()
  const foreign = new Map<string, readonly string[]>()
  const slices = new Map<string, Map<string, Slice>>()
  const endpoints = createEndpointStore(registry)

  const makers = createViewMakers(registry, endpoints.get)

  const sliceFor = (service: CompiledService, view: View): Slice => {
    const key = variantKeyOf(service, view.variant, registry)
    let variants = slices.get(service.hostname)
    if (variants === undefined) {
      variants = new Map()
      slices.set(service.hostname, variants)
      learnForeign(service)
    }
    let slice = variants.get(key)
    if (slice === undefined) {
      slice = buildSlice(service, view.variant, registry, key)
      variants.set(key, slice)
    }
    return slice
  }

  const learnForeign = (service: CompiledService): void => {
    const hostnames = foreignHostnames(service, registry)
    for (const hostname of foreign.get(service.hostname) ?? []) dependents.delete(hostname, service.hostname)
    for (const hostname of hostnames) dependents.add(hostname, service.hostname)
    if (hostnames.length > 0) foreign.set(service.hostname, hostnames)
    else foreign.delete(service.hostname)
  }

  const refresh = (view: View, hostname: string, changes: Changes): void => {
    const service = registry.service(hostname)
    const slice =
      service !== undefined && isSeen(service, view.scope, view.variant) ? sliceFor(service, view) : undefined
    putSlice(view, hostname, slice, changes)
    if (slice === undefined) byHostname.delete(hostname, view)
    else byHostname.add(hostname, view)
    // Kept for as long as the view lives: being asked in vain is cheaper than counting.
    for (const cluster of slice?.clusters ?? [])
      if (cluster.hostname !== hostname) byForeignHostname.add(cluster.hostname, view)
  }

  const refreshIngress = (view: View, host: string, changes: Changes): void => {
    for (const { resource } of registry.ingressRulesAt(host)) {
      const { service } = ingressTarget(resource, registry)
      if (service !== undefined) learnForeign(service)
    }
    const slice = buildIngressSlice(host, view.variant, registry)
    // No hostname has a slash: hosts of an ingress and services of the mesh may have one name.
    putForeign(view, `ingress/${host}`, slice, changes)
  }

  const putForeign = (view: View, name: string, slice: Slice | undefined, changes: Changes): void => {
    putSlice(view, name, slice, changes)
    for (const { hostname } of slice?.clusters ?? []) byForeignHostname.add(hostname, view)
  }

  const gatewayViews = createGatewayViews(registry, putForeign)

  const enter: Views['enter'] = (caller, mode) => {
    const { scope, domain } = caller
    const inScope = (service: CompiledService): boolean =>
      registry.service(service.hostname) === service &&
      isSeen(service, scope, { mode, namespace: caller.namespace })
    const { namespace } = caller
    const variant = { mode, domain, namespace, sourceRules: new Set(caller.sourceRules), inScope }
    return enterView(
      [mode, domain, namespace, scope.key, caller.undeclaredOutbound, caller.sourceRules.join(' ')],
      variant,
      caller,
    )
  }

  const enterIngress: Views['enterIngress'] = (caller, place) => enterEdge(caller, { mode: 'ingress', place })

  const enterGateway: Views['enterGateway'] = (caller, place, gateways) =>
    enterEdge(caller, { mode: 'gateway', place, gateways })

  const enterEdge = (
    { namespace, sourceRules }: Caller,
    edge: Pick<SliceVariant, 'mode' | 'gateways'> & { readonly place: IngressPlace },
  ): View => {
    const { mode, place, gateways = [] } = edge
    const own = { domain: '', namespace, sourceRules: new Set(sourceRules), inScope: () => false }
    return enterView(
      [mode, namespace, place.address, `${place.port}`, gateways.join(' '), sourceRules.join(' ')],
      { ...edge, ...own },
      { scope: emptyScope, undeclaredOutbound: 'refuse' },
    )
  }

  const enterView = (
    keys: readonly string[],
    variant: SliceVariant,
    shared: Pick<View, 'scope' | 'undeclaredOutbound'>,
  ): View => {
    const { scope } = shared
    const key = keys.join('\n')
    const known = views.get(key)
    if (known !== undefined) return known
    const view = emptyView(key, variant, shared)
    const changes = noChanges()
    for (const service of servicesInScope(scope, registry)) refresh(view, service.hostname, changes)
    if (variant.mode === 'ingress') {
      for (const host of registry.ingressHosts()) refreshIngress(view, host, changes)
      ingressViews.add(view)
    }
    if (variant.mode === 'gateway') gatewayViews.enter(view, changes)
    views.set(key, view)
    readers.set(view, new Set())
    for (const { namespace, name } of scope.patterns) byPattern.add(`${namespace}/${name}`, view)
    return view
  }

  const viewsNaming = (hostname: string): Set<View> =>
    new Set([...byHostname.get(hostname), ...byForeignHostname.get(hostname)])

  const viewsConcerned = (hostname: string): Set<View> => {
    const found = viewsNaming(hostname)
    for (const { namespace } of registry.claimants(hostname))
      for (const pattern of patternsTaking(namespace, hostname))
        for (const view of byPattern.get(pattern)) found.add(view)
    return found
  }

  const advance = (touched: Touched): ReadonlyMap<View, Changes> => {
    const changed = new Map<View, Changes>()
    const changesOf = (view: View): Changes => {
      let changes = changed.get(view)
      if (changes === undefined) {
        changes = noChanges()
        changed.set(view, changes)
      }
      return changes
    }
    for (const hostname of foreignUnder(touched.patterns)) touched.hostnames.add(hostname)
    const hostnames = touched.everything
      ? everyHostname(touched.hostnames)
      : withDependents(touched.hostnames)
    for (const hostname of hostnames) slices.delete(hostname)
    for (const hostname of hostnames)
      for (const view of viewsConcerned(hostname)) refresh(view, hostname, changesOf(view))
    if (ingressViews.size > 0)
      for (const host of ingressHosts(touched.ingressHosts, hostnames))
        for (const view of ingressViews) refreshIngress(view, host, changesOf(view))
    gatewayViews.advance(touched, hostnames, changesOf)
    if (touched.everything) for (const view of views.values()) forgetMade(view, changesOf(view))
    for (const hostname of new Set([...hostnames, ...touched.endpoints])) {
      for (const name of endpoints.refresh(hostname))
        for (const view of viewsNaming(hostname))
          if (view.clusters.has(name)) changesOf(view).endpoints.add(name)
    }
    for (const hostname of hostnames) endpoints.prune(hostname, (name) => isNamed(hostname, name))
    for (const [view, changes] of changed) if (isEmpty(changes)) changed.delete(view)
    return changed
  }

  const ingressHosts = (changed: ReadonlySet<string>, hostnames: ReadonlySet<string>): Set<string> => {
    const all = new Set(changed)
    for (const hostname of hostnames)
      for (const { resource } of registry.ingressRulesTo(hostname)) all.add(ingressHost(resource.spec).host)
    return all
  }

  const isNamed = (hostname: string, cluster: string): boolean => {
    for (const view of viewsNaming(hostname)) if (view.clusters.has(cluster)) return true
    return false
  }

  const withDependents = (hostnames: ReadonlySet<string>): Set<string> => {
    const all = new Set(hostnames)
    for (const hostname of hostnames) for (const dependent of dependents.get(hostname)) all.add(dependent)
    return all
  }

  /** Of what slices hang on: a service that is not there has no other index. */
  const foreignUnder = (patterns: ReadonlySet<string>): readonly string[] =>
    patterns.size === 0
      ? []
      : [...dependents.keys()].filter((hostname) =>
          hostPatterns(hostname).some((pattern) => patterns.has(pattern)),
        )

  const everyHostname = (hostnames: ReadonlySet<string>): Set<string> => {
    const all = new Set(hostnames)
    for (const view of views.values()) for (const hostname of view.slices.keys()) all.add(hostname)
    return all
  }

  return {
    enter,
    enterIngress,
    enterGateway,
    join: (view, reader) => readers.get(view)?.add(reader),
    leave: (view, reader) => readers.get(view)?.delete(reader),
    readersOf: (view) => readers.get(view) ?? new Set(),
    advance,
    sweep: () => {
      for (const [view, its] of readers) {
        if (its.size > 0) continue
        readers.delete(view)
        views.delete(view.key)
        ingressViews.delete(view)
        gatewayViews.leave(view)
        for (const { namespace, name } of view.scope.patterns) byPattern.delete(`${namespace}/${name}`, view)
        for (const hostname of view.slices.keys()) byHostname.delete(hostname, view)
        for (const { hostname } of view.clusters.values()) byForeignHostname.delete(hostname, view)
        for (const hostname of view.slices.keys()) if (!byHostname.has(hostname)) slices.delete(hostname)
      }
    },
    names: namesIn,
    resource: (view, type, name) => resourceIn(view, type, name, makers),
    counters: () => ({
      views: views.size,
      slices: [...slices.values()].reduce((sum, variants) => sum + variants.size, 0),
    }),
  }
}

/** Whether callers with this scope get `service`: their Sidecar takes it, and it is for their namespace. Hosts that egress
 *  rules declare are for those who are captured, or ask by name, and not for a router. */
const isSeen = (
  service: CompiledService,
  scope: Scope,
  caller: Pick<SliceVariant, 'namespace' | 'mode'>,
): boolean =>
  takesService(scope, service) &&
  isExportedTo(service.exportTo, service.namespace, caller) &&
  (caller.mode !== 'router' || service.stored.resource.kind !== 'EgressRule')

/** What was made under other settings and is in no slice. */
const forgetMade = (view: View, changes: Changes): void => {
  for (const [name, table] of view.tables) {
    table.resource = undefined
    changes.routes.add(name)
  }
  for (const [port, made] of view.httpPorts) {
    made.resource = undefined
    changes.listeners.add(`0.0.0.0_${port}`)
  }
  for (const [name, made] of view.tcpListeners) {
    made.resource = undefined
    changes.listeners.add(name)
  }
  for (const name of workloadSecretNames) if (view.secretUses.has(name)) changes.secrets.add(name)
}
