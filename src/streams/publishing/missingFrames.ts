import type { Position } from '../../model/entry.ts'
import type { Frame, Standing } from '../../model/frame.ts'
import { endpointsFrame } from './endpointsFrame.ts'
import type { FollowedAgent } from './followedAgents.ts'
import type { PublishedView } from './publishedView.ts'
import type { Recent } from './recent.ts'
import { viewFrame } from './viewFrame.ts'

/** What an agent that stands at `held` misses of what it should have, `there`: what changed since where that is
 *  remembered, else the whole. */
export const missingFrames = (
  agent: FollowedAgent,
  held: Standing,
  there: Standing,
  recent: Recent,
): readonly Frame[] => {
  const frames: Frame[] = []
  const { view } = agent
  // What it said it held at some time need not be told again; one that begins anew says that it holds nothing.
  const since = held.endpoints.position < 0 ? -1 : Math.max(held.endpoints.position, agent.heldAsOf)
  const isOther = held.view.topic !== there.view.topic
  const lacksEndpoints = held.endpoints.digest !== there.endpoints.digest
  if (view !== undefined && (isOther || held.view.digest !== there.view.digest)) {
    const { topic, position } = there.view
    const delta = isOther ? undefined : view.since(held.view.position, held.view.digest)
    frames.push(
      delta === undefined
        ? viewFrame(view, topic, position, view.whole())
        : viewFrame(view, topic, position, delta, held.view.digest),
    )
    if (delta !== undefined && lacksEndpoints)
      frames.push(...endpointsSince(view, since, there.endpoints.position, recent))
  } else if (view !== undefined && lacksEndpoints)
    frames.push(...endpointsSince(view, since, there.endpoints.position, recent))
  if (held.own.digest !== there.own.digest || isOther)
    frames.push({
      type: 'proxy',
      topic: agent.topic,
      position: there.own.position,
      after: there.own.digest,
      view: there.view.topic,
      ...agent.own.whole(),
    })
  return frames
}

const endpointsSince = (
  view: PublishedView,
  since: Position,
  position: Position,
  recent: Recent,
): readonly Frame[] => {
  const clusters = since < 0 ? undefined : recent.since(since)
  return [...(clusters ?? view.endpoints.byResource.keys())].flatMap((cluster) => {
    if (!view.endpoints.byResource.has(cluster)) return []
    const found = view.endpointsOf(cluster)
    return found === undefined ? [] : [endpointsFrame(found, position)]
  })
}
