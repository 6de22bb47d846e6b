import { createHash } from 'node:crypto'
import type { Envelope } from '../../src/model/event.ts'

const [services, instances] = [10_000, 100_000]

/** The `i`th event of a log with 10,000 services and 100,000 instances, about 320 bytes of canonical JSON: first the
 *  services, then instances that come and change. */
export const loggedEvent = (i: number): Envelope => {
  const envelope = {
    id: createHash('md5').update(`${i}`).digest('hex'),
    at: new Date(1_767_225_600_000 + i * 10).toISOString(),
    actor: 'anonymous',
    source: 'http',
    v: 1 as const,
  }
  const n = i % instances
  if (i < services) {
    return {
      ...envelope,
      type: 'ServiceRegistered',
      data: {
        resource: {
          apiVersion: 'rutter.dev/v1',
          kind: 'Service',
          metadata: { name: `service-${i}`, namespace: 'default' },
          spec: { ports: [{ name: 'http', port: 9080, protocol: 'HTTP' }] },
        },
      },
    }
  }
  return {
    ...envelope,
    type: 'InstanceJoined',
    data: {
      resource: {
        apiVersion: 'rutter.dev/v1',
        kind: 'Instance',
        metadata: { name: `service-${n % services}-${n}`, namespace: 'default' },
        spec: {
          service: `service-${n % services}`,
          address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
          labels: { version: `v${(i % 7) + 1}` },
          ports: { http: 9080 },
        },
      },
    },
  }
}
