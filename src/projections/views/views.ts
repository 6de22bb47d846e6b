import type { XdsResource, XdsType } from '../../model/xds.ts'
import { createEndpointStore } from '../clusters/endpointStore.ts'
import { createIngressViews } from '../ingress/ingressViews.ts'
import { createGatewayViews } from '../istio/gateway/gatewayViews.ts'
import type { ProxySlot } from '../projectedProxy.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { multimap } from '../registry/multimap.ts'
import type { Registry, Touched } from '../registry/registry.ts'
import { buildSlice } from './buildSlice.ts'
import { callableNames } from './callableNames.ts'
import type { Caller } from './caller.ts'
import { type Changes, isEmpty, noChanges } from './changes.ts'
import { createDependents } from './dependents.ts'
import { forgetMade } from './forgetMade.ts'
import { emptyScope, hostnamesInScope, patternsTaking, withinScope } from './scope.ts'
import type { CaptureMode, IngressPlace, Slice, SliceVariant } from './slice.ts'
import { variantKeyOf } from './variantKey.ts'
import { type Edge, edgeVariantOf, seenBy, variantOf } from './variantOf.ts'
import { emptyView, namesIn, putSlice, resourceIn, type View } from './view.ts'
import { createViewMakers } from './viewMakers.ts'

/** All views that proxies read, and the slices that views share. */
export type Views = {
  /** The view of callers like this one, made when there is none. It lives while it has readers. */
  enter(caller: Caller, mode: Exclude<CaptureMode, 'ingress' | 'gateway'>): View
  /** The view of ingress proxies like this one, likewise. */
  enterIngress(caller: Caller, place: IngressPlace): View
  /** The view of proxies that these Gateways select, by sorted keys, likewise; with `ingressRules`, of ingress proxies. */
  enterGateway(caller: Caller, place: IngressPlace, gateways: readonly string[], ingressRules: boolean): View
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

/** No views yet. Callers are not told of endpoints that `isHeld`. */
export const createViews = (
  registry: Registry,
  isHeld: (address: string, port: number) => boolean,
): Views => {
  const views = new Map<string, View>()
  const readers = new Map<View, Set<ProxySlot>>()
  const byPattern = multimap<View>()
  /** Views by the hostnames of their slices, and by other hostnames that clusters in them belong to. */
  const byHostname = multimap<View>()
  const byForeignHostname = multimap<View>()
  const dependents = createDependents(registry)
  /** Of each hostname by variant: nearly always one. */
  const slices = new Map<string, Slice[]>()
  const endpoints = createEndpointStore(registry, isHeld)

  const makers = createViewMakers(registry, endpoints.get)

  const sliceFor = (service: CompiledService, view: View): Slice => {
    const variants = slices.get(service.hostname)
    if (variants === undefined) dependents.learn(service.hostname)
    const foreign = dependents.foreignTo(service.hostname)
    const names = callableNames(service, view.variant.domain, registry.claims)
    const key = variantKeyOf(service, names, foreign, view.variant, registry)
    const known = variants?.find(({ variantKey }) => variantKey === key)
    if (known !== undefined) return known
    const slice = buildSlice(service, names, view.variant, registry, key)
    if (variants === undefined) slices.set(service.hostname, [slice])
    else variants.push(slice)
    return slice
  }

  const refresh = (view: View, hostname: string, changes: Changes): void => {
    const service = seenBy(view.variant, view.scope, hostname, registry)
    const slice = service === undefined ? undefined : sliceFor(withinScope(view.scope, service), view)
    putSlice(view, hostname, slice, changes)
    if (slice === undefined) byHostname.delete(hostname, view)
    else byHostname.add(hostname, view)
    // Kept for as long as the view lives: being asked in vain is cheaper than counting.
    for (const cluster of slice?.clusters ?? [])
      if (cluster.hostname !== hostname) byForeignHostname.add(cluster.hostname, view)
  }

  const putForeign = (view: View, name: string, slice: Slice | undefined, changes: Changes): void => {
    putSlice(view, name, slice, changes)
    for (const { hostname } of slice?.clusters ?? []) byForeignHostname.add(hostname, view)
  }

  const gatewayViews = createGatewayViews(registry, putForeign)
  const ingressViews = createIngressViews(registry, gatewayViews, putForeign, dependents.learn)

  const enter: Views['enter'] = (caller, mode) => {
    const { domain, namespace, egress, undeclaredOutbound, locality, sourceRules } = caller
    const { scope, apart } = egress
    const ipv6 = mode === 'captured' && caller.ipv6
    const places = apart === undefined ? '' : JSON.stringify(apart)
    return enterView(
      [
        mode,
        domain,
        namespace,
        scope.key,
        places,
        `${ipv6}`,
        undeclaredOutbound,
        locality,
        sourceRules.join(' '),
      ],
      variantOf(caller, mode, registry),
      { scope, undeclaredOutbound, ipv6 },
    )
  }

  const enterIngress: Views['enterIngress'] = (caller, place) =>
    enterEdge(caller, { mode: 'ingress', place, ingressRules: true })

  const enterGateway: Views['enterGateway'] = (caller, place, gateways, ingressRules) =>
    enterEdge(caller, { mode: 'gateway', place, gateways, ...(ingressRules && { ingressRules }) })

  const enterEdge = (caller: Caller, edge: Edge): View => {
    const { mode, place, gateways = [], ingressRules = false } = edge
    const { locality, sourceRules } = caller
    const rules = [gateways.join(' '), `${ingressRules}`, locality, sourceRules.join(' ')]
    return enterView(
      [mode, caller.namespace, place.address, `${place.port}`, ...rules],
      edgeVariantOf(caller, edge, registry),
      { scope: emptyScope, undeclaredOutbound: 'refuse', ipv6: false },
    )
  }

  const enterView = (
    keys: readonly string[],
    variant: SliceVariant,
    shared: Pick<View, 'scope' | 'undeclaredOutbound' | 'ipv6'>,
  ): View => {
    const { scope } = shared
    const key = keys.join('\n')
    const known = views.get(key)
    if (known !== undefined) return known
    const view = emptyView(key, variant, shared)
    const changes = noChanges()
    for (const hostname of hostnamesInScope(scope, registry)) refresh(view, hostname, changes)
    if (variant.mode === 'gateway') gatewayViews.enter(view, changes)
    if (variant.ingressRules) ingressViews.enter(view, changes)
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
    for (const hostname of dependents.under(touched.patterns)) touched.hostnames.add(hostname)
    const hostnames = touched.everything
      ? everyHostname(touched.hostnames)
      : dependents.withDependents(touched.hostnames)
    for (const hostname of hostnames) slices.delete(hostname)
    for (const hostname of hostnames)
      for (const view of viewsConcerned(hostname)) refresh(view, hostname, changesOf(view))
    const atGateways = gatewayViews.advance(touched, hostnames, changesOf)
    ingressViews.advance(touched, hostnames, atGateways, changesOf)
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

  const isNamed = (hostname: string, cluster: string): boolean => {
    for (const view of viewsNaming(hostname)) if (view.clusters.has(cluster)) return true
    return false
  }

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
        ingressViews.leave(view)
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
      slices: [...slices.values()].reduce((sum, variants) => sum + variants.length, 0),
    }),
  }
}
