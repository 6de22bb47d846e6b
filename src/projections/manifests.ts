import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { proxyIps } from '../model/proxyIps.ts'
import { forEachType, type XdsResource, type XdsType } from '../model/xds.ts'
import { captureModeOf } from './captureMode.ts'
import { createRawResources, isMeantFor } from './envoyResources.ts'
import { ingressPlaceOf } from './ingress/ingressPlaceOf.ts'
import { type InboundPort, inboundPorts } from './listeners/inboundPorts.ts'
import { listenerName } from './listeners/listeners.ts'
import { takenDoors } from './listeners/takenDoors.ts'
import { type OwnResources, ownListeners, ownResourcesOf, routerResourcesOf } from './ownResources.ts'
import { type Manifest, noResources, type ProxySlot } from './projectedProxy.ts'
import type { Registry } from './registry/registry.ts'
import { type Caller, callerOf, sourceHostnames } from './views/caller.ts'
import type { View } from './views/view.ts'
import type { Views } from './views/views.ts'

type Proxy = Exclude<ProxyIdentity, { readonly type: 'bare' }>

/** What makes up the configuration of proxies, worked out from the registry and what views there are. */
export type Manifests = {
  /** Of a proxy as it is now, and what else is known of it by that. */
  manifestOf(identity: ProxyIdentity, metadata: ProxyMetadata): Omit<ProxySlot, 'proxy'>
  /** Of one that nobody follows: raw resources alone. */
  bareManifest(identity: ProxyIdentity): Manifest
  /** Names of the inbound listeners that services and probes ask of a proxy at `ip`, one of its addresses. */
  listenersAt(slot: Pick<ProxySlot, 'proxy' | 'namespace'>, ip: string): readonly string[]
  names(manifest: Manifest, type: XdsType): Iterable<string>
  /** Raw resources go before a proxy's own, and these before its view's. */
  resource(manifest: Manifest, type: XdsType, name: string): XdsResource | undefined
  /** Names whose resource can differ between two manifests of a proxy: all of a view only where the view itself is another
   *  one. */
  changeableNames(before: Manifest, after: Manifest, type: XdsType): Iterable<string>
}

/** Manifests of proxies in the mesh of `registry`, which read and make `views`. */
export const createManifests = (registry: Registry, views: Views): Manifests => {
  const rawOf = createRawResources()

  const manifestOf = (identity: ProxyIdentity, metadata: ProxyMetadata): Omit<ProxySlot, 'proxy'> => {
    if (identity.type === 'bare')
      return { manifest: bareManifest(identity), sources: [], namespace: '', listensAt: new Set() }
    const callers = callerOf(identity, metadata, registry)
    const ports = proxyIps(identity, metadata).flatMap((ip) => portsAt(identity, callers.namespace, ip))
    const caller = besideOwn(callers, identity, metadata, ports)
    const view = viewOf(identity, metadata, caller)
    const own = ownOf(identity, metadata, caller, { view, ports })
    const raw = rawResourcesFor(identity, caller.labels)
    return {
      manifest: { view, own, raw, labels: caller.labels },
      sources: sourceHostnames(identity, registry),
      namespace: caller.namespace,
      listensAt: new Set(listenerNames(ports)),
    }
  }

  /** `caller`, and which places of its egress are taken by listeners of its own. */
  const besideOwn = (
    caller: Caller,
    { ip }: Proxy,
    metadata: ProxyMetadata,
    ports: readonly InboundPort[],
  ): Caller => {
    const { scope, apart } = caller.egress
    if (apart === undefined) return caller
    const own = ownListeners({ ip }, metadata, caller, ports, registry.settings())
    return { ...caller, egress: { scope, apart: { ...apart, taken: takenDoors(apart.places, own) } } }
  }

  // What a proxy says of further addresses nobody has verified: it gets what is of its own namespace there.
  const portsAt = ({ type, ip: own }: Proxy, namespace: string, ip: string): readonly InboundPort[] =>
    type === 'sidecar' ? inboundPorts(ip, registry, ip === own ? undefined : namespace) : []

  const ownOf = (
    identity: Proxy,
    metadata: ProxyMetadata,
    caller: Caller,
    { view, ports }: { readonly view: View; readonly ports: readonly InboundPort[] },
  ): OwnResources => {
    const settings = registry.settings()
    if (identity.type === 'sidecar') return ownResourcesOf(identity, metadata, caller, ports, settings)
    // Its view is that of a router with an HTTP proxy of its own.
    return view.variant.mode === 'proxy' ? routerResourcesOf(metadata, settings) : noResources
  }

  const viewOf = ({ type }: Proxy, metadata: ProxyMetadata, caller: Caller): View => {
    if (type === 'sidecar') return views.enter(caller, captureModeOf(metadata, registry.settings()))
    const gateways = registry.istio.gatewaysFor(caller.labels)
    if (gateways.length > 0)
      return views.enterGateway(caller, ingressPlaceOf(metadata), gateways, type === 'ingress')
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

  function* changeableNames(before: Manifest, after: Manifest, type: XdsType): Generator<string> {
    for (const manifest of [before, after]) {
      yield* manifest.raw[type].keys()
      yield* manifest.own[type].keys()
    }
    if (before.view === after.view) return
    for (const { view } of [before, after]) if (view !== undefined) yield* views.names(view, type)
  }

  return {
    manifestOf,
    bareManifest,
    listenersAt: ({ proxy: { identity }, namespace }, ip) =>
      identity.type === 'bare' ? [] : listenerNames(portsAt(identity, namespace, ip)),
    names: namesOf,
    resource: resourceOf,
    changeableNames,
  }
}

const listenerNames = (ports: readonly InboundPort[]): readonly string[] =>
  ports.map(({ address, port }) => listenerName(address, port))
