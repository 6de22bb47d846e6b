import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { blackHoleClusterJson } from '../../src/projections/clusters/clusters.ts'
import { encode } from '../../src/wire/encode.ts'
import { assignments, clusters, listeners, virtualHosts } from './emitted.ts'
import { envoy, envoyRefusal } from './staticEnvoy.ts'

/** Endpoints in a cluster that holds them itself, which Envoy checks as it checks fetched ones. */
const holding = (assignment: Readonly<Record<string, unknown>>) => ({
  name: assignment['cluster_name'],
  type: 'STATIC',
  load_assignment: assignment,
})

describe.skipIf(envoy.skip)('on a real Envoy', () => {
  test('P24: Envoy takes every kind of resource that is emitted', async () => {
    expect(await envoyRefusal([...clusters, ...assignments.map(holding)], listeners)).toBe('')
  })

  test('P24: and would refuse a bad one', async () => {
    const bad = { ...blackHoleClusterJson(), connect_timeout: '-1s' }
    expect(await envoyRefusal([bad], [])).not.toBe('')
  })
})

test.each([
  ['envoy.config.cluster.v3.Cluster', clusters],
  ['envoy.config.endpoint.v3.ClusterLoadAssignment', assignments],
  ['envoy.config.listener.v3.Listener', listeners],
  ['envoy.config.route.v3.VirtualHost', virtualHosts],
])('P24: every %s that is emitted can be encoded', (type, resources) => {
  expect(resources.map((json) => encode(type, json)).filter((result) => !isRight(result))).toEqual([])
})
