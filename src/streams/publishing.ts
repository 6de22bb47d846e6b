import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import type { Position } from '../model/entry.ts'
import type { Frame, Standing, SyncAnswer, SyncRequest, Topic } from '../model/frame.ts'
import type { ProxyIdentity } from '../model/proxy.ts'
import { proxyTopic } from '../model/topic.ts'
import type { Clock, ControllerBus, ControllerBusListener } from '../ports.ts'
import type { Projector, Step } from '../projections/projector.ts'
import type { Fleet } from './fleet.ts'
import { endpointsFrame } from './publishing/endpointsFrame.ts'
import { createFollowedAgents, type FollowedAgent } from './publishing/followedAgents.ts'
import { missingFrames } from './publishing/missingFrames.ts'
import { createOwnership } from './publishing/ownership.ts'
import type { Endpoints } from './publishing/publishedView.ts'
import { createRecent } from './publishing/recent.ts'
import { createTurns, type TurnOf } from './publishing/turns.ts'
import { viewFrame } from './publishing/viewFrame.ts'

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

/** What changed so short a time ago is told again when another controller takes over. */
const recentMs = 60_000
/** How long an asker that has come further is made to wait. */
const catchUpMs = 2_000
/** How often silent agents are looked for. */
const lookEveryMs = 1_000
/** Whoever has just started knows no agent yet, and shares the work only when all have answered. */
const readyAfterMs = 3_000

/** Publishes on `bus` what steps of `projector` change, and answers agents. */
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
  const { bus, projector, clock } = parts
  const agents = createFollowedAgents(parts)
  const ownership = createOwnership(bus.id)
  const recent = createRecent(projector.snapshot().position)
  const counted = { framesPublished: 0, syncsAnswered: 0, syncedFrames: 0 }

  const position = (): Position => projector.snapshot().position

  const publish = (frame: Frame): void => {
    if (!ownership.isOwner(frame.topic)) return
    counted.framesPublished += 1
    bus.publish(frame)
  }

  const stepViews = (step: Step, nowMs: number): void => {
    const moved = new Map<string, Endpoints>()
    for (const [view, changes] of step.views) {
      const published = agents.published(view)
      if (published === undefined) continue
      const { put, gone, before, endpoints } = published.step(changes, nowMs)
      if (put.length + gone.length > 0)
        for (const topic of published.topics())
          publish(viewFrame(published, topic, position(), { put, gone }, before))
      for (const one of endpoints) moved.set(one.resource.name, one)
    }
    for (const [cluster, one] of moved) {
      recent.note(cluster, position(), nowMs)
      publish(endpointsFrame(one, position()))
    }
  }

  const stepAgent = (agent: FollowedAgent, nowMs: number, turnOf: TurnOf): void => {
    const change = agent.own.step(nowMs)
    const before = agents.turn(agent)
    const turned = agent.view !== before
    if (!turned && change.put.length + change.gone.length === 0) return
    const turn = turned ? turnOf(before, agent.view, agent.namespace) : undefined
    publish({
      type: 'proxy',
      topic: proxyTopic(agent.proxy.identity.node),
      position: position(),
      after: agent.own.digest(),
      view: agent.view?.topicFor(agent.namespace) ?? '',
      ...change,
      ...(turn === undefined ? {} : { turn }),
    })
  }

  const stepped = (step: Step): void => {
    const nowMs = clock.nowMs()
    stepViews(step, nowMs)
    const turnOf = createTurns()
    for (const proxy of step.reassessed) {
      const agent = agents.of(proxy)
      if (agent !== undefined) stepAgent(agent, nowMs, turnOf)
    }
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
    const agent = agents.follow(node, metadata)
    if (isLeft(agent)) return { type: 'refused', reason: agent.left }
    agents.heard(agent.right)
    const there = agents.standingOf(agent.right)
    const frames = missingFrames(agent.right, standing, there, recent)
    counted.syncsAnswered += 1
    counted.syncedFrames += frames.length
    return { type: 'missing', frames, standing: there, log: bus.log }
  }

  /** Says again what changed a moment ago of what another controller owned, who may have gone without saying it. */
  const takeOver = (): void => {
    const nowMs = clock.nowMs()
    const owned = (topic: Topic): boolean => ownership.isOwner(topic)
    const candidates = [...agents.views()].filter((view) => nowMs - view.changedMs() < recentMs)
    const before = new Map(
      candidates.flatMap((view) => [...view.topics()]).map((topic) => [topic, owned(topic)]),
    )
    const clusters = recent.after(nowMs - recentMs).flatMap((cluster) => {
      for (const view of agents.views()) {
        const found = view.endpoints.byResource.has(cluster) ? view.endpointsOf(cluster) : undefined
        if (found !== undefined) return [found]
      }
      return []
    })
    for (const { topic } of clusters) before.set(topic, owned(topic))
    const own = [...agents.all()].filter((agent) => nowMs - agent.own.changedMs() < recentMs)
    for (const { proxy } of own) {
      const topic = proxyTopic(proxy.identity.node)
      before.set(topic, owned(topic))
    }
    ownership.share(bus.peers())
    const gained = (topic: Topic): boolean => before.get(topic) === false && owned(topic)
    for (const view of candidates)
      for (const topic of view.topics())
        if (gained(topic))
          publish(viewFrame(view, topic, position(), { put: [], gone: [] }, view.content.digest.text()))
    for (const one of clusters) if (gained(one.topic)) publish(endpointsFrame(one, position()))
    for (const agent of own) {
      const topic = proxyTopic(agent.proxy.identity.node)
      if (!gained(topic)) continue
      const { own: mark, view } = agents.standingOf(agent)
      const nothing = { before: mark.digest, after: mark.digest, put: [], gone: [] }
      publish({ type: 'proxy', topic, position: position(), view: view.topic, ...nothing })
    }
  }

  bus.listen({
    status: (status) => {
      const agent = agents.follow(status.node, status.metadata)
      if (!isLeft(agent)) agents.heard(agent.right, status)
    },
    sync: answer,
    fleet: parts.standing,
    peers: takeOver,
  })
  ownership.share(bus.peers())
  bus.ask()
  const looking = setInterval(agents.look, lookEveryMs)
  const ready = setTimeout(() => bus.announce(true), readyAfterMs)

  return {
    stepped,
    counters: () => ({ ...agents.counters(), ...counted }),
    close: () => {
      clearInterval(looking)
      clearTimeout(ready)
      bus.announce(false)
      agents.close()
    },
  }
}

const asOfNothing = ({ own, view, endpoints }: Standing): Standing => ({
  own: { ...own, position: -1 },
  view: { ...view, position: -1 },
  endpoints: { ...endpoints, position: -1 },
})
