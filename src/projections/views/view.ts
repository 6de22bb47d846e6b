import type { VirtualHostPart, XdsResource, XdsType } from '../../model/xds.ts'
import { secretsOfClusters } from '../clusters/secretsOfClusters.ts'
import type { ConnectionChain } from '../listeners/connectionChain.ts'
import { listenerName } from '../listeners/listeners.ts'
import type { UndeclaredOutbound } from './caller.ts'
import type { Changes } from './changes.ts'
import { type ClusterUses, putClusters } from './putClusters.ts'
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
}

/** A view that holds nothing yet. */
export const emptyView = (
  key: string,
  variant: SliceVariant,
  { scope, undeclaredOutbound }: Pick<View, 'scope' | 'undeclaredOutbound'>,
): View => ({
  key,
  variant,
  scope,
  undeclaredOutbound,
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
  putHttpPorts(view, before, slice, changes)
  putTcpListeners(view, before, slice, changes)
  putSecrets(view, before, slice, changes)
}

const putHttpPorts = (
  view: View,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  for (const port of slice?.httpPorts ?? []) {
    const stands = view.httpPorts.get(port) ?? newHttpPort(view, port)
    const { owner, portSecrets } = slice as Slice
    const secret = portSecrets?.get(port) ?? ''
    const byAuthority = slice?.portsByAuthority?.includes(port) === true
    if (stands.owners.get(owner) === secret && stands.byAuthority.has(owner) === byAuthority) continue
    stands.owners.set(owner, secret)
    if (byAuthority) stands.byAuthority.add(owner)
    else stands.byAuthority.delete(owner)
    forgetListener(view, httpListenerName(port), changes)
  }
  for (const port of before?.httpPorts ?? []) {
    if (slice?.httpPorts.includes(port) && slice.owner === before?.owner) continue
    const stands = view.httpPorts.get(port)
    stands?.owners.delete((before as Slice).owner)
    stands?.byAuthority.delete((before as Slice).owner)
    if (stands?.owners.size === 0 && !standingPorts(view.variant).includes(port)) view.httpPorts.delete(port)
    forgetListener(view, httpListenerName(port), changes)
  }
}

const putTcpListeners = (
  view: View,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  for (const { address, port } of before?.tcpPorts ?? []) {
    const name = listenerName(address, port)
    const stands = view.tcpListeners.get(name)
    stands?.claims.delete((before as Slice).owner)
    if (stands?.claims.size === 0) view.tcpListeners.delete(name)
    forgetListener(view, name, changes)
  }
  for (const { address, port, chains } of slice?.tcpPorts ?? []) {
    const name = listenerName(address, port)
    const stands = view.tcpListeners.get(name) ?? newTcpListener(view, address, port)
    const { owner } = slice as Slice
    stands.claims.set(owner, [...(stands.claims.get(owner) ?? []), ...chains])
    forgetListener(view, name, changes)
  }
}

/** One listener may be made of both. */
const forgetListener = (view: View, name: string, changes: Changes): void => {
  for (const made of [view.tcpListeners.get(name), httpPortOf(view, name)])
    if (made !== undefined) made.resource = undefined
  changes.listeners.add(name)
}

/** Names of the secrets that its listeners and clusters ask for. */
const secretsOf = (slice: Slice | undefined): ReadonlySet<string> =>
  new Set(slice === undefined ? [] : [...(slice.secrets ?? []), ...secretsOfClusters(slice.clusters)])

const putSecrets = (
  view: View,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  for (const name of secretsOf(slice)) {
    const uses = view.secretUses.get(name) ?? 0
    if (uses === 0) changes.secrets.add(name)
    view.secretUses.set(name, uses + 1)
  }
  for (const name of secretsOf(before)) {
    const uses = view.secretUses.get(name) ?? 0
    if (uses > 1) view.secretUses.set(name, uses - 1)
    else {
      view.secretUses.delete(name)
      changes.secrets.add(name)
    }
  }
}

const newHttpPort = (view: View, port: number): HttpPort => {
  const made: HttpPort = { owners: new Map(), byAuthority: new Set(), resource: undefined }
  view.httpPorts.set(port, made)
  return made
}

const newTcpListener = (view: View, address: string, port: number): TcpListener => {
  const made: TcpListener = { address, port, claims: new Map(), resource: undefined }
  view.tcpListeners.set(listenerName(address, port), made)
  return made
}

/** `0.0.0.0_9080`: the listener of all that is routed by request on a port. */
export const httpListenerName = (port: number): string => `0.0.0.0_${port}`

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
      for (const port of view.httpPorts.keys()) yield httpListenerName(port)
      for (const name of view.tcpListeners.keys()) if (httpPortOf(view, name) === undefined) yield name
      return
    case 'secrets':
      yield* view.secretUses.keys()
      return
  }
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

const httpPortOf = (view: View, name: string): HttpPort | undefined =>
  name.startsWith('0.0.0.0_') ? view.httpPorts.get(Number(name.slice('0.0.0.0_'.length))) : undefined

const listenerIn = (view: View, name: string, makers: ViewMakers): XdsResource | undefined => {
  const http = httpPortOf(view, name)
  const tcp = view.tcpListeners.get(name)
  const made = http ?? tcp
  if (made === undefined) return undefined
  made.resource ??= makers.listener(view, name, http, tcp)
  return made.resource
}
