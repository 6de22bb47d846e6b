import type { Position } from '../../model/entry.ts'
import type { Fragment, FragmentChange, FragmentKey, Topic } from '../../model/frame.ts'
import { viewTopic } from '../../model/topic.ts'
import { type XdsResource, type XdsType, xdsTypes } from '../../model/xds.ts'
import type { Projector } from '../../projections/projector.ts'
import type { Changes } from '../../projections/views/changes.ts'
import type { View } from '../../projections/views/view.ts'
import { contentHash } from '../../wire/contentHash.ts'
import { endpointsTopicOf, fragmentsIn, fragmentsOf } from './fragments.ts'
import {
  differing,
  fragmentId,
  hasFragment,
  lacking,
  nothingPublished,
  type Published,
  republish,
} from './published.ts'
import { createTrail } from './trail.ts'

/** What changed in a view's own content, and in the endpoints of clusters that it had before. */
export type ViewStep = FragmentChange & { readonly before: string; readonly endpoints: readonly Endpoints[] }

/** The endpoints of one cluster, and where they are published. */
export type Endpoints = { readonly topic: Topic; readonly resource: XdsResource }

/** A view as agents were told of it. */
export type PublishedView = {
  readonly view: View
  readonly content: Published
  readonly endpoints: Published
  position(): Position
  /** When it changed last, by the caller's clock. */
  changedMs(): number
  /** When any of its endpoints did. */
  endpointsChangedMs(): number
  /** Until when the digest of its endpoints was this one; undefined where that is not remembered. */
  endpointsUntil(digest: string): number | undefined
  topicFor(namespace: string): Topic
  /** Topics on which it is published: one for each namespace that reads it. */
  topics(): Iterable<Topic>
  enter(namespace: string): void
  /** True when it was the last reader. */
  leave(namespace: string): boolean
  /** Takes what changed, and tells what to publish. */
  step(changes: Changes, nowMs: number): ViewStep
  /** All of it, with all endpoints. */
  whole(): FragmentChange
  /** What changed since `position`, where its digest was `digest`; undefined when that is not remembered. */
  since(position: Position, digest: string): FragmentChange | undefined
  /** What makes `other` this view. */
  from(other: PublishedView): FragmentChange
  endpointsOf(cluster: string): Endpoints | undefined
}

/** Steps remembered for those who ask what they missed. */
const maxSteps = 256

const sharedTypes = xdsTypes.filter((type) => type !== 'endpoints')

