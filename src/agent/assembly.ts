import type { Position } from '../model/entry.ts'
import type { Fragment, Frame, ProxyFrame, Standing, Topic } from '../model/frame.ts'
import { forEachType, type XdsType } from '../model/xds.ts'
import { type Changed, createContent, resourceOf } from './content.ts'
import { createDigest } from './digest.ts'
import type { Readable } from './knownGood.ts'

/** What one proxy should have, put together from frames. */
export type Assembly = Readable & {
  /** Takes a frame, and notes in `changed` the names of what it may change. `gap`: something before it is missing,
   *  and must be asked for. */
  take(frame: Frame, changed: Changed): 'applied' | 'known' | 'gap'
  /** Compares what is held with what a controller says there is: `equal`, `newer` where frames have come since, or
   *  `other`: something is missing that was not noticed, and the next asking is for all of it. */
  compare(there: Standing): 'equal' | 'newer' | 'other'
  /** Where it stands, as it is told when asking for what is missing. */
  standing(): Standing
  /** The topic of the view that is read; empty for none. */
  view(): Topic
  /** Topics of the endpoints of the clusters of the view, by cluster. */
  endpointTopics(): ReadonlyMap<string, Topic>
}

/** Nothing changed yet. */
export const nothingChanged = (): Changed => forEachType(() => new Set<string>())

/** An assembly that holds nothing. */
export const createAssembly = (): Assembly => {
  const own = createContent()
  let view = createContent()
  let topic: Topic = ''
  const endpoints = new Map<string, { readonly fragment: Fragment; readonly position: Position }>()
  const endpointsDigest = createDigest()
  /** Until when nothing is missing, and of the newest that came. */
  let endpointsAsOf = -1
  let endpointsNewest = -1
  let turnedAt = -1
  let newest = 0

  const putEndpoints = (fragment: Fragment, position: Position, changed: Changed): boolean => {
    const stands = endpoints.get(fragment.name)
    // At one position there may be two, where callers heard later of what it brought.
    if (stands !== undefined && stands.position > position) return false
    if (stands?.position === position && stands.fragment.version === fragment.version) return false
    if (stands !== undefined) endpointsDigest.toggle(stands.fragment)
    endpointsDigest.toggle(fragment)
    endpoints.set(fragment.name, { fragment, position })
    endpointsNewest = Math.max(endpointsNewest, position)
    changed.endpoints.add(fragment.name)
    return true
  }

  const dropEndpoints = (name: string): void => {
    const stands = endpoints.get(name)
    if (stands === undefined) return
    endpointsDigest.toggle(stands.fragment)
    endpoints.delete(name)
  }

  // Endpoints travel with the cluster that brings them in, but are not of the view: they change by themselves.
  const sorted = (put: readonly Fragment[]) => ({
    endpoints: put.filter(({ kind }) => kind === 'endpoints'),
    others: put.filter(({ kind }) => kind !== 'endpoints'),
  })

  const settleEndpoints = (brought: readonly Fragment[], position: Position, changed: Changed): void => {
    for (const fragment of brought)
      if (view.endpointsOf(fragment.name) !== undefined) putEndpoints(fragment, position, changed)
    for (const name of changed.clusters) if (view.endpointsOf(name) === undefined) dropEndpoints(name)
  }

  const takeView = (frame: Extract<Frame, { type: 'view' }>, changed: Changed) => {
    if (frame.topic !== topic && (frame.before !== undefined || frame.position < turnedAt)) return 'known'
    const { endpoints: brought, others } = sorted(frame.put)
    const another = frame.topic !== topic
    // The view that is read stays until the other is there.
    const next = another ? createContent() : view
    const taken = next.apply({ ...frame, put: others }, changed)
    if (taken === 'gap' || (taken === 'known' && !another)) return taken
    if (another) leaveView(changed)
    view = next
    topic = frame.topic
    if (frame.before === undefined) turnedAt = Math.max(turnedAt, frame.position)
    settleEndpoints(brought, frame.position, changed)
    return 'applied'
  }

  const leaveView = (changed: Changed): void => {
    for (const type of ['clusters', 'listeners', 'routes', 'secrets'] as const)
      for (const name of view.names(type)) changed[type].add(name)
    for (const name of endpoints.keys()) changed.endpoints.add(name)
    view = createContent()
    topic = ''
  }

  const turn = ({ view: wanted, turn: difference, position }: ProxyFrame, changed: Changed): boolean => {
    if (wanted === topic) return true
    if (wanted === '') {
      turnedAt = position
      leaveView(changed)
      settleEndpoints([], position, changed)
      return true
    }
    if (difference?.from !== topic || difference.before !== view.mark().digest) return false
    const { endpoints: brought, others } = sorted(difference.put)
    const { gone, after } = difference
    if (!view.alter({ put: others, gone, after }, changed)) return false
    view.holdsAt(position)
    turnedAt = position
    topic = wanted
    settleEndpoints(brought, position, changed)
    return true
  }

  const take: Assembly['take'] = (frame, changed) => {
    const taken = put(frame, changed)
    if (taken === 'applied') newest = Math.max(newest, frame.position)
    return taken
  }

  const put = (frame: Frame, changed: Changed): ReturnType<Assembly['take']> => {
    switch (frame.type) {
      case 'view':
        return takeView(frame, changed)
      case 'endpoints': {
        const { fragment, position, topic: its } = frame
        // A wildcard brings what other callers share out in another way, too.
        if (view.endpointsOf(fragment.name) !== its) return 'known'
        return putEndpoints(fragment, position, changed) ? 'applied' : 'known'
      }
      case 'proxy': {
        if (frame.position < own.mark().position) return 'known'
        const before = topic
        // What is its own may need what is in the view.
        if (!turn(frame, changed)) return 'gap'
        const taken = own.apply(frame, changed)
        return taken === 'known' && topic !== before ? 'applied' : taken
      }
    }
  }

  const standing = (): Standing => ({
    own: own.mark(),
    view: { topic, ...view.mark() },
    endpoints: { digest: endpointsDigest.text(), position: endpointsAsOf },
  })

  return {
    take,
    standing,
    view: () => topic,
    endpointTopics: () => view.endpointTopics(),
    compare: (there) => {
      const is = standing()
      const same =
        is.own.digest === there.own.digest &&
        is.view.topic === there.view.topic &&
        is.view.digest === there.view.digest &&
        is.endpoints.digest === there.endpoints.digest
      if (!same) {
        const here = Math.max(is.own.position, is.view.position, endpointsNewest)
        if (here > there.own.position) return 'newer'
        endpointsAsOf = -1
        return 'other'
      }
      own.holdsAt(there.own.position)
      view.holdsAt(there.view.position)
      endpointsAsOf = Math.max(endpointsAsOf, there.endpoints.position)
      newest = Math.max(newest, there.own.position)
      return 'equal'
    },
    position: () => newest,
    names: (type) => namesIn(type),
    get: (type, name) => {
      const found = own.get(type, name) ?? view.get(type, name)
      if (found !== undefined || type !== 'endpoints') return found
      const its = endpoints.get(name)
      return its && resourceOf(its.fragment)
    },
  }

  function* namesIn(type: XdsType): Generator<string> {
    yield* own.names(type)
    const shared = type === 'endpoints' ? endpoints.keys() : view.names(type)
    for (const name of shared) if (own.get(type, name) === undefined) yield name
  }
}
