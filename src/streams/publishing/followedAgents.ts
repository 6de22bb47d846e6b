import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { emptyDigest } from '../../agent/digest.ts'
import type { Position } from '../../model/entry.ts'
import type { ProxyStatus } from '../../model/fleet.ts'
import type { AgentStatus, Standing, Topic, Verdict } from '../../model/frame.ts'
import { metadataKey } from '../../model/metadataKey.ts'
import { namespaceNamed } from '../../model/namespaceNamed.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../model/proxy.ts'
import { createStandstill } from '../../model/standstill.ts'
import { proxyTopic } from '../../model/topic.ts'
import type { Clock, ControllerBus } from '../../ports.ts'
import type { ProjectedProxy } from '../../projections/projectedProxy.ts'
import type { Projector } from '../../projections/projector.ts'
import type { View } from '../../projections/views/view.ts'
import type { Fleet } from '../fleet.ts'
import { type PublishedOwn, publishOwn } from './publishedOwn.ts'
import { type PublishedView, publishView } from './publishedView.ts'
import { type Doubt, verdictOn } from './verdictOn.ts'

/** An agent that was heard, and what its proxy reads. */
export type FollowedAgent = {
  readonly proxy: ProjectedProxy
  readonly own: PublishedOwn
  readonly namespace: string
  /** Of what is its own. */
  readonly topic: Topic
  view: PublishedView | undefined
  /** When it was given another view last. */
  turnedMs: number
  heardMs: number
  /** While it does not count as silent. */
  isHeard: boolean
  told: AgentStatus | undefined
  /** The newest position as of which it said that it holds what it should, and that its Envoy has acknowledged that. */
  heldAsOf: Position
  ackedAsOf: Position
  doubt: Doubt | undefined
}

/** The agents that were heard, the views that their proxies read, and how each stands. One that was not heard for a
 *  while counts as silent, and is forgotten in the end. */
export type FollowedAgents = {
  /** The agent of `node`, known or new. Left says why there can be none. */
  follow(node: string, metadata: ProxyMetadata): Either<string, FollowedAgent>
  of(proxy: ProjectedProxy): FollowedAgent | undefined
  all(): Iterable<FollowedAgent>
  /** The views that somebody reads. */
  views(): Iterable<PublishedView>
  published(view: View): PublishedView | undefined
  /** Lets `agent` read what its manifest names now; the view that it read before. */
  turn(agent: FollowedAgent, nowMs: number): PublishedView | undefined
  /** It asked for something just now. */
  heard(agent: FollowedAgent): void
  /** It said just now how it stands; what is found of that. */
  told(agent: FollowedAgent, status: AgentStatus): Verdict | undefined
  /** Where it should stand. */
  standingOf(agent: FollowedAgent): Standing
  counters(): { readonly agents: number; readonly agentsRefused: number }
  /** Forgets all, and looks for silent ones no more. */
  close(): void
}

/** An agent says something every 5 s; beyond three times that it counts as silent. */
const silentAfterMs = 16_000
/** What it missed is remembered for so long after it was last heard. */
const forgottenAfterMs = 120_000
/** How often silent agents are looked for. */
const lookEveryMs = 1_000

/** Nobody yet. `identify` says whose a node id is, or why it is nobody's. */
export const createFollowedAgents = (parts: {
  readonly projector: Projector
  readonly fleet: Fleet
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly identify: (node: string) => Either<string, ProxyIdentity>
  readonly bus: Pick<ControllerBus, 'log'>
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
    if (known !== undefined && isOf(known, metadata)) return right(known)
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
      topic: proxyTopic(node),
      view: undefined,
      turnedMs: Number.NEGATIVE_INFINITY,
      heardMs: clock.monotonicMs(),
      isHeard: false,
      told: undefined,
      heldAsOf: -1,
      ackedAsOf: 0,
      doubt: undefined,
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
    if (!holds(agent, told.standing)) {
      const ackedPosition = Math.max(status.ackedPosition, agent.ackedAsOf)
      return { ...status, state: 'pending', ackedPosition }
    }
    return status.state === 'synced' ? { ...status, ackedPosition: position() } : status
  }

  const hasTakenOwn = ({ told, own }: FollowedAgent): boolean =>
    told !== undefined && told.status.state !== 'pending' && told.standing.own.digest === own.digest()

  const heard = (agent: FollowedAgent): void => {
    agent.heardMs = clock.monotonicMs()
    if (agent.isHeard) return
    agent.isHeard = true
    fleet.heard(agent.proxy, { status: () => statusOf(agent), hasTakenOwn: () => hasTakenOwn(agent) })
  }

  const compare = (agent: FollowedAgent, status: AgentStatus): Verdict | undefined => {
    const isOfThisLog = status.log === parts.bus.log
    if (!isOfThisLog || holds(agent, status.standing)) {
      agent.doubt = undefined
      return isOfThisLog ? 'equal' : 'missing'
    }
    const { verdict, doubt } = verdictOn(agent, status, standingOf(agent), agent.heardMs)
    agent.doubt = doubt
    return verdict
  }

  const stoodStillMs = createStandstill(lookEveryMs, clock.monotonicMs())
  const look = (): void => {
    const nowMs = clock.monotonicMs()
    const missedMs = stoodStillMs(nowMs)
    for (const agent of [...agents.values()]) {
      agent.heardMs = Math.min(nowMs, agent.heardMs + missedMs)
      const silentMs = nowMs - agent.heardMs
      if (silentMs > silentAfterMs && agent.isHeard) {
        agent.isHeard = false
        fleet.silent(agent.proxy.identity.node)
      }
      if (silentMs > forgottenAfterMs) forget(agent)
    }
  }
  const looking = setInterval(look, lookEveryMs)

  return {
    follow,
    of: (proxy) => byProxy.get(proxy),
    all: () => agents.values(),
    views: () => views.values(),
    published: (view) => views.get(view),
    turn: (agent, nowMs) => {
      const before = agent.view
      if (projector.manifest(agent.proxy).view !== before?.view) {
        agent.view = enterView(agent)
        agent.turnedMs = nowMs
        leave(before, agent.namespace)
      }
      return before
    },
    heard,
    told: (agent, status) => {
      heard(agent)
      const verdict = compare(agent, status)
      agent.told = status
      if (verdict === 'equal') {
        agent.heldAsOf = position()
        if (status.status.state === 'synced') agent.ackedAsOf = position()
      }
      return verdict
    },
    standingOf,
    counters: () => ({ agents: agents.size, agentsRefused: refused }),
    close: () => {
      clearInterval(looking)
      for (const agent of [...agents.values()]) forget(agent)
    },
  }
}

/** True where `held` is the content that an agent should hold, as of whatever positions. Thousands of agents are asked
 *  this a second, so nothing is made for it. */
const holds = ({ own, view, namespace }: FollowedAgent, held: Standing): boolean =>
  held.own.digest === own.digest() &&
  held.view.topic === (view?.topicFor(namespace) ?? '') &&
  held.view.digest === (view?.content.digest.text() ?? emptyDigest) &&
  held.endpoints.digest === (view?.endpoints.digest.text() ?? emptyDigest)

/** What an agent says again it says with the same metadata, mostly the very same object. */
const isOf = ({ told, proxy }: FollowedAgent, metadata: ProxyMetadata): boolean =>
  told?.metadata === metadata || sameMetadata(proxy.metadata, metadata)

const sameMetadata = (one: ProxyMetadata, other: ProxyMetadata): boolean =>
  metadataKey(one) === metadataKey(other)
