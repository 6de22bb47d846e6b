import type { Position } from '../model/entry.ts'
import type { ProxyRejection, ProxyStatus, Waited, WaitedState } from '../model/fleet.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { byCodeUnit } from '../model/resourceName.ts'
import type { Advance } from '../projections/projector.ts'
import type { Session } from './sessions.ts'

/** Who is and was connected to this controller, and how far each has come. Never folded into the mesh. */
export type Fleet = {
  joined(session: Session): void
  left(session: Session): void
  /** Notes whom the step to the projector's position concerned. */
  advanced(advance: Advance): void
  /** Every proxy known, by node id. */
  statuses(): readonly ProxyStatus[]
  /** Metadata that a node last reported, connected or not. */
  metadataOf(node: string): ProxyMetadata
  /** How the fleet stands to `position`, now. */
  standing(position: Position): Waited
  counters(): { readonly known: number; readonly connected: number; readonly forgotten: number }
}

type Member = {
  readonly identity: ProxyIdentity
  metadata: ProxyMetadata
  readonly sessions: Set<Session>
  /** As of its last stream's end. */
  lastAckedPosition: Position
  /** Steps of the projector that concerned it, from excluded to included, the newest last. */
  concerns: { readonly from: Position; readonly to: Position }[]
}

/** Proxies that went and are remembered; the one that went first is forgotten. */
const maxAbsent = 10_000
/** Steps remembered for each proxy, to tell whether it needed a position. */
const maxConcerns = 64

export const createFleet = (position: () => Position): Fleet => {
  const members = new Map<string, Member>()
  const absent = new Set<string>()
  let forgotten = 0
  let advancedTo = position()

  const memberOf = ({ proxy }: Session): Member => {
    const { identity, metadata } = proxy
    const known = members.get(identity.node)
    if (known !== undefined) return known
    const made: Member = { identity, metadata, sessions: new Set(), lastAckedPosition: 0, concerns: [] }
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

  const fleet: Fleet = {
    joined: (session) => {
      const member = memberOf(session)
      member.metadata = session.proxy.metadata
      member.sessions.add(session)
      absent.delete(session.proxy.identity.node)
    },
    left: (session) => {
      const member = memberOf(session)
      member.lastAckedPosition = statusOf(member).ackedPosition
      member.sessions.delete(session)
      if (member.sessions.size > 0) return
      absent.add(session.proxy.identity.node)
      forgetOldest()
    },
    advanced: (advance) => {
      const step = { from: advancedTo, to: position() }
      advancedTo = step.to
      for (const { identity } of advance.keys()) {
        const member = members.get(identity.node)
        if (member === undefined) continue
        member.concerns.push(step)
        if (member.concerns.length > maxConcerns) member.concerns.shift()
      }
    },
    statuses: () =>
      [...members.values()]
        .sort((a, b) => byCodeUnit(a.identity.node, b.identity.node))
        .map((member) => statusOf(member)),
    metadataOf: (node) => members.get(node)?.metadata ?? {},
    standing: (wanted) => {
      const proxies = fleet
        .statuses()
        .map((status) => ({ id: status.id, state: waitedState(status, wanted, members.get(status.id)) }))
      const count = (state: WaitedState): number => proxies.filter((one) => one.state === state).length
      return {
        position: wanted,
        acknowledged: count('acknowledged'),
        unaffected: count('unaffected'),
        rejected: count('rejected'),
        pending: count('pending'),
        silent: count('silent'),
        proxies,
      }
    },
    counters: () => ({ known: members.size, connected: members.size - absent.size, forgotten }),
  }
  return fleet
}

const statusOf = ({ identity, sessions, lastAckedPosition }: Member): ProxyStatus => {
  const { node: id, type } = identity
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

const waitedState = (status: ProxyStatus, position: Position, member: Member | undefined): WaitedState => {
  if (!status.connected) return 'silent'
  if (status.state === 'rejected') return 'rejected'
  if (status.ackedPosition < position) return 'pending'
  const concerned = member?.concerns.some(({ from, to }) => from < position && position <= to) === true
  return concerned ? 'acknowledged' : 'unaffected'
}
