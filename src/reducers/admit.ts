import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { MeshEvent } from '../model/event.ts'
import type { Mesh, Stored } from '../model/mesh.ts'
import type { Origin, Resource, ResourceName } from '../model/resource.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import { sameJson } from '../model/sameJson.ts'
import { storedIn } from '../model/storedIn.ts'
import type { Change, Rejection, WriteRequest } from '../model/write.ts'
import { clashOf } from './clash.ts'
import { reduceMesh } from './mesh.ts'

/** What a request comes to: the events that make it true, none where it already is, and what each change did. */
export type Admitted = {
  readonly events: readonly MeshEvent[]
  readonly items: readonly AdmittedItem[]
}

export type AdmittedItem = {
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'removed'
  readonly resource: Resource
  /** What stood there before; its position is the answer's where nothing changed. */
  readonly before: Stored | undefined
}

/** Decides what `request` comes to in `mesh`: all of its changes or a Rejection. Idempotent: asking for what is
 *  already so yields no event. Pure; the changes are decoded and valid by themselves. */
export const admit = (mesh: Mesh, request: WriteRequest): Either<Rejection, Admitted> => {
  const seen = new Set<string>()
  const events: MeshEvent[] = []
  const items: AdmittedItem[] = []
  let folded = mesh
  for (const change of request.changes) {
    const name = change.type === 'apply' ? nameOf(change.resource) : change.name
    const key = keyOf(name)
    if (seen.has(key)) return left(clash(name, `${key} stands twice in one request`, change))
    seen.add(key)
    const before = storedIn(folded, name)
    if (request.precondition?.(before) === false) return left({ _tag: 'PreconditionFailed', name })
    if (change.type === 'remove') {
      if (before === undefined) return left({ _tag: 'NotFound', name })
      events.push(removal(name))
      items.push({ outcome: 'removed', resource: before.resource, before })
    } else if (before !== undefined && sameJson(before.resource, change.resource)) {
      items.push({ outcome: 'unchanged', resource: before.resource, before })
      continue
    } else {
      const message = clashOf(folded, change.resource)
      if (message !== undefined) return left(clash(name, message, change))
      events.push(application(change.resource, change.origin))
      items.push({ outcome: before === undefined ? 'created' : 'changed', resource: change.resource, before })
    }
    folded = needsFold(change) ? foldOne(folded, events[events.length - 1] as MeshEvent) : folded
  }
  return right({ events, items })
}

const clash = (name: ResourceName, message: string, change: Change): Rejection =>
  change.type === 'apply' && change.origin !== undefined
    ? { _tag: 'Clash', name, message, origin: change.origin }
    : { _tag: 'Clash', name, message }

// Only these two kinds are held against one another; folding the rest one by one would make a batch quadratic.
const needsFold = (change: Change): boolean => {
  const kind = change.type === 'apply' ? change.resource.kind : change.name.kind
  return kind === 'EnvoyResource' || kind === 'MeshSettings'
}

const foldOne = (mesh: Mesh, event: MeshEvent): Mesh =>
  reduceMesh({ position: 0, at: '', mesh }, [
    { position: 0, hash: '', events: [{ ...event, id: '', at: '', actor: '', source: '' }] },
  ]).mesh

const application = (resource: Resource, origin: Origin | undefined): MeshEvent => {
  const from = origin === undefined ? {} : { origin }
  switch (resource.kind) {
    case 'Service':
      return { type: 'ServiceRegistered', v: 1, data: { resource, ...from } }
    case 'Instance':
      return { type: 'InstanceJoined', v: 1, data: { resource, ...from } }
    case 'MeshSettings':
      return { type: 'MeshSettingsChanged', v: 1, data: { resource, ...from } }
    default:
      return { type: 'ConfigApplied', v: 1, data: { resource, ...from } }
  }
}

const removal = ({ kind, namespace, name }: ResourceName): MeshEvent => {
  switch (kind) {
    case 'Service':
      return { type: 'ServiceRemoved', v: 1, data: { namespace, name } }
    case 'Instance':
      return { type: 'InstanceLeft', v: 1, data: { namespace, name } }
    case 'MeshSettings':
      return { type: 'MeshSettingsChanged', v: 1, data: { resource: null } }
    default:
      return { type: 'ConfigRemoved', v: 1, data: { kind, namespace, name } }
  }
}
