import type { Envelope } from '../../src/model/event.ts'

/** The event that registers service `name`. */
export const registered = (name: string, note?: string): Envelope => ({
  id: `id-${name}`,
  type: 'ServiceRegistered',
  v: 1,
  at: '2026-01-01T00:00:00.000Z',
  actor: 'anonymous',
  source: 'http',
  data: {
    resource: {
      apiVersion: 'rutter.dev/v1',
      kind: 'Service',
      metadata: { name, namespace: 'default', ...(note === undefined ? {} : { annotations: { note } }) },
      spec: { ports: [{ name: 'http', port: 9080 }] },
    },
  },
})
