import type { VirtualHostPart, XdsResource, XdsType } from '../../model/xds.ts'
import type { ConnectionChain } from '../listeners/connectionChain.ts'
import type { UndeclaredOutbound } from './caller.ts'
import type { Changes } from './changes.ts'
import { type ClusterUses, putClusters } from './putClusters.ts'
import { httpListenerName, httpPortOf, putListeners } from './putListeners.ts'
import { type PlaceListener, putPlaces } from './putPlaces.ts'
import { putSecrets } from './putSecrets.ts'
import { putTables } from './putTables.ts'
import type { Scope } from './scope.ts'
import type { ClusterPart, Slice, SliceVariant } from './slice.ts'
import { standingPorts } from './standingPorts.ts'
import { standingTables } from './standingTables.ts'

/** The outbound configuration that proxies of one variant and scope share: the list of what they may call. A slice
 *  that changes costs what is in the slice, never what is in the view. */
export type View = {
  readonly key: string
  readonly variant: SliceVariant
  readonly scope: Scope
  readonly undeclaredOutbound: UndeclaredOutbound
  /** Its readers' machines have IPv6, and what goes there is captured. */
  readonly ipv6: boolean
  readonly slices: Map<string, Slice>
  readonly clusters: Map<string, ClusterPart>
  /** Who brings a cluster, where it is more than one slice. */
  readonly clusterUses: Map<string, ClusterUses>
  /** Virtual hosts by route configuration. */
  readonly tables: Map<string, RouteTable>
  /** Who is routed by request on a port. */
  readonly httpPorts: Map<number, HttpPort>
  /** Who is routed by connection, by listener. */
  readonly tcpListeners: Map<string, TcpListener>
  /** Listeners at places of a Sidecar's egress: they go before what else has their address. */
  readonly places: Map<string, PlaceListener>
  /** Names of secrets that its listeners and clusters ask for, and how many slices do. What is in them is no part of
   *  the mesh. */
  readonly secretUses: Map<string, number>
}

/** `namedBy`: owners of slices whose listeners name it. */
export type RouteTable = {
  readonly parts: Map<string, VirtualHostPart>
  readonly namedBy: Set<string>
  resource: XdsResource | undefined
}
/** `owners` with the secret of each, '' where it has none; `byAuthority`: those with requests that go where their
 *  authority says. */
export type HttpPort = {
  readonly owners: Map<string, string>
  readonly byAuthority: Set<string>
  resource: XdsResource | undefined
}

/** Which connections of a port are whose; where two want the same ones, the smaller key has them. */
export type TcpListener = {
  readonly address: string
  readonly port: number
  readonly claims: Map<string, readonly ConnectionChain[]>
  resource: XdsResource | undefined
}

/** What is made of many slices at once, and so is not in any. */
export type ViewMakers = {
  endpoints(cluster: ClusterPart): XdsResource
  secret(name: string): XdsResource
  routeTable(view: View, table: string, parts: Iterable<VirtualHostPart>): XdsResource
  /** `http` is called by request at it, `tcp` by connection; one of both there is. */
  listener(
    view: View,
    name: string,
    http: Pick<HttpPort, 'owners' | 'byAuthority'> | undefined,
    tcp: TcpListener | undefined,
  ): XdsResource
  placeListener(view: View, name: string, place: PlaceListener): XdsResource
}

/** A view that holds nothing yet. */
export const emptyView = (
  key: string,
  variant: SliceVariant,
  { scope, undeclaredOutbound, ipv6 }: Pick<View, 'scope' | 'undeclaredOutbound' | 'ipv6'>,
): View => ({
  key,
  variant,
  scope,
  undeclaredOutbound,
  ipv6,
  slices: new Map(),
  clusters: new Map(),
  clusterUses: new Map(),
  tables: new Map(
    standingTables(variant).map((table) => [
      table,
      { parts: new Map(), namedBy: new Set(), resource: undefined },
    ]),
  ),
  httpPorts: new Map(
    standingPorts(variant).map((port) => [
      port,
      { owners: new Map(), byAuthority: new Set(), resource: undefined },
    ]),
  ),
  tcpListeners: new Map(),
  places: new Map(),
  secretUses: new Map(),
})

/** Puts `slice` in place of what `view` holds under `hostname` (or `ingress/` and a host), and notes in `changes` the names that this may change. */
export const putSlice = (view: View, hostname: string, slice: Slice | undefined, changes: Changes): void => {
  const before = view.slices.get(hostname)
  if (before === slice) return
  if (slice === undefined) view.slices.delete(hostname)
  else view.slices.set(hostname, slice)
  putClusters(view, before, slice, changes)
  putTables(view, before, slice, changes)
  putListeners(view, before, slice, changes)
  putPlaces(view, before, slice, changes)
  putSecrets(view, before, slice, changes)
}

/** Every name of `type` in `view`, each once. */
export function* namesIn(view: View, type: XdsType): Generator<string> {
  switch (type) {
    case 'clusters':
      yield* view.clusters.keys()
      return
    case 'endpoints':
      for (const [name, { eds }] of view.clusters) if (eds) yield name
      return
    case 'routes':
      yield* view.tables.keys()
      return
    case 'listeners':
      yield* listenerNames(view)
      return
    case 'secrets':
      yield* view.secretUses.keys()
      return
  }
}

function* listenerNames({ places, httpPorts, tcpListeners }: View): Generator<string> {
  yield* places.keys()
  const http = new Set([...httpPorts.keys()].map(httpListenerName))
  for (const name of http) if (!places.has(name)) yield name
  for (const name of tcpListeners.keys()) if (!places.has(name) && !http.has(name)) yield name
}

/** The resource called `name` in `view`, made when it is first asked for. */
export const resourceIn = (
  view: View,
  type: XdsType,
  name: string,
  makers: ViewMakers,
): XdsResource | undefined => {
  switch (type) {
    case 'clusters':
      return view.clusters.get(name)?.resource
    case 'endpoints': {
      const cluster = view.clusters.get(name)
      return cluster?.eds === true ? makers.endpoints(cluster) : undefined
    }
    case 'routes': {
      const table = view.tables.get(name)
      if (table === undefined) return undefined
      table.resource ??= makers.routeTable(view, name, table.parts.values())
      return table.resource
    }
    case 'listeners':
      return listenerIn(view, name, makers)
    case 'secrets':
      return view.secretUses.has(name) ? makers.secret(name) : undefined
  }
}

const listenerIn = (view: View, name: string, makers: ViewMakers): XdsResource | undefined => {
  const place = view.places.get(name)
  if (place !== undefined) {
    place.resource ??= makers.placeListener(view, name, place)
    return place.resource
  }
  const http = httpPortOf(view, name)
  const tcp = view.tcpListeners.get(name)
  const made = http ?? tcp
  if (made === undefined) return undefined
  made.resource ??= makers.listener(view, name, http, tcp)
  return made.resource
}
