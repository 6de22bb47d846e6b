import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ProxyIdentity } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import { stored } from '../projections/given.ts'
import { seen } from '../projections/istio/following.ts'
import { envoy, envoyRefusal } from '../projections/staticEnvoy.ts'
import { cases, helloworld } from './helloworld.ts'
import { relationsOf } from './relations.ts'
import { staticRendering } from './staticRendering.ts'

const proxy = (type: 'sidecar' | 'ingress' | 'router', ip: string, id: string): ProxyIdentity => ({
  type,
  ip,
  id: `${id}.default`,
  domain: 'default.svc.cluster.local',
  node: `${type}~${ip}~${id}.default~default.svc.cluster.local`,
})

const proxies = [
  proxy('sidecar', '10.1.1.0', 'v0'),
  proxy('sidecar', '10.1.1.1', 'v1'),
  proxy('ingress', '10.3.3.3', 'ingress'),
  proxy('router', '10.3.3.5', 'router'),
]

const settings = (authPolicy: 'NONE' | 'MUTUAL_TLS') =>
  stored('MeshSettings', 'mesh', { authPolicy, accessLog: '' }).resource

const meshes = Object.entries(cases).flatMap(([name, more]) =>
  (['NONE', 'MUTUAL_TLS'] as const).map((authPolicy): [string, readonly Resource[]] => [
    authPolicy === 'NONE' ? name : `${name}-mutual-tls`,
    [settings(authPolicy), ...helloworld, ...more],
  ]),
)

describe('hello and world in two versions, with each rule, with mutual TLS and without', () => {
  test.each(meshes)('FT7: who sees which clusters, routes and listeners: %s', async (name, resources) => {
    const text = proxies.map((one) => relationsOf(seen(resources, one), one.node)).join('\n')
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, `expected/${name}.txt`))
  })

  test.skipIf(envoy.skip).each(meshes)('FT7: Envoy takes all of it: %s', async (_, resources) => {
    for (const one of proxies) {
      const { clusters, listeners } = staticRendering(seen(resources, one))
      expect(await envoyRefusal(clusters, listeners), one.node).toBe('')
    }
  })
})
