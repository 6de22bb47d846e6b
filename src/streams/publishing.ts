import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { emptyDigest } from '../agent/digest.ts'
import type { Position } from '../model/entry.ts'
import type { ProxyStatus } from '../model/fleet.ts'
import type {
  AgentStatus,
  EndpointsFrame,
  FragmentChange,
  Frame,
  ProxyFrame,
  Standing,
  SyncAnswer,
  SyncRequest,
  Topic,
  ViewFrame,
} from '../model/frame.ts'
import { namespaceNamed } from '../model/namespaceNamed.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { proxyTopic } from '../model/topic.ts'
import type { Clock, ControllerBus, ControllerBusListener } from '../ports.ts'
import type { ProjectedProxy } from '../projections/projectedProxy.ts'
import type { Projector, Step } from '../projections/projector.ts'
import type { View } from '../projections/view.ts'
import type { Fleet } from './fleet.ts'
import { fragmentsOf } from './publishing/fragments.ts'
import { createOwnership } from './publishing/ownership.ts'
import { type PublishedOwn, publishOwn } from './publishing/publishedOwn.ts'
import { type Endpoints, type PublishedView, publishView } from './publishing/publishedView.ts'
import { createRecent } from './publishing/recent.ts'

/** What a controller says to agents: each change once on its topic, and to each what it asks for. */
export type Publishing = {
  /** Publishes what a step of the projector changed. */
  stepped(step: Step): void
  counters(): {
    readonly agents: number
    readonly framesPublished: number
    readonly syncsAnswered: number
    readonly syncedFrames: number
    readonly agentsRefused: number
  }
  close(): void
}

type Agent = {
  readonly proxy: ProjectedProxy
  readonly own: PublishedOwn
  readonly namespace: string
  view: PublishedView | undefined
  heardMs: number
  told: AgentStatus | undefined
}

/** An agent says something every 5 s; beyond three times that it counts as silent. */
const silentAfterMs = 16_000
/** What it missed is remembered for so long after it was last heard. */
const forgottenAfterMs = 120_000
/** What changed so short a time ago is told again when another controller takes over. */
const recentMs = 60_000
/** A change of view that takes more goes to those who ask. */
const maxTurnBytes = 262_144
/** How long an asker that has come further is made to wait. */
const catchUpMs = 2_000

