import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesIngressSpec } from '../../src/model/kubernetesIngress.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('Kubernetes’ Ingress on a real Envoy', () => {
  let mesh: OwnMesh
  let gate: Workload

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['gate', 'shop', 'blog']) await mesh.put(service(name))
    for (const name of ['shop', 'blog']) await mesh.workload(`${name}-v1`, { service: name, sidecar: false })
    gate = await mesh.workload('gate', { service: 'gate', type: 'ingress' })
  })
  afterAll(() => mesh?.stop())

  const put = async (spec: KubernetesIngressSpec): Promise<void> =>
    mesh.settled(
      await mesh.put({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'web', namespace: 'default' },
        spec,
      }),
    )
  const answer = async (host: string, path: string): Promise<string | number> => {
    const { status, body } = await gate.get(host, path)
    return status === 200 ? body : status
  }
  const to = (name: string, port: { number?: number; name?: string }) => ({ service: { name, port } })

  test('I9: requests go by host and path, the rest to the default backend, and follow the Ingress as it changes', async () => {
    const rules: KubernetesIngressSpec['rules'] = [
      {
        host: 'shop.example',
        http: {
          paths: [
            { path: '/exact', pathType: 'Exact', backend: to('blog', { name: 'http' }) },
            { path: '/shop', pathType: 'Prefix', backend: to('shop', { number: 9080 }) },
          ],
        },
      },
    ]
    await put({ rules })
    const asked = ['/exact', '/exact/more', '/shop', '/shop/a?b=c', '/shopping', '/']
    const seen = () => Promise.all(asked.map((path) => answer('shop.example', path)))
    expect(await seen()).toEqual(['blog', 404, 'shop', 'shop', 404, 404])
    expect(await answer('other.example', '/shop')).toBe(404)
    await put({ rules, defaultBackend: to('blog', { number: 9080 }) })
    expect(await seen()).toEqual(['blog', 'blog', 'shop', 'shop', 'blog', 'blog'])
    expect(await answer('other.example', '/shop')).toBe('blog')
    await put({ rules, ingressClassName: 'nginx' })
    expect(await answer('shop.example', '/shop')).toBe(404)
  })
})
