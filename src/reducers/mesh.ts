import { type Draft, freeze, produce } from 'immer'
import type { Entry, Position } from '../model/entry.ts'
import type { Envelope } from '../model/event.ts'
import type { Mesh, Snapshot, Stored, Trie } from '../model/mesh.ts'
import type { Kind, Resource } from '../model/resource.ts'
import { emptyTrie } from '../model/trie.ts'
import { shelve, unshelve } from './shelve.ts'

/** The mesh before the first entry: nothing in it, default settings. */
export const emptySnapshot: Snapshot = freeze(
  {
    position: 0,
    at: '1970-01-01T00:00:00.000Z',
    mesh: { settings: null, services: emptyTrie(), instances: emptyTrie(), configs: emptyTrie() },
  },
  true,
)

/** The snapshot after `entries`, folded as one batch. Pure and total: what is not there is removed in vain. */
export const reduceMesh = (snapshot: Snapshot, entries: readonly Entry[]): Snapshot => {
  const last = entries.at(-1)
  if (last === undefined) return snapshot
  const mesh = produce(snapshot.mesh, (draft) => fold(draft, entries))
  return { position: last.position, at: last.events.at(-1)?.at ?? snapshot.at, mesh }
}

/** A replay under way: the recipes of `reduceMesh` on a copy that nobody else holds, frozen once at the end. */
export type Replay = {
  fold(entries: readonly Entry[]): void
  /** The snapshot so far. Ends the replay: `fold` must not be called again. */
  finish(): Snapshot
}

/** Starts a replay from `snapshot`, which stays as it is. Three to five times as fast as `reduceMesh`. */
export const replayMesh = (snapshot: Snapshot): Replay => {
  const mesh: Draft<Mesh> = {
    settings: snapshot.mesh.settings as Draft<Mesh>['settings'],
    services: thaw(snapshot.mesh.services),
    instances: thaw(snapshot.mesh.instances),
    configs: thaw(snapshot.mesh.configs),
  }
  let { position, at } = snapshot
  return {
    fold: (entries) => {
      fold(mesh, entries)
      const last = entries.at(-1)
      if (last === undefined) return
      position = last.position
      at = last.events.at(-1)?.at ?? at
    },
    finish: () => ({ position, at, mesh: freeze(mesh as Mesh, true) }),
  }
}

const thaw = <K extends Kind>(trie: Trie<K>): Draft<Trie<K>> =>
  trie.map((branch) => branch?.map((twig) => twig?.slice() ?? null) ?? null) as Draft<Trie<K>>

const fold = (mesh: Draft<Mesh>, entries: readonly Entry[]): void => {
  for (const { position, events } of entries) for (const event of events) apply(mesh, event, position)
}

const apply = (mesh: Draft<Mesh>, event: Envelope, position: Position): void => {
  switch (event.type) {
    case 'ServiceRegistered':
      return shelve(mesh.services, stored(event.data.resource, event, position))
    case 'ServiceRemoved':
      return unshelve(mesh.services, { kind: 'Service', ...event.data })
    case 'InstanceJoined':
      return shelve(mesh.instances, stored(event.data.resource, event, position))
    case 'InstanceLeft':
      return unshelve(mesh.instances, { kind: 'Instance', ...event.data })
    case 'ConfigApplied':
      return shelve(mesh.configs, stored(event.data.resource, event, position))
    case 'ConfigRemoved':
      return unshelve(mesh.configs, event.data)
    case 'MeshSettingsChanged': {
      const { resource } = event.data
      mesh.settings = (
        resource === null ? null : stored(resource, event, position)
      ) as Draft<Mesh>['settings']
      return
    }
    default:
      return unreachable(event)
  }
}

const stored = <K extends Kind>(resource: Resource<K>, event: Envelope, position: Position): Stored<K> => {
  const origin = 'origin' in event.data ? event.data.origin : undefined
  const base = { resource, position, source: event.source }
  return (origin === undefined ? base : { ...base, origin }) as Stored<K>
}

const unreachable = (event: never): never => {
  throw new Error(`no recipe for event ${JSON.stringify(event)}`)
}
