import { expect, test } from 'vitest'
import { endpointsJson } from '../../../src/projections/clusters/endpointsJson.ts'
import { endpointOf, matchesLabels } from '../../../src/projections/registry/instanceEndpoints.ts'
import { stored } from '../given.ts'

const instance = stored('Instance', 'reviews-v2-a', {
  service: 'reviews',
  address: '127.0.1.5',
  labels: { version: 'v2' },
  ports: { http: 9080, other: { port: 1, app: '127.0.2.5:2' }, six: { port: 3, app: '[::1]:4' } },
}).resource

const at = (address: string, port = 80, zone = '', weight = 1) => ({
  address,
  port,
  locality: zone && `/${zone}`,
  weight,
  app: { host: '127.0.0.1', port },
  labels: {},
  serviceAccount: undefined,
})

test('P6: a bare port has the application on 127.0.0.1, weight 1, no zone', () => {
  expect(endpointOf(instance, 'http')).toEqual({
    address: '127.0.1.5',
    port: 9080,
    app: { host: '127.0.0.1', port: 9080 },
    weight: 1,
    locality: '',
    labels: { version: 'v2' },
    serviceAccount: undefined,
  })
})

test('P6: app says where the application listens', () => {
  expect(endpointOf(instance, 'other')?.app).toEqual({ host: '127.0.2.5', port: 2 })
  expect(endpointOf(instance, 'six')?.app).toEqual({ host: '::1', port: 4 })
})

test('P6: a port that the instance does not have is no endpoint', () => {
  expect(endpointOf(instance, 'absent')).toBeUndefined()
  expect(endpointOf(instance, 'constructor')).toBeUndefined()
})

test('P6: a subset takes the instances that have all of its labels', () => {
  expect(matchesLabels({ version: 'v2', env: 'x' }, { version: 'v2' })).toBe(true)
  expect(matchesLabels({ version: 'v2' }, {})).toBe(true)
  expect(matchesLabels({ version: 'v2' }, { version: 'v1' })).toBe(false)
  expect(matchesLabels({}, { constructor: 'x' })).toBe(false)
})

test('P7: endpoints stand in order of address and port, whatever order they came in', () => {
  const endpoints = [at('10.0.0.2'), at('10.0.0.1', 81), at('10.0.0.1', 80)]
  expect(endpointsJson('c', endpoints)).toEqual(endpointsJson('c', endpoints.toReversed()))
  expect(JSON.stringify(endpointsJson('c', endpoints))).toMatch(/0\.1.*80.*0\.1.*81.*0\.2/)
})

test('P7: one group per zone, with a locality and the sum of its weights', () => {
  const json = endpointsJson('c', [
    at('b', 1, 'eu-1b', 3),
    at('a', 1, 'eu-1a', 2),
    at('c', 1, 'eu-1b', 4),
    at('d'),
  ])
  expect(json).toMatchObject({
    cluster_name: 'c',
    endpoints: [
      { locality: {}, load_balancing_weight: 1 },
      { locality: { zone: 'eu-1a' }, load_balancing_weight: 2 },
      { locality: { zone: 'eu-1b' }, load_balancing_weight: 7 },
    ],
  })
})

test('P7: a golden assignment', () => {
  expect(endpointsJson('outbound|80||a', [at('10.0.0.1', 80, 'z', 5)])).toEqual({
    cluster_name: 'outbound|80||a',
    endpoints: [
      {
        locality: { zone: 'z' },
        lb_endpoints: [
          {
            endpoint: { address: { socket_address: { address: '10.0.0.1', port_value: 80 } } },
            load_balancing_weight: 5,
          },
        ],
        load_balancing_weight: 5,
      },
    ],
  })
})

test('P7: an address and port stands once, whichever came first', () => {
  const twice = [at('a', 1, '', 3), at('a', 1, 'z', 1), at('a', 1, '', 2)]
  expect(endpointsJson('c', twice)).toEqual(endpointsJson('c', [at('a', 1, '', 3)]))
  expect(endpointsJson('c', twice.toReversed())).toEqual(endpointsJson('c', twice))
})

test('P7: without endpoints the assignment is there and empty', () => {
  expect(endpointsJson('c', [])).toEqual({ cluster_name: 'c' })
})
