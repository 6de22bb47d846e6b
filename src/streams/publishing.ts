import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import type { Position } from '../model/entry.ts'
import type { Frame, Standing, SyncAnswer, SyncRequest, Topic, Verdict } from '../model/frame.ts'
import type { ProxyIdentity } from '../model/proxy.ts'
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
    /** Statuses that this controller has compared with what is intended. */
    readonly statusesCompared: number
    /** Of these, those that lacked what may still have been on its way. */
    readonly statusesOnTheirWay: number
    /** Of these, those after which an agent was told that it misses something. */
    readonly statusesMissing: number
    /** How often the controllers that share the work became others. */
    readonly sharesChanged: number
  }
  close(): void
}

/** What changed so short a time ago is told again when another controller takes over. */
const recentMs = 60_000
/** How long an asker that has come further is made to wait. */
const catchUpMs = 2_000
/** Whoever has just started knows no agent yet, and shares the work only when all have answered. */
const readyAfterMs = 3_000

/** Publishes on `bus` what steps of `projector` change, and answers agents. */
export const createPublishing = (parts: {
  readonly bus: ControllerBus
  readonly projector: Projector
  readonly fleet: Fleet
  readonly clock: Pick<Clock, 'monotonicMs'>
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
  const counted = { framesPublished: 0, syncsAnswered: 0, syncedFrames: 0, sharesChanged: 0 }
  const compared: Record<Verdict, number> = { equal: 0, onItsWay: 0, missing: 0 }

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
      for (const one of endpoints) moved.set(one.topic, one)
    }
    for (const one of moved.values()) {
      recent.note(one.resource.name, position(), nowMs)
      publish(endpointsFrame(one, position()))
    }
  }

  const stepAgent = (agent: FollowedAgent, nowMs: number, turnOf: TurnOf): void => {
    const change = agent.own.step(nowMs)
    const before = agents.turn(agent, nowMs)
    const turned = agent.view !== before
    if (!turned && change.put.length + change.gone.length === 0) return
    const turn = turned ? turnOf(before, agent.view, agent.namespace) : undefined
    publish({
      type: 'proxy',
      topic: agent.topic,
      position: position(),
      after: agent.own.digest(),
      view: agent.view?.topicFor(agent.namespace) ?? '',
      ...change,
      ...(turn === undefined ? {} : { turn }),
    })
  }

  const stepped = (step: Step): void => {
    const nowMs = clock.monotonicMs()
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
    counted.sharesChanged += 1
    const nowMs = clock.monotonicMs()
    const owned = (topic: Topic): boolean => ownership.isOwner(topic)
    const candidates = [...agents.views()].filter((view) => nowMs - view.changedMs() < recentMs)
    const before = new Map(
      candidates.flatMap((view) => [...view.topics()]).map((topic) => [topic, owned(topic)]),
    )
    // Of one name there are several where callers share them out differently.
    const clusters = new Map<Topic, Endpoints>()
    for (const cluster of recent.after(nowMs - recentMs))
      for (const view of agents.views()) {
        const found = view.endpoints.byResource.has(cluster) ? view.endpointsOf(cluster) : undefined
        if (found !== undefined) clusters.set(found.topic, found)
      }
    for (const topic of clusters.keys()) before.set(topic, owned(topic))
    const own = [...agents.all()].filter((agent) => nowMs - agent.own.changedMs() < recentMs)
    for (const { topic } of own) before.set(topic, owned(topic))
    ownership.share(bus.peers())
    const gained = (topic: Topic): boolean => before.get(topic) === false && owned(topic)
    for (const view of candidates)
      for (const topic of view.topics())
        if (gained(topic))
          publish(viewFrame(view, topic, position(), { put: [], gone: [] }, view.content.digest.text()))
    for (const one of clusters.values()) if (gained(one.topic)) publish(endpointsFrame(one, position()))
    for (const agent of own) {
      const { topic } = agent
      if (!gained(topic)) continue
      const { own: mark, view } = agents.standingOf(agent)
      const nothing = { before: mark.digest, after: mark.digest, put: [], gone: [] }
      publish({ type: 'proxy', topic, position: position(), view: view.topic, ...nothing })
    }
  }

  bus.listen({
    status: (status) => {
      const agent = agents.follow(status.node, status.metadata)
      if (isLeft(agent)) return undefined
      const verdict = agents.told(agent.right, status)
      if (!ownership.isOwner(agent.right.topic) || verdict === undefined) return undefined
      compared[verdict] += 1
      return verdict
    },
    sync: answer,
    fleet: parts.standing,
    peers: takeOver,
  })
  ownership.share(bus.peers())
  bus.ask()
  const ready = setTimeout(() => bus.announce(true), readyAfterMs)

  return {
    stepped,
    counters: () => ({
      ...agents.counters(),
      ...counted,
      statusesCompared: compared.equal + compared.onItsWay + compared.missing,
      statusesOnTheirWay: compared.onItsWay,
      statusesMissing: compared.missing,
    }),
    close: () => {
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
