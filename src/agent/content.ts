import type { Position } from '../model/entry.ts'
import type { ContentChange, Fragment, FragmentChange, FragmentKey, Mark, Topic } from '../model/frame.ts'
import { byCodeUnit } from '../model/resourceName.ts'
import { forEachType, type VirtualHostPart, type XdsResource, type XdsType } from '../model/xds.ts'
import { contentHash } from '../wire/contentHash.ts'
import { splicedRoutes } from '../wire/splicedRoutes.ts'
import { createDigest, type Digest } from './digest.ts'

/** Names of resources that may have changed, by type. */
export type Changed = Readonly<Record<XdsType, Set<string>>>

/** The fragments of a view, or of one proxy, and the resources that they make up. */
export type Content = {
  mark(): Mark
  /** Applies a change and notes in `changed` what it may change: `gap` when it does not start here or would not come
   *  out as it says, `known` when it brings nothing new. After a gap all is as it was before. */
  apply(change: ContentChange, changed: Changed): 'applied' | 'known' | 'gap'
  /** Puts and takes away fragments where that comes out as `after`. False: it would not, and nothing is done. */
  alter(change: FragmentChange & Pick<ContentChange, 'after'>, changed: Changed): boolean
  /** It is known to hold as of `position`, too. */
  holdsAt(position: Position): void
  names(type: XdsType): Iterable<string>
  get(type: XdsType, name: string): XdsResource | undefined
  /** Where the endpoints of its cluster `name` come from. */
  endpointsOf(name: string): Topic | undefined
  /** Topics of the endpoints of all its clusters, by cluster. */
  endpointTopics(): ReadonlyMap<string, Topic>
}

/** Content with nothing in it. */
export const createContent = (): Content => {
  const fragments = new Map<string, Fragment>()
  const resources = forEachType(() => new Map<string, XdsResource>())
  const parts = new Map<string, Map<string, VirtualHostPart>>()
  const topics = new Map<string, Topic>()
  let digest = createDigest()
  let position = -1
  /** What is to lead on from here must be told as a whole. */
  let isDoubted = false

  const drop = (key: FragmentKey): void => {
    const stands = fragments.get(idOf(key))
    if (stands === undefined) return
    fragments.delete(idOf(key))
    const { kind, table, name } = key
    if (kind === 'virtualHosts') parts.get(table)?.delete(name)
    else if (kind !== 'routeTables') resources[kind].delete(name)
    if (kind === 'clusters') topics.delete(name)
  }

  const put = (fragment: Fragment): void => {
    drop(fragment)
    fragments.set(idOf(fragment), fragment)
    const { kind, table, name, endpoints } = fragment
    if (kind === 'virtualHosts') partsOf(table).set(name, partOf(fragment))
    else if (kind !== 'routeTables') resources[kind].set(name, resourceOf(fragment))
    if (endpoints !== undefined) topics.set(name, endpoints)
  }

  const partsOf = (table: string): Map<string, VirtualHostPart> => {
    const known = parts.get(table)
    if (known !== undefined) return known
    const made = new Map<string, VirtualHostPart>()
    parts.set(table, made)
    return made
  }

  const note = ({ kind, table, name }: FragmentKey, changed: Changed): void => {
    if (kind === 'virtualHosts' || kind === 'routeTables') {
      const routes = kind === 'virtualHosts' ? table : name
      resources.routes.delete(routes)
      changed.routes.add(routes)
    } else changed[kind].add(name)
    if (kind === 'clusters') changed.endpoints.add(name)
  }

  /** The digest that `change` leads to from what is held, or from nothing. */
  const digestAfter = (change: FragmentChange, isWhole: boolean): Digest => {
    const after = createDigest(isWhole ? undefined : digest.text())
    const altered = new Map<string, Fragment | undefined>()
    const alterOne = (id: string, fragment?: Fragment): void => {
      const stands = altered.has(id) || isWhole ? altered.get(id) : fragments.get(id)
      for (const one of [stands, fragment]) if (one !== undefined) after.toggle(one)
      altered.set(id, fragment)
    }
    for (const key of change.gone) alterOne(idOf(key))
    for (const fragment of change.put) alterOne(idOf(fragment), fragment)
    return after
  }

  const alter = (
    change: FragmentChange & Pick<ContentChange, 'after'>,
    changed: Changed,
    isWhole = false,
  ): boolean => {
    const after = digestAfter(change, isWhole)
    if (after.text() !== change.after) {
      isDoubted = true
      return false
    }
    digest = after
    isDoubted = false
    if (isWhole) clear(changed)
    for (const key of change.gone) {
      drop(key)
      note(key, changed)
    }
    for (const fragment of change.put) {
      put(fragment)
      note(fragment, changed)
    }
    return true
  }

  const clear = (changed: Changed): void => {
    for (const fragment of [...fragments.values()]) {
      drop(fragment)
      note(fragment, changed)
    }
    parts.clear()
  }

  // Route configurations are put together when they are asked for.
  const routes = (name: string): XdsResource | undefined => {
    const head = fragments.get(idOf({ kind: 'routeTables', table: '', name }))
    if (head === undefined) return resources.routes.get(name)
    const known = resources.routes.get(name)
    if (known !== undefined) return known
    const made = routesOf(head, [...(parts.get(name)?.values() ?? [])])
    resources.routes.set(name, made)
    return made
  }

  return {
    mark: () => ({ digest: digest.text(), position: isDoubted ? -1 : position }),
    alter: (change, changed) => alter(change, changed),
    apply: (change, changed) => {
      if (change.after === digest.text()) {
        position = Math.max(position, change.position)
        isDoubted = false
        return 'known'
      }
      // Also in doubt nothing leads back.
      if (isDoubted ? change.position < position : change.position <= position) return 'known'
      const isWhole = change.before === undefined
      if (!isWhole && change.before !== digest.text()) return 'gap'
      if (!alter(change, changed, isWhole)) return 'gap'
      position = change.position
      return 'applied'
    },
    holdsAt: (at) => {
      position = Math.max(position, at)
      isDoubted = false
    },
    names: function* (type) {
      if (type !== 'routes') yield* resources[type].keys()
      else
        for (const { kind, name } of fragments.values())
          if (kind === 'routeTables' || kind === 'routes') yield name
    },
    get: (type, name) => (type === 'routes' ? routes(name) : resources[type].get(name)),
    endpointsOf: (name) => topics.get(name),
    endpointTopics: () => topics,
  }
}

const idOf = ({ kind, table, name }: FragmentKey): string => `${kind}\n${table}\n${name}`

const partOf = ({ name, version, bytes, causes, clusters = [] }: Fragment): VirtualHostPart => ({
  name,
  version,
  bytes,
  causes,
  clusters,
})

/** The resource that a fragment is. */
export const resourceOf = ({ name, version, bytes, causes, clusters, lingers }: Fragment): XdsResource => ({
  name,
  version,
  bytes: () => bytes,
  causes,
  ...(clusters === undefined ? {} : { clusters }),
  ...(lingers === undefined ? {} : { lingers }),
})

const routesOf = (head: Fragment, unsorted: readonly VirtualHostPart[]): XdsResource => {
  const parts = [...unsorted].sort((a, b) => byCodeUnit(a.name, b.name))
  return splicedRoutes({
    name: head.name,
    version: contentHash([head.version, ...parts.map(({ version }) => version)].join('\n')),
    head: head.bytes,
    parts,
    causes: head.causes,
  })
}