/** `view` as it stands, told to nobody yet. */
export const publishView = (projector: Projector, view: View): PublishedView => {
  const content = nothingPublished()
  const endpoints = nothingPublished()
  const readers = new Map<string, { readonly topic: Topic; count: number }>()
  const trail = createTrail()
  const hash = contentHash(view.key)
  let steps: { readonly to: Position; readonly before: string; readonly keys: readonly FragmentKey[] }[] = []
  let position = projector.snapshot().position
  let changedMs = Number.NEGATIVE_INFINITY
  let endpointsChangedMs = Number.NEGATIVE_INFINITY

  const endpointsOf = (cluster: string): Endpoints | undefined => {
    const topic = endpointsTopicOf(view, cluster)
    const resource = topic === undefined ? undefined : projector.viewResource(view, 'endpoints', cluster)
    return topic === undefined || resource === undefined ? undefined : { topic, resource }
  }

  const endpointFragments = (cluster: string, found = endpointsOf(cluster)): readonly Fragment[] =>
    found === undefined ? [] : fragmentsOf('endpoints', found.resource)

  const fragments = (resource: string): readonly Fragment[] => {
    const [type, name] = resourceOf(resource)
    return fragmentsIn(projector, view, type, name)
  }

  for (const type of sharedTypes)
    for (const name of projector.viewNames(view, type)) {
      const resource = resourceId(type, name)
      republish(content, resource, fragments(resource))
    }
  for (const name of projector.viewNames(view, 'endpoints'))
    republish(endpoints, name, endpointFragments(name))

  const withEndpoints = (put: readonly Fragment[]): readonly Fragment[] =>
    put.flatMap((fragment) =>
      fragment.kind === 'clusters' ? [fragment, ...endpointFragments(fragment.name)] : [fragment],
    )

  const stepContent = (changes: Changes): FragmentChange => {
    const put: Fragment[] = []
    const gone: FragmentKey[] = []
    for (const type of sharedTypes)
      for (const name of changes[type]) {
        const resource = resourceId(type, name)
        const change = republish(content, resource, fragments(resource))
        put.push(...change.put)
        gone.push(...change.gone)
      }
    return { put, gone }
  }

  /** False too where agents do not listen yet to where its endpoints are told now. */
  const isToldWhereItWas = (name: string): boolean => {
    const [known] = content.byResource.get(resourceId('clusters', name))?.values() ?? []
    return endpoints.byResource.has(name) && known?.endpoints === endpointsTopicOf(view, name)
  }

  const step = (changes: Changes, nowMs: number): ViewStep => {
    const before = content.digest.text()
    const endpointsBefore = endpoints.digest.text()
    const had = new Set([...changes.endpoints].filter(isToldWhereItWas))
    const { put, gone } = stepContent(changes)
    const arrived: Fragment[] = []
    const moved: Endpoints[] = []
    for (const name of changes.endpoints) {
      const found = endpointsOf(name)
      const change = republish(endpoints, name, endpointFragments(name, found))
      if (found === undefined || change.put.length === 0) continue
      if (had.has(name)) moved.push(found)
      else arrived.push(...change.put)
    }
    position = projector.snapshot().position
    if (endpoints.digest.text() !== endpointsBefore) {
      trail.left(endpointsBefore, nowMs)
      endpointsChangedMs = nowMs
    }
    if (put.length + gone.length > 0) {
      changedMs = nowMs
      const keys = [...put, ...gone].map(({ kind, table, name }) => ({ kind, table, name }))
      steps = [...steps.slice(1 - maxSteps), { to: position, before, keys }]
    }
    return { put: [...put, ...arrived], gone, before, endpoints: moved }
  }

  const since: PublishedView['since'] = (from, digest) => {
    const missed = steps.filter(({ to }) => to > from)
    if (missed[0]?.before !== digest) return undefined
    const keys = new Map(missed.flatMap((one) => one.keys.map((key) => [fragmentId(key), key])))
    const resources = new Set(
      [...keys.values()].map(({ kind, table, name }) => resourceId(typeOf(kind), table || name)),
    )
    const put = [...resources].flatMap(fragments).filter((fragment) => keys.delete(fragmentId(fragment)))
    return { put: withEndpoints(put), gone: [...keys.values()] }
  }

  return {
    view,
    content,
    endpoints,
    position: () => position,
    changedMs: () => changedMs,
    endpointsChangedMs: () => endpointsChangedMs,
    endpointsUntil: trail.until,
    topicFor: (namespace) => readers.get(namespace)?.topic ?? viewTopic(namespace, hash),
    topics: () => [...readers.values()].map(({ topic }) => topic),
    enter: (namespace) => {
      const its = readers.get(namespace) ?? { topic: viewTopic(namespace, hash), count: 0 }
      its.count += 1
      readers.set(namespace, its)
    },
    leave: (namespace) => {
      const its = readers.get(namespace)
      if (its !== undefined) its.count -= 1
      if (its?.count === 0) readers.delete(namespace)
      return readers.size === 0
    },
    step,
    whole: () => ({ put: withEndpoints([...content.byResource.keys()].flatMap(fragments)), gone: [] }),
    since,
    from: (other) => {
      const resources = [...differing(content, other.content)]
      const put = resources.flatMap((resource) =>
        fragments(resource).filter((fragment) => !hasFragment(other.content, resource, fragment)),
      )
      return {
        put: withEndpoints(put),
        gone: resources.flatMap((resource) => lacking(other.content, content, resource)),
      }
    },
    endpointsOf,
  }
}

const typeOf = (kind: FragmentKey['kind']): XdsType =>
  kind === 'routeTables' || kind === 'virtualHosts' ? 'routes' : kind

const resourceId = (type: XdsType, name: string): string => `${type}\n${name}`

const resourceOf = (id: string): readonly [XdsType, string] => {
  const end = id.indexOf('\n')
  return [id.slice(0, end) as XdsType, id.slice(end + 1)]
}
