import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { emptyDigest } from '../../agent/digest.ts'
import type { Position } from '../../model/entry.ts'
import type { ProxyStatus } from '../../model/fleet.ts'
import type { AgentStatus, Standing } from '../../model/frame.ts'
import { namespaceNamed } from '../../model/namespaceNamed.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../model/proxy.ts'
import type { Clock } from '../../ports.ts'
import type { ProjectedProxy } from '../../projections/projectedProxy.ts'
import type { Projector } from '../../projections/projector.ts'
import type { View } from '../../projections/view.ts'
import type { Fleet } from '../fleet.ts'
import { type PublishedOwn, publishOwn } from './publishedOwn.ts'
import { type PublishedView, publishView } from './publishedView.ts'

/** An agent that was heard, and what its proxy reads. */
export type FollowedAgent = {
  readonly proxy: ProjectedProxy
  readonly own: PublishedOwn
  readonly namespace: string
  view: PublishedView | undefined
  heardMs: number
  told: AgentStatus | undefined
}

/** The agents that were heard, the views that their proxies read, and how each stands. */
export type FollowedAgents = {
  /** The agent of `node`, known or new. Left says why there can be none. */
  follow(node: string, metadata: ProxyMetadata): Either<string, FollowedAgent>
  of(proxy: ProjectedProxy): FollowedAgent | undefined
  all(): Iterable<FollowedAgent>
  /** The views that somebody reads. */
  views(): Iterable<PublishedView>
  published(view: View): PublishedView | undefined
  /** Lets `agent` read what its manifest names now; the view that it read before. */
  turn(agent: FollowedAgent): PublishedView | undefined
  /** It said something just now, perhaps how it stands. */
  heard(agent: FollowedAgent, status?: AgentStatus): void
  /** Where it should stand. */
  standingOf(agent: FollowedAgent): Standing
  /** Calls those silent that were not heard for a while, and forgets them in the end. */
  look(): void
  counters(): { readonly agents: number; readonly agentsRefused: number }
  /** Forgets all. */
  close(): void
}

/** An agent says something every 5 s; beyond three times that it counts as silent. */
const silentAfterMs = 16_000
/** What it missed is remembered for so long after it was last heard. */
const forgottenAfterMs = 120_000

/** Nobody yet. `identify` says whose a node id is, or why it is nobody's. */
export const createFollowedAgents = (parts: {
  readonly projector: Projector
  readonly fleet: Fleet
  readonly clock: Clock
  readonly identify: (node: string) => Either<string, ProxyIdentity>
}): FollowedAgents => {
  const { projector, fleet, clock } = parts
  const agents = new Map<string, FollowedAgent>()
  const byProxy = new Map<ProjectedProxy, FollowedAgent>()
  const views = new Map<View, PublishedView>()
  let refused = 0

  const position = (): Position => projector.snapshot().position

  const enterView = (agent: FollowedAgent): PublishedView | undefined => {
    const { view } = projector.manifest(agent.proxy)
    if (view === undefined) return undefined
    const known = views.get(view) ?? publishView(projector, view)
    views.set(view, known)
    known.enter(agent.namespace)
    return known
  }

  const leave = (view: PublishedView | undefined, namespace: string): void => {
    if (view?.leave(namespace) === true) views.delete(view.view)
  }

  const follow = (node: string, metadata: ProxyMetadata): Either<string, FollowedAgent> => {
    const known = agents.get(node)
    if (known !== undefined && sameMetadata(known.proxy.metadata, metadata)) return right(known)
    const identity = parts.identify(node)
    if (isLeft(identity)) {
      refused += 1
      return identity
    }
    const proxy = projector.follow(identity.right, metadata)
    const agent: FollowedAgent = {
      proxy,
      own: publishOwn(projector, proxy),
      namespace: namespaceNamed(identity.right) ?? '',
      view: undefined,
      heardMs: clock.nowMs(),
      told: undefined,
    }
    agent.view = enterView(agent)
    if (known !== undefined) forget(known)
    agents.set(node, agent)
    byProxy.set(proxy, agent)
    return right(agent)
  }

  const forget = (agent: FollowedAgent): void => {
    agents.delete(agent.proxy.identity.node)
    byProxy.delete(agent.proxy)
    leave(agent.view, agent.namespace)
    projector.release(agent.proxy)
  }

  const standingOf = ({ own, view, namespace }: FollowedAgent): Standing => ({
    own: { digest: own.digest(), position: position() },
    view: {
      topic: view?.topicFor(namespace) ?? '',
      digest: view?.content.digest.text() ?? emptyDigest,
      position: position(),
    },
    endpoints: { digest: view?.endpoints.digest.text() ?? emptyDigest, position: position() },
  })

  /** What its agent said last, as of now: one that holds and acknowledged the newest has acknowledged the newest
   *  position, and of one that holds something else nobody knows yet what comes of the newest. */
  const statusOf = (agent: FollowedAgent): ProxyStatus => {
    const { told } = agent
    const { node: id, type } = agent.proxy.identity
    if (told === undefined)
      return { id, type, connected: true, state: 'pending', ackedPosition: 0, rejections: [] }
    const { status } = told
    if (!isEqual(told.standing, standingOf(agent))) return { ...status, state: 'pending' }
    return status.state === 'synced' ? { ...status, ackedPosition: position() } : status
  }

  return {
    follow,
    of: (proxy) => byProxy.get(proxy),
    all: () => agents.values(),
    views: () => views.values(),
    published: (view) => views.get(view),
    turn: (agent) => {
      const before = agent.view
      if (projector.manifest(agent.proxy).view !== before?.view) {
        agent.view = enterView(agent)
        leave(before, agent.namespace)
      }
      return before
    },
    heard: (agent, status) => {
      if (status !== undefined) agent.told = status
      agent.heardMs = clock.nowMs()
      fleet.heard(agent.proxy, () => statusOf(agent))
    },
    standingOf,
    look: () => {
      const nowMs = clock.nowMs()
      for (const agent of [...agents.values()]) {
        const silentMs = nowMs - agent.heardMs
        if (silentMs > silentAfterMs) fleet.silent(agent.proxy.identity.node)
        if (silentMs > forgottenAfterMs) forget(agent)
      }
    },
    counters: () => ({ agents: agents.size, agentsRefused: refused }),
    close: () => {
      for (const agent of [...agents.values()]) forget(agent)
    },
  }
}

const isEqual = (one: Standing, other: Standing): boolean =>
  one.own.digest === other.own.digest &&
  one.view.topic === other.view.topic &&
  one.view.digest === other.view.digest &&
  one.endpoints.digest === other.endpoints.digest

const sameMetadata = (one: ProxyMetadata, other: ProxyMetadata): boolean =>
  JSON.stringify([one.httpProxy, one.labels]) === JSON.stringify([other.httpProxy, other.labels])