export const createPublishing = (parts: {
  readonly bus: ControllerBus
  readonly projector: Projector
  readonly fleet: Fleet
  readonly clock: Clock
  readonly identify: (node: string) => Either<string, ProxyIdentity>
  /** Brings the projector up to what was folded; resolves when that is `position`, or rejects after `limitMs`. */
  readonly reached: (position: Position, limitMs: number) => Promise<void>
  /** How the proxies that are connected to this controller stand. */
  readonly standing: ControllerBusListener['fleet']
}): Publishing => {
  const { bus, projector, fleet, clock } = parts
  const agents = new Map<string, Agent>()
  const byProxy = new Map<ProjectedProxy, Agent>()
  const views = new Map<View, PublishedView>()
  const ownership = createOwnership(bus.id)
  const recent = createRecent(projector.snapshot().position)
  const counted = { framesPublished: 0, syncsAnswered: 0, syncedFrames: 0, agentsRefused: 0 }

  const position = (): Position => projector.snapshot().position

  const publish = (frame: Frame): void => {
    if (!ownership.isOwner(frame.topic)) return
    counted.framesPublished += 1
    bus.publish(frame)
  }

  const enterView = (agent: Agent): PublishedView | undefined => {
    const { view } = projector.manifest(agent.proxy)
    if (view === undefined) return undefined
    const known = views.get(view) ?? publishView(projector, view)
    views.set(view, known)
    known.enter(agent.namespace)
    return known
  }

  const leaveView = ({ view, namespace }: Agent): void => {
    if (view?.leave(namespace) === true) views.delete(view.view)
  }

  const follow = (node: string, metadata: ProxyMetadata): Either<string, Agent> => {
    const known = agents.get(node)
    if (known !== undefined && sameMetadata(known.proxy.metadata, metadata))
      return { _tag: 'Right', right: known }
    const identity = parts.identify(node)
    if (isLeft(identity)) {
      counted.agentsRefused += 1
      return identity
    }
    const proxy = projector.follow(identity.right, metadata)
    const agent: Agent = {
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
    return { _tag: 'Right', right: agent }
  }

  const forget = (agent: Agent): void => {
    agents.delete(agent.proxy.identity.node)
    byProxy.delete(agent.proxy)
    leaveView(agent)
    projector.release(agent.proxy)
  }

  const heard = (agent: Agent): void => {
    const nowMs = clock.nowMs()
    agent.heardMs = nowMs
    fleet.heard(agent.proxy, () => statusOf(agent))
  }

  const standingOf = ({ own, view, namespace }: Agent): Standing => ({
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
  const statusOf = (agent: Agent): ProxyStatus => {
    const { told } = agent
    const { node: id, type } = agent.proxy.identity
    if (told === undefined)
      return { id, type, connected: true, state: 'pending', ackedPosition: 0, rejections: [] }
    const { status } = told
    if (!isEqual(told.standing, standingOf(agent))) return { ...status, state: 'pending' }
    return status.state === 'synced' ? { ...status, ackedPosition: position() } : status
  }

  const frameOfView = (
    view: PublishedView,
    topic: Topic,
    change: FragmentChange,
    before?: string,
  ): ViewFrame => ({
    type: 'view',
    topic,
    position: position(),
    ...(before === undefined ? {} : { before }),
    after: view.content.digest.text(),
    ...change,
  })

  const frameOfEndpoints = ({ topic, resource }: Endpoints): EndpointsFrame => {
    const [fragment] = fragmentsOf('endpoints', resource)
    if (fragment === undefined) throw new Error(`no endpoints of ${resource.name}`)
    return { type: 'endpoints', topic, position: position(), fragment }
  }

  const stepViews = (step: Step, nowMs: number): void => {
    const moved = new Map<string, Endpoints>()
    for (const [view, changes] of step.views) {
      const published = views.get(view)
      if (published === undefined) continue
      const { put, gone, before, endpoints } = published.step(changes, nowMs)
      if (put.length + gone.length > 0)
        for (const topic of published.topics()) publish(frameOfView(published, topic, { put, gone }, before))
      for (const one of endpoints) moved.set(one.resource.name, one)
    }
    for (const [cluster, one] of moved) {
      recent.note(cluster, position(), nowMs)
      publish(frameOfEndpoints(one))
    }
  }

  const stepAgent = (agent: Agent, nowMs: number, turnOf: typeof turnBetween): void => {
    const change = agent.own.step(nowMs)
    const before = agent.view
    const { view: now } = projector.manifest(agent.proxy)
    if (now !== before?.view) {
      agent.view = enterView(agent)
      if (before?.leave(agent.namespace) === true) views.delete(before.view)
    }
    const turned = agent.view !== before
    if (!turned && change.put.length + change.gone.length === 0) return
    const topic = proxyTopic(agent.proxy.identity.node)
    const turn = turned ? turnOf(before, agent) : undefined
    publish({
      type: 'proxy',
      topic,
      position: position(),
      after: agent.own.digest(),
      view: agent.view?.topicFor(agent.namespace) ?? '',
      ...change,
      ...(turn === undefined ? {} : { turn }),
    })
  }

  const turnBetween = (from: PublishedView | undefined, { view, namespace }: Agent): ProxyFrame['turn'] => {
    if (view === undefined) return undefined
    const change = from === undefined ? view.whole() : view.from(from)
    if (change.put.reduce((sum, { bytes }) => sum + bytes.length, 0) > maxTurnBytes) return undefined
    return {
      from: from?.topicFor(namespace) ?? '',
      before: from?.content.digest.text() ?? emptyDigest,
      after: view.content.digest.text(),
      ...change,
    }
  }

  const stepped = (step: Step): void => {
    const nowMs = clock.nowMs()
    stepViews(step, nowMs)
    // Many proxies may turn from one view to the same other.
    const turns = new Map<PublishedView | undefined, Map<PublishedView | undefined, ProxyFrame['turn']>>()
    const turnOf: typeof turnBetween = (from, agent) => {
      const its = turns.get(from) ?? new Map<PublishedView | undefined, ProxyFrame['turn']>()
      turns.set(from, its)
      if (!its.has(agent.view)) its.set(agent.view, turnBetween(from, agent))
      const made = its.get(agent.view)
      return made && { ...made, from: from?.topicFor(agent.namespace) ?? '' }
    }
    for (const proxy of step.reassessed) {
      const agent = byProxy.get(proxy)
      if (agent !== undefined) stepAgent(agent, nowMs, turnOf)
    }
  }

  const missingEndpoints = (view: PublishedView, since: Position): readonly Frame[] => {
    const clusters = since < 0 ? undefined : recent.since(since)
    return [...(clusters ?? view.endpoints.byResource.keys())].flatMap((cluster) => {
      if (!view.endpoints.byResource.has(cluster)) return []
      const found = view.endpointsOf(cluster)
      return found === undefined ? [] : [frameOfEndpoints(found)]
    })
  }

  const missing = (agent: Agent, { own, view, endpoints }: Standing): readonly Frame[] => {
    const there = standingOf(agent)
    const frames: Frame[] = []
    const { view: published } = agent
    if (published !== undefined && (view.topic !== there.view.topic || view.digest !== there.view.digest)) {
      const delta = view.topic === there.view.topic ? published.since(view.position, view.digest) : undefined
      frames.push(
        delta === undefined
          ? frameOfView(published, there.view.topic, published.whole())
          : frameOfView(published, there.view.topic, delta, view.digest),
      )
      if (delta !== undefined && endpoints.digest !== there.endpoints.digest)
        frames.push(...missingEndpoints(published, endpoints.position))
    } else if (published !== undefined && endpoints.digest !== there.endpoints.digest)
      frames.push(...missingEndpoints(published, endpoints.position))
    if (own.digest !== there.own.digest || view.topic !== there.view.topic)
      frames.push({
        type: 'proxy',
        topic: proxyTopic(agent.proxy.identity.node),
        position: position(),
        after: there.own.digest,
        view: there.view.topic,
        ...agent.own.whole(),
      })
    return frames
  }

  const answer = async ({ node, metadata, standing: told, log }: SyncRequest): Promise<SyncAnswer> => {
    // Positions of another log say nothing here.
    const standing = log === bus.log ? told : asOfNothing(told)
    const newest = Math.max(standing.own.position, standing.view.position, standing.endpoints.position)
    try {
      await parts.reached(newest, catchUpMs)
    } catch {
      return { type: 'behind', position: position() }
    }
    const agent = follow(node, metadata)
    if (isLeft(agent)) return { type: 'refused', reason: agent.left }
    heard(agent.right)
    const frames = missing(agent.right, standing)
    counted.syncsAnswered += 1
    counted.syncedFrames += frames.length
    return { type: 'missing', frames, standing: standingOf(agent.right), log: bus.log }
  }

  /** Says again what changed a moment ago of what another controller owned, who may have gone without saying it. */
  const takeOver = (): void => {
    const nowMs = clock.nowMs()
    const owned = (topic: Topic): boolean => ownership.isOwner(topic)
    const candidates = [...views.values()].filter((view) => nowMs - view.changedMs() < recentMs)
    const before = new Map(
      candidates.flatMap((view) => [...view.topics()]).map((topic) => [topic, owned(topic)]),
    )
    const clusters = recent.after(nowMs - recentMs).flatMap((cluster) => {
      for (const view of views.values()) {
        const found = view.endpoints.byResource.has(cluster) ? view.endpointsOf(cluster) : undefined
        if (found !== undefined) return [found]
      }
      return []
    })
    for (const { topic } of clusters) before.set(topic, owned(topic))
    const own = [...agents.values()].filter((agent) => nowMs - agent.own.changedMs() < recentMs)
    for (const { proxy } of own) {
      const topic = proxyTopic(proxy.identity.node)
      before.set(topic, owned(topic))
    }
    ownership.share(bus.peers())
    const gained = (topic: Topic): boolean => before.get(topic) === false && owned(topic)
    for (const view of candidates)
      for (const topic of view.topics())
        if (gained(topic))
          publish(frameOfView(view, topic, { put: [], gone: [] }, view.content.digest.text()))
    for (const one of clusters) if (gained(one.topic)) publish(frameOfEndpoints(one))
    for (const agent of own) {
      const topic = proxyTopic(agent.proxy.identity.node)
      if (!gained(topic)) continue
      const { own: mark, view } = standingOf(agent)
      const nothing = { before: mark.digest, after: mark.digest, put: [], gone: [] }
      publish({ type: 'proxy', topic, position: position(), view: view.topic, ...nothing })
    }
  }

  const lookAtAgents = (): void => {
    const nowMs = clock.nowMs()
    for (const agent of [...agents.values()]) {
      const silentMs = nowMs - agent.heardMs
      if (silentMs > silentAfterMs) fleet.silent(agent.proxy.identity.node)
      if (silentMs > forgottenAfterMs) forget(agent)
    }
  }

  bus.listen({
    status: (status) => {
      const agent = follow(status.node, status.metadata)
      if (isLeft(agent)) return
      agent.right.told = status
      heard(agent.right)
    },
    sync: answer,
    fleet: parts.standing,
    peers: takeOver,
  })
  ownership.share(bus.peers())
  bus.ask()
  const looking = setInterval(lookAtAgents, 1_000)
  // Whoever has just started knows no agent yet, and shares the work only when all have answered.
  const ready = setTimeout(() => bus.announce(true), 3_000)

  return {
    stepped,
    counters: () => ({ agents: agents.size, ...counted }),
    close: () => {
      clearInterval(looking)
      clearTimeout(ready)
      bus.announce(false)
      for (const agent of [...agents.values()]) forget(agent)
    },
  }
}

const asOfNothing = ({ own, view, endpoints }: Standing): Standing => ({
  own: { ...own, position: -1 },
  view: { ...view, position: -1 },
  endpoints: { ...endpoints, position: -1 },
})

const isEqual = (one: Standing, other: Standing): boolean =>
  one.own.digest === other.own.digest &&
  one.view.topic === other.view.topic &&
  one.view.digest === other.view.digest &&
  one.endpoints.digest === other.endpoints.digest

const sameMetadata = (one: ProxyMetadata, other: ProxyMetadata): boolean =>
  JSON.stringify([one.httpProxy, one.labels]) === JSON.stringify([other.httpProxy, other.labels])
