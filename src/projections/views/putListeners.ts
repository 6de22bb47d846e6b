import { listenerName } from '../listeners/listeners.ts'
import type { Changes } from './changes.ts'
import type { Slice } from './slice.ts'
import { standingPorts } from './standingPorts.ts'
import type { HttpPort, TcpListener, View } from './view.ts'

/** Puts the ports of `slice` in place of those of `before`, and notes the listeners that this changes. */
export const putListeners = (
  view: View,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  putHttpPorts(view, before, slice, changes)
  putTcpListeners(view, before, slice, changes)
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
  // What goes to an IPv6 address is captured where there is IPv6.
  const isReached = (address: string): boolean =>
    view.ipv6 || view.variant.mode !== 'captured' || !address.includes(':')
  for (const { address, port } of before?.tcpPorts ?? []) {
    if (!isReached(address)) continue
    const name = listenerName(address, port)
    const stands = view.tcpListeners.get(name)
    stands?.claims.delete((before as Slice).owner)
    if (stands?.claims.size === 0) view.tcpListeners.delete(name)
    forgetListener(view, name, changes)
  }
  for (const { address, port, chains } of slice?.tcpPorts ?? []) {
    if (!isReached(address)) continue
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

/** What of `view` is routed by request at the listener called `name`. */
export const httpPortOf = (view: Pick<View, 'httpPorts'>, name: string): HttpPort | undefined =>
  name.startsWith('0.0.0.0_') ? view.httpPorts.get(Number(name.slice('0.0.0.0_'.length))) : undefined
