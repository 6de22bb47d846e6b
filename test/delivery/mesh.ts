import type { Intended, IntendedChange } from '../../src/delivery/intended.ts'
import {
  type Cause,
  forEachType,
  type VirtualHostPart,
  type XdsResource,
  type XdsType,
} from '../../src/model/xds.ts'
import { splicedRoutes } from '../../src/wire/splicedRoutes.ts'

const text = new TextEncoder()

/** A cause whose name tells it from others. */
export const causedBy = (name: string, position = 1): Cause => ({
  kind: 'RouteRule',
  namespace: 'default',
  name,
  position,
})

/** A resource whose bytes are its name and version. */
export const resource = (name: string, version = '1', more: Partial<XdsResource> = {}): XdsResource => ({
  name,
  version: `${name}@${version}`,
  bytes: () => text.encode(`${name}@${version}`),
  causes: [causedBy(name)],
  ...more,
})

/** A virtual host that routes to `clusters`. */
export const vhost = (name: string, version: string, ...clusters: readonly string[]): VirtualHostPart => ({
  name,
  version: `${name}@${version}`,
  bytes: text.encode(`${name}@${version}`),
  clusters,
  causes: [causedBy(`rule-of-${name}`)],
})

/** A route configuration of virtual hosts. */
export const routes = (name: string, ...parts: readonly VirtualHostPart[]): XdsResource =>
  splicedRoutes({
    name,
    version: [name, ...parts.map((part) => part.version)].join(' '),
    head: text.encode(name),
    parts,
    causes: [causedBy(name)],
  })

/** What a proxy should have, to be changed by a test. */
export type TestMesh = {
  readonly intended: Intended
  /** Sets these resources, at the next position; gives back the change. */
  put(type: XdsType, ...resources: readonly XdsResource[]): IntendedChange
  remove(type: XdsType, ...names: readonly string[]): IntendedChange
  /** A change that concerns another proxy only. */
  elsewhere(): IntendedChange
}

/** Joins changes into the one that did all of them. */
export const together = (...changes: readonly IntendedChange[]): IntendedChange => ({
  clusters: changes.flatMap(({ clusters }) => clusters),
  endpoints: changes.flatMap(({ endpoints }) => endpoints),
  listeners: changes.flatMap(({ listeners }) => listeners),
  routes: changes.flatMap((change) => change.routes),
  secrets: changes.flatMap(({ secrets }) => secrets),
})

const nothing: IntendedChange = forEachType(() => [])

/** An empty mesh at position 1. */
export const testMesh = (managed: boolean): TestMesh => {
  const all = forEachType(() => new Map<string, XdsResource>())
  let position = 1
  return {
    intended: {
      managed,
      position: () => position,
      names: (type) => all[type].keys(),
      get: (type, name) => all[type].get(name),
    },
    put: (type, ...resources) => {
      position += 1
      for (const one of resources) all[type].set(one.name, one)
      return { ...nothing, [type]: resources.map(({ name }) => name) }
    },
    remove: (type, ...names) => {
      position += 1
      for (const name of names) all[type].delete(name)
      return { ...nothing, [type]: names }
    },
    elsewhere: () => {
      position += 1
      return nothing
    },
  }
}
