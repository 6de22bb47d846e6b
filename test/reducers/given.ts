import type { Entry } from '../../src/model/entry.ts'
import type { Envelope, MeshEvent } from '../../src/model/event.ts'
import type { InstanceSpec } from '../../src/model/instance.ts'
import type { Snapshot } from '../../src/model/mesh.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { RouteRuleSpec } from '../../src/model/routeRule.ts'
import type { ServiceSpec } from '../../src/model/service.ts'
import { emptySnapshot, reduceMesh } from '../../src/reducers/mesh.ts'

/** Entries of one event each, from position 1. */
export const entriesOf = (events: readonly MeshEvent[], firstPosition = 1): Entry[] =>
  events.map((event, i) => ({
    position: firstPosition + i,
    hash: '',
    events: [envelope(event, firstPosition + i)],
  }))

/** `event` as the log holds it, one second after another. */
export const envelope = (event: MeshEvent, second: number): Envelope => ({
  ...event,
  id: `e${second}`,
  at: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString(),
  actor: 'anonymous',
  source: 'http',
})

/** The snapshot after `events`, an entry each. */
export const given = (...events: MeshEvent[]): Snapshot => reduceMesh(emptySnapshot, entriesOf(events))

export const service = (
  name: string,
  spec: Partial<ServiceSpec> = {},
  namespace = 'default',
): Resource<'Service'> => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { ports: [{ name: 'http', port: 9080 }], ...spec },
})

export const instance = (
  name: string,
  serviceName: string,
  address: string,
  spec: Partial<InstanceSpec> = {},
  namespace = 'default',
): Resource<'Instance'> => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'Instance',
  metadata: { name, namespace },
  spec: { service: serviceName, address, ports: { http: 9080 }, ...spec },
})

export const routeRule = (
  name: string,
  spec: RouteRuleSpec,
  namespace = 'default',
): Resource<'RouteRule'> => ({
  apiVersion: 'config.istio.io/v1alpha2',
  kind: 'RouteRule',
  metadata: { name, namespace },
  spec,
})

/** The event that makes `resource` so. */
export const applied = (resource: Resource): MeshEvent => {
  switch (resource.kind) {
    case 'Service':
      return { type: 'ServiceRegistered', v: 1, data: { resource } }
    case 'Instance':
      return { type: 'InstanceJoined', v: 1, data: { resource } }
    case 'MeshSettings':
      return { type: 'MeshSettingsChanged', v: 1, data: { resource } }
    default:
      return { type: 'ConfigApplied', v: 1, data: { resource } }
  }
}

/** The event that undoes it. */
export const removed = ({ kind, metadata: { namespace, name } }: Resource): MeshEvent => {
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
