import { createHash } from 'node:crypto'
import type { Entry } from '../../src/model/entry.ts'
import type { Envelope, MeshEvent } from '../../src/model/event.ts'
import type { ProxyIdentity } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'

/** Namespaces `team-0` … of `servicesPerNamespace` services each. */
export const servicesPerNamespace = 50

export const namespaceOf = (service: number): string => `team-${Math.floor(service / servicesPerNamespace)}`

export const serviceResource = (service: number): Resource<'Service'> => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'Service',
  metadata: { name: `service-${service}`, namespace: namespaceOf(service) },
  spec: { ports: [{ name: 'http', port: 9080, protocol: 'HTTP' }] },
})

/** Instance `n` of `service`; `turn` sets its version label. */
export const instanceResource = (service: number, n: number, turn = 0): Resource<'Instance'> => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'Instance',
  metadata: { name: `service-${service}-${n}`, namespace: namespaceOf(service) },
  spec: {
    service: `service-${service}`,
    address: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    labels: { version: `v${((n + turn) % 7) + 1}` },
    ports: { http: 9080 },
  },
})

/** Whoever is in the namespace sees that namespace only. */
export const scopeResource = (namespace: string): Resource<'Sidecar'> => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Sidecar',
  metadata: { name: 'default', namespace },
  spec: { egress: [{ hosts: ['./*'] }] },
})

/** The events that register `services` services with `instances` instances in all, each namespace its own scope. */
export function* largeMesh(services: number, instances: number): Generator<MeshEvent> {
  for (let i = 0; i < services; i += 1)
    yield { type: 'ServiceRegistered', v: 1, data: { resource: serviceResource(i) } }
  for (let i = 0; i < services; i += servicesPerNamespace)
    yield { type: 'ConfigApplied', v: 1, data: { resource: scopeResource(namespaceOf(i)) } }
  for (let n = 0; n < instances; n += 1)
    yield { type: 'InstanceJoined', v: 1, data: { resource: instanceResource(n % services, n) } }
}

/** The event as the log holds it, about 320 bytes for an instance. */
export const envelope = (event: MeshEvent, i: number): Envelope => ({
  ...event,
  id: createHash('md5').update(`${i}`).digest('hex'),
  at: new Date(1_767_225_600_000 + i * 10).toISOString(),
  actor: 'anonymous',
  source: 'http',
})

/** Entries of `perEntry` events, from position 1. */
export const entriesOf = (events: Iterable<MeshEvent>, perEntry: number): Entry[] => {
  const entries: Entry[] = []
  let batch: Envelope[] = []
  let i = 0
  const flush = () => {
    if (batch.length > 0) entries.push({ position: entries.length + 1, hash: '', events: batch })
    batch = []
  }
  for (const event of events) {
    // Read back, as from a log: texts that were put together take more memory.
    batch.push(JSON.parse(JSON.stringify(envelope(event, i))) as Envelope)
    i += 1
    if (batch.length === perEntry) flush()
  }
  flush()
  return entries
}

/** Sidecar `n` of the namespace, at an address where no instance is. */
export const callerIn = (namespace: string, n: number): ProxyIdentity => {
  const ip = `172.${16 + ((n >> 16) & 15)}.${(n >> 8) & 255}.${n & 255}`
  const id = `caller-${n}.${namespace}`
  const domain = `${namespace}.svc.cluster.local`
  return { type: 'sidecar', node: `sidecar~${ip}~${id}~${domain}`, ip, id, domain }
}
