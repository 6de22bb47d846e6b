import type { Position } from '../model/entry.ts'
import type { FleetAnswer, ProxyRejection, ProxyStatus, Waited, WaitedState } from '../model/fleet.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { byCodeUnit } from '../model/resourceName.ts'
import type { ProjectedProxy } from '../projections/projectedProxy.ts'
import type { Session } from './sessions.ts'
import { waitedOf } from './waitedOf.ts'

/** Who is and was connected to this controller, and how far each has come. Never folded into the mesh. */
export type Fleet = {
  joined(session: Session): void
  left(session: Session): void
  /** An agent is heard, which says of its Envoy what `told` gives. */
  heard(proxy: ProjectedProxy, told: Told): void
  /** The agent of a node is no longer heard. */
  silent(node: string): void
  /** Whether an Envoy of this node is there, as far as is known here. */
  isConnected(node: string): boolean
  /** True once it has acknowledged what `position` brought of its own: its listeners, for one. */
  hasTaken(node: string, position: Position): boolean
  /** Every proxy known, by node id. */
  statuses(): readonly ProxyStatus[]
  /** Metadata that a node last reported, connected or not. */
  metadataOf(node: string): ProxyMetadata
  /** Proxies that are or were connected to this controller itself, and how each stands to `position`. */
  direct(position: Position): FleetAnswer
  /** How the fleet stands to `position`, now. */
  standing(position: Position): Waited
  counters(): { readonly known: number; readonly connected: number; readonly forgotten: number }
}

/** What an agent says of its Envoy, as of now. */
type Told = {
  status(): ProxyStatus
  /** True once the Envoy has acknowledged the newest of what is the proxy's own. */
  hasTakenOwn(): boolean
}

type Member = {
  readonly identity: ProxyIdentity
  metadata: ProxyMetadata
  readonly sessions: Set<Session>
  /** While its agent is heard. */
  told: (Told & { readonly proxy: ProjectedProxy }) | undefined
  /** As of its last stream's end. */
  lastAckedPosition: Position
}

/** Proxies that went and are remembered; the one that went first is forgotten. */
const maxAbsent = 10_000

export const createFleet = (concerned: (proxy: ProjectedProxy, position: Position) => boolean): Fleet => {
  const members = new Map<string, Member>()
  const absent = new Set<string>()
  let forgotten = 0

  const memberOf = ({ identity, metadata }: ProjectedProxy): Member => {
    const known = members.get(identity.node)
    if (known !== undefined) return known
    const made: Member = { identity, metadata, sessions: new Set(), told: undefined, lastAckedPosition: 0 }
    members.set(identity.node, made)
    return made
  }

  const forgetOldest = (): void => {
    for (const node of absent) {
      if (absent.size <= maxAbsent) return
      absent.delete(node)
      members.delete(node)
      forgotten += 1
    }
  }

  const isConcerned = (node: string, position: Position): boolean => {
    const { sessions = [], told } = members.get(node) ?? {}
    const followed = [...[...sessions].map(({ proxy }) => proxy), ...(told === undefined ? [] : [told.proxy])]
    return followed.some((proxy) => concerned(proxy, position))
  }

  const settle = (member: Member): void => {
    if (member.sessions.size > 0 || member.told !== undefined) absent.delete(member.identity.node)
    else absent.add(member.identity.node)
    forgetOldest()
  }

  const fleet: Fleet = {
    joined: (session) => {
      const member = memberOf(session.proxy)
      member.metadata = session.proxy.metadata
      member.sessions.add(session)
      settle(member)
    },
    left: (session) => {
      const member = memberOf(session.proxy)
      member.lastAckedPosition = statusOf(member).ackedPosition
      member.sessions.delete(session)
      settle(member)
    },
    heard: (proxy, told) => {
      const member = memberOf(proxy)
      member.metadata = proxy.metadata
      member.told = { ...told, proxy }
      settle(member)
    },
    silent: (node) => {
      const member = members.get(node)
      if (member === undefined) return
      member.lastAckedPosition = statusOf(member).ackedPosition
      member.told = undefined
      settle(member)
    },
    isConnected: (node) => {
      const member = members.get(node)
      return member !== undefined && (member.sessions.size > 0 || member.told?.status().connected === true)
    },
    hasTaken: (node, position) => {
      const member = members.get(node)
      if (member === undefined) return false
      if (member.sessions.size > 0) return statusOf(member).ackedPosition >= position
      return member.told?.hasTakenOwn() === true
    },
    statuses: () =>
      [...members.values()]
        .sort((a, b) => byCodeUnit(a.identity.node, b.identity.node))
        .map((member) => statusOf(member)),
    metadataOf: (node) => members.get(node)?.metadata ?? {},
    direct: (wanted) => ({
      proxies: [...members.values()]
        .filter(({ told }) => told === undefined)
        .map((member) => {
          const status = statusOf(member)
          return { status, waited: waitedState(status, wanted, () => isConcerned(status.id, wanted)) }
        }),
    }),
    standing: (wanted) =>
      waitedOf(
        wanted,
        fleet.statuses().map((status) => ({
          id: status.id,
          state: waitedState(status, wanted, () => isConcerned(status.id, wanted)),
        })),
      ),
    counters: () => ({ known: members.size, connected: members.size - absent.size, forgotten }),
  }
  return fleet
}

const statusOf = ({ identity, sessions, told, lastAckedPosition }: Member): ProxyStatus => {
  const { node: id, type } = identity
  if (sessions.size === 0 && told !== undefined) return told.status()
  if (sessions.size === 0)
    return { id, type, connected: false, state: 'silent', ackedPosition: lastAckedPosition, rejections: [] }
  const statuses = [...sessions].map(({ delivery }) => delivery.status())
  const rejections: ProxyRejection[] = statuses.flatMap((status) => status.rejections)
  const states = statuses.map(({ state }) => state)
  return {
    id,
    type,
    connected: true,
    state: states.includes('rejected') ? 'rejected' : states.includes('pending') ? 'pending' : 'synced',
    ackedPosition: Math.min(...statuses.map(({ ackedPosition }) => ackedPosition)),
    rejections,
  }
}

const waitedState = (status: ProxyStatus, position: Position, concerned: () => boolean): WaitedState => {
  if (!status.connected) return 'silent'
  if (status.state === 'rejected') return 'rejected'
  if (status.ackedPosition < position) return 'pending'
  return concerned() ? 'acknowledged' : 'unaffected'
}
